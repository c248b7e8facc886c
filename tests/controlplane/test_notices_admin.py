"""Channels and routes in the admin: addresses judged, secrets kept, a test message by a button, everything audited."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from controlplane.core.models import AuditEntry, User
from workloads.models import Application, Environment, Notification, NotificationChannel, NotificationRoute

pytestmark = pytest.mark.django_db
SECRET = "https://hooks.example.org/services/T01/B02/verysecretpart"
FORM = {"name": "team", "kind": "slack", "address": SECRET, "signing_key": "", "enabled": "on"}
ADD = "admin:workloads_notificationchannel_add"


@pytest.fixture
def root(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", "root@example.org"), "django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def channel(root: Client) -> NotificationChannel:
    assert root.post(reverse(ADD), FORM).status_code == 302
    return NotificationChannel.objects.get()


def change(channel: NotificationChannel) -> str:
    return reverse("admin:workloads_notificationchannel_change", args=[channel.pk])


def test_an_address_goes_in_and_never_comes_out(root: Client, channel: NotificationChannel) -> None:
    assert channel.address == SECRET
    assert "verysecretpart" not in root.get(change(channel)).content.decode()
    assert not any("verysecretpart" in str([entry.before, entry.after]) for entry in AuditEntry.objects.all())
    after = AuditEntry.objects.get(action="notificationchannel.create").after
    assert after is not None
    assert after["address"] == "(sealed)"


def test_left_empty_the_address_stays_and_nothing_is_said_of_it(root: Client, channel: NotificationChannel) -> None:
    assert root.post(change(channel), FORM | {"address": "", "name": "crew"}).status_code == 302
    channel.refresh_from_db()
    assert (channel.name, channel.address) == ("crew", SECRET)
    entry = AuditEntry.objects.get(action="notificationchannel.change")
    assert entry.after == {"name": "crew", "by": "admin"}


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"address": ""}, "address"),
        ({"address": "http://127.0.0.1/x"}, "address"),
        ({"address": "http://169.254.169.254/latest", "private": "on"}, "address"),
        ({"address": "ftp://example.org"}, "address"),
        ({"address": "https://user:pass@example.org/"}, "address"),
        ({"kind": "email"}, "address"),
        ({"kind": "email", "address": "a@example.org\r\nBcc: b@example.org"}, "address"),
        ({"kind": "webhook"}, "signing_key"),
        ({"kind": "webhook", "signing_key": "short"}, "signing_key"),
        ({"kind": "pigeon"}, "kind"),
    ],
)
def test_what_cannot_be_sent_to_is_refused(root: Client, form: dict[str, str], wrong: str) -> None:
    answer = root.post(reverse(ADD), FORM | form)
    assert answer.status_code == 200
    assert wrong in answer.context["adminform"].form.errors
    assert not NotificationChannel.objects.exists()


def test_a_kind_that_the_kept_address_does_not_fit_is_refused(root: Client, channel: NotificationChannel) -> None:
    answer = root.post(change(channel), FORM | {"kind": "email", "address": ""})
    assert "address" in answer.context["adminform"].form.errors


def test_a_test_message_is_a_post_and_is_audited(root: Client, channel: NotificationChannel) -> None:
    address = reverse("admin:workloads_notificationchannel_test", args=[channel.pk])
    assert address in root.get(change(channel)).content.decode()
    assert root.get(address).status_code == 405
    answer = root.post(address, follow=True)
    made = Notification.objects.get()
    assert (made.kind, made.receiver) == ("test", f"channel-{channel.pk}")
    assert reverse("notification", args=[made.pk]) in answer.content.decode()
    assert AuditEntry.objects.get(action="notificationchannel.test").actor_label == "root"
    assert root.post(reverse("admin:workloads_notificationchannel_test", args=[0])).status_code == 404


def test_a_test_message_needs_the_token_of_the_form(channel: NotificationChannel) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="root"), "django.contrib.auth.backends.ModelBackend")
    assert strict.post(reverse("admin:workloads_notificationchannel_test", args=[channel.pk])).status_code == 403
    assert not Notification.objects.exists()


def test_a_route_is_made_with_quiet_hours(root: Client, channel: NotificationChannel) -> None:
    form = {"name": "nights", "channel": str(channel.pk), "enabled": "on", "minimum_severity": "info", "tier": "production"}
    form |= {"quiet_from": "22:00", "quiet_until": "07:00", "quiet_zone": "Europe/Madrid"}
    kinds = {"kinds": ["run_failed"], "breaks_through": ["incident_opened"]}
    address = reverse("admin:workloads_notificationroute_add")
    assert root.post(address, form | {"quiet_until": ""}).status_code == 200
    assert root.post(address, form | {"quiet_zone": "Nowhere"}).status_code == 200
    assert root.post(address, form | kinds).status_code == 302
    route = NotificationRoute.objects.get()
    assert (route.kinds, route.breaks_through) == (["run_failed"], ["incident_opened"])
    assert AuditEntry.objects.filter(action="notificationroute.create").count() == 1


def test_a_route_names_an_environment_of_its_application(root: Client, channel: NotificationChannel) -> None:
    shop, bank = (Application.objects.create(name=name, repository="/nowhere") for name in ("shop", "bank"))
    environment = Environment.objects.create(application=bank, name="production")
    form = {"name": "x", "channel": str(channel.pk), "minimum_severity": "info", "quiet_zone": "UTC"}
    form |= {"application": str(shop.pk), "environment": str(environment.pk)}
    answer = root.post(reverse("admin:workloads_notificationroute_add"), form)
    assert "environment" in answer.context["adminform"].form.errors
