"""What every page needs to draw its frame."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from controlplane.core.permissions import Verb
from controlplane.core.rights import reach
from controlplane.dashboard import moments
from controlplane.dashboard.door import actor_of
from workloads import queries


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the rail: the name of its page, its word, its icon."""

    name: str
    label: str | Promise
    icon: str


PLACES = (
    Place("overview", _("Overview"), "grid"),
    Place("inbox", _("Inbox"), "inbox"),
    Place("runs", _("Runs"), "play"),
    Place("deployments", _("Deployments"), "rocket"),
    Place("incidents", _("Incidents"), "siren"),
    Place("findings", _("Findings"), "search"),
    Place("knowledge", _("Knowledge"), "library"),
    Place("specialists", _("Specialists"), "people"),
    Place("metrics", _("Metrics"), "chart"),
    Place("audit", _("Audit"), "book"),
)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The rail, the number that waits for the person, and the words for the page's clock."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or getattr(request, "htmx", False):
        return {}
    return {
        "places": PLACES,
        "here": request.resolver_match.url_name if request.resolver_match else "",
        "waiting_for_me": SimpleLazyObject(lambda: queries.inbox_count(actor_of(request))),
        "may_administer": SimpleLazyObject(lambda: reach(actor_of(request), Verb.ADMINISTER).everywhere),
        "sees_webhooks": SimpleLazyObject(lambda: _administers_something(request)),
        "without_roles": SimpleLazyObject(lambda: _sees_nothing(request)),
        "clock_words": json.dumps({key: str(text) for key, text in moments.patterns().items()}),
    }


def _administers_something(request: HttpRequest) -> bool:
    granted = reach(actor_of(request), Verb.ADMINISTER)
    return granted.everywhere or bool(granted.applications)


def _sees_nothing(request: HttpRequest) -> bool:
    granted = reach(actor_of(request), Verb.VIEW)
    return not (granted.everywhere or granted.applications or granted.environments)
