"""Notifications: what was sent to whom, each attempt, and sending again; for who administers everything."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from controlplane.core.actors import Actor
from controlplane.dashboard import door
from controlplane.dashboard.paging import number, page_of
from controlplane.dashboard.views.lists import filtered
from workloads.models import Notification, NotificationChannel
from workloads.models.notices import Kind
from workloads.notices import asking
from workloads.notices.receivers import message_of


def index(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The delivery log, newest first, filtered by state, kind and channel."""
    rows, chosen = filtered(request, asking.delivery_log(actor), state="status", kind="kind")
    channel = number(request.GET.get("channel", ""))
    rows = rows.filter(channel=channel) if channel else rows
    context: dict[str, Any] = {"page": page_of(request, rows), "chosen": chosen | {"channel": channel}}
    context |= {"states": Notification.Status.values, "kinds": Kind.choices, "channels": NotificationChannel.objects.all()}
    return render(request, "notifications/list.html", context)


def show(request: HttpRequest, actor: Actor, notification_id: int) -> HttpResponse:
    """One message: its words, its way, every attempt."""
    found = asking.one(actor, notification_id)
    context = {"notification": found, "message": message_of(found), "tries": found.tries.all()}
    context["may_send_again"] = found.status in Notification.ENDED
    return render(request, "notifications/page.html", context)


def send_again(request: HttpRequest, actor: Actor, notification_id: int) -> HttpResponse:
    """Send it once more."""
    found = asking.send_again(actor, notification_id)
    return door.go(request, reverse("notification", args=[found.pk]))
