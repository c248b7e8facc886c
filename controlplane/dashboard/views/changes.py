"""The inbox, a change with its exact preview, and the decision."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid, TimonelError
from controlplane.dashboard import door
from controlplane.dashboard.reads import changes, readings
from workloads import changes as use_cases
from workloads import mending, phrases, queries
from workloads.models import Action, Approval, Change, Environment, Release


def index(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What waits for this person, what waits for others, what was decided lately."""
    waiting = queries.inbox_for(actor)
    scheduled = queries.scheduled(actor, timezone.now())
    decided = queries.changes_for(actor).exclude(status=Change.Status.WAITING)
    decided = decided.exclude(pk__in=[one.change.pk for one in scheduled])
    context = {
        "mine": [item.change for item in waiting if item.may_decide],
        "others": [item.change for item in waiting if not item.may_decide],
        "scheduled": scheduled,
        "decided": decided.order_by("-pk")[:10],
        "waiting_for_me": sum(item.may_decide for item in waiting),
    }
    return render(request, "changes/_inbox.html" if door.is_htmx(request) else "changes/inbox.html", context)


def show(request: HttpRequest, actor: Actor, change_id: int) -> HttpResponse:
    """One change."""
    found = queries.change_for(actor, change_id)
    return render(request, "changes/page.html", _context(actor, found) | _preview(found.change))


def state(request: HttpRequest, actor: Actor, change_id: int) -> HttpResponse:
    """The part of a change's page that changes: its status and who decided."""
    return render(request, "changes/_state.html", _context(actor, queries.change_for(actor, change_id)))


def reading(request: HttpRequest, actor: Actor, change_id: int) -> HttpResponse:
    """What a model wrote about it; empty where none was asked."""
    found = readings.of_change(queries.change_for(actor, change_id).change)
    return render(request, "parts/_reading.html", {"reading": found}) if found else HttpResponse()


def exact(request: HttpRequest, actor: Actor, change_id: int) -> HttpResponse:
    """The hashed bytes themselves."""
    change = queries.change_for(actor, change_id).change
    return HttpResponse(bytes(change.preview), content_type="application/json")


def decide(request: HttpRequest, actor: Actor, change_id: int) -> HttpResponse:
    """Approve or reject; when it is refused the page says why and keeps what was typed."""
    change = queries.change_for(actor, change_id).change
    try:
        _decide(request, actor, change)
    except TimonelError as error:
        return _answer(request, actor, change.pk, error)
    if door.is_htmx(request):
        return _answer(request, actor, change.pk, None)
    return door.go(request, reverse("change", kwargs={"change_id": change.pk}))


def schedule(request: HttpRequest, actor: Actor, change_id: int) -> HttpResponse:
    """Choose another moment for an approved change to begin, or now."""
    change = queries.change_for(actor, change_id).change
    try:
        use_cases.schedule(actor, change.pk, _chosen(request), reason=request.POST.get("reason", ""))
    except TimonelError as error:
        return _answer(request, actor, change.pk, error)
    if door.is_htmx(request):
        return _answer(request, actor, change.pk, None)
    return door.go(request, reverse("change", kwargs={"change_id": change.pk}))


def make_exception(request: HttpRequest, actor: Actor, change_id: int) -> HttpResponse:
    """Let one change begin although a window or a stop keeps it."""
    change = queries.change_for(actor, change_id).change
    try:
        use_cases.except_from_windows(actor, change.pk, reason=request.POST.get("reason", ""))
    except TimonelError as error:
        return _answer(request, actor, change.pk, error)
    if door.is_htmx(request):
        return _answer(request, actor, change.pk, None)
    return door.go(request, reverse("change", kwargs={"change_id": change.pk}))


def undo(request: HttpRequest, actor: Actor, change_id: int) -> HttpResponse:
    """Propose to take back what a change repaired, and go to the page of that change."""
    change = queries.change_for(actor, change_id).change
    try:
        made = mending.propose_undo(actor, change, idempotency_key=f"page-{request.POST.get('key', '')[:100] or door.once()}")
    except TimonelError as error:
        return _answer(request, actor, change.pk, error)
    return door.go(request, reverse("change", kwargs={"change_id": made.pk}))


def _decide(request: HttpRequest, actor: Actor, change: Change) -> None:
    decision, reason = request.POST.get("decision", ""), request.POST.get("reason", "").strip()
    if decision not in (Approval.Decision.APPROVE, Approval.Decision.REJECT):
        raise Invalid(_("Approve or reject: one of the two."))
    _check_name(request, change, decision)
    shown = request.POST.get("sha256", "")
    use_cases.decide(actor, change.pk, decision, shown_sha256=shown, reason=reason, not_before=_moment(request))


def _chosen(request: HttpRequest) -> datetime | None:
    """The moment chosen, or None for now, which has a button of its own."""
    at = None if "now" in request.POST else _moment(request)
    if at is None and "now" not in request.POST:
        raise Invalid(_("No time was chosen."), cure=_("Choose one, or begin now."))
    return at


def _moment(request: HttpRequest) -> datetime | None:
    """The moment that was typed, in the zone the form names; None where the field is empty."""
    typed = request.POST.get("not_before", "").strip()
    if not typed:
        return None
    try:
        found = parse_datetime(typed)
    except ValueError:  # a day or an hour that does not exist
        found = None
    if found is None:
        raise Invalid(_("“%(typed)s” is no time.") % {"typed": typed[:40]}, cure=_("Write it as 2030-05-01T22:00."))
    return found if timezone.is_aware(found) else timezone.make_aware(found)


def _check_name(request: HttpRequest, change: Change, decision: str) -> None:
    """Production asks for the environment's name, so that nobody approves the wrong tab."""
    environment = change.environment
    if decision != Approval.Decision.APPROVE or environment.tier != Environment.Tier.PRODUCTION:
        return
    if request.POST.get("name", "").strip() not in (environment.name, str(environment)):
        raise Invalid(
            _("The name you typed is not the name of this environment."),
            cure=_("Type “%(name)s” to approve a change to it.") % {"name": environment.name},
        )


def _answer(request: HttpRequest, actor: Actor, change_id: int, error: TimonelError | None) -> HttpResponse:
    found = queries.change_for(actor, change_id)
    context = _context(actor, found) | {"error": error, "typed": request.POST if error else None}
    fragment = door.is_htmx(request)
    if not fragment:
        context |= _preview(found.change)
    status = error.status if error else 200
    return render(request, "changes/_decision.html" if fragment else "changes/page.html", context, status=status)


def _context(actor: Actor, found: queries.ChangeDetail) -> dict[str, object]:
    change = found.change
    waiting = change.status == Change.Status.WAITING
    return {
        "found": found,
        "change": change,
        "may_approve": waiting and not found.why_not[Approval.Decision.APPROVE],
        "may_reject": waiting and not found.why_not[Approval.Decision.REJECT],
        "why_not": found.why_not[Approval.Decision.APPROVE] if waiting else "",
        "production": change.environment.tier == Environment.Tier.PRODUCTION,
        "verb": _verb(change),
        "kept": phrases.kept(found.kept) if found.kept else "",
        "may_except": bool(found.kept and found.kept.closed and not found.why_no_exception),
        "early": change.status == Change.Status.APPROVED and change.is_early(timezone.now()),
        "zone": timezone.get_current_timezone_name(),
        **_mended(actor, change),
    }


def _mended(actor: Actor, change: Change) -> dict[str, object]:
    """Of a repair: whether it helped, whether it can be taken back, and what takes it back already."""
    if not any(action.kind == Action.Kind.REPAIR for action in change.actions.all()):
        return {}
    verification = change.result.get("verification")
    back = mending.undone_by(change)
    return {
        "verification": verification,
        "being_verified": change.status == Change.Status.APPLIED and verification is None,
        "undone_by": back,
        "may_undo": back is None and not mending.why_no_undo(actor, change),
        "key": door.once(),
    }


def _preview(change: Change) -> dict[str, object]:
    found = readings.of_change(change)
    told = {"reading": found, "awaited": readings.awaited([found]), "suggestion": readings.suggestion(change)}
    return {"effects": changes.effects(change), "exact": changes.exact(change), **told}


def _verb(change: Change) -> str:
    """What the approving button does, in words."""
    action = change.actions.first()
    release = Release.objects.filter(pk=action.parameters.get("release")).first() if action else None
    parts = {"environment": change.environment.name, "release": release.label if release else _("this")}
    kind = action.kind if action else ""
    if kind == "roll_back":
        return _("Roll back %(environment)s") % parts
    if kind == "restore":
        return _("Restore %(environment)s") % parts
    if kind == "repair":
        return _("Repair it in %(environment)s") % parts
    if kind == "promote":
        return _("Keep it live in %(environment)s") % parts
    return _("Roll out %(release)s to %(environment)s") % parts
