"""The words of what happens to changes, incidents and environments. Each is called where it is made true, by one line."""

from __future__ import annotations

from controlplane.core.actors import Actor
from workloads.models import Application, Change, Environment, Incident
from workloads.models.notices import Kind
from workloads.notices.announcing import announce

_OF_CHANGES = {
    "change.approve": Kind.CHANGE_DECIDED,
    "change.override": Kind.CHANGE_DECIDED,
    "change.reject": Kind.CHANGE_DECIDED,
    "change.cancel": Kind.CHANGE_DECIDED,
    "change.void": Kind.CHANGE_DECIDED,
    "change.expire": Kind.CHANGE_EXPIRED,
    "change.applied": Kind.CHANGE_APPLIED,
    "change.failed": Kind.CHANGE_FAILED,
}


_OF_INCIDENTS = {Kind.INCIDENT_ESCALATED: "Needs a person", Kind.INCIDENT_RESOLVED: "Resolved"}


def of_change(actor: Actor, action: str, change: Change, reason: str) -> None:
    """A step of a Change, if people wait for it: not what policy approves by itself, nor an approval that others must join."""
    waits = change.status == Change.Status.WAITING and not change.policy_approves
    kind = Kind.CHANGE_WAITING if action == "change.propose" and waits else _OF_CHANGES.get(action)
    decides = kind in (Kind.CHANGE_DECIDED, Kind.CHANGE_EXPIRED)
    if kind is None or (decides and (change.status == Change.Status.WAITING or change.policy_approves)):
        return
    place = change.environment
    if kind == Kind.CHANGE_WAITING:
        text = f"{change.get_risk_display().capitalize()} risk. {' '.join(change.reasons)} Asked for by {change.proposed_by}."
        announce(kind, place, f"change-{change.pk}", f"Waits for approval: {change.title}", text)
        return
    by = f"By {actor.label}. " if decides else ""
    announce(kind, place, f"change-{change.pk}", f"{change.get_status_display().capitalize()}: {change.title}", by + reason)


def of_incident(kind: Kind, incident: Incident, reason: str = "") -> None:
    """An incident opened, resolved, or in need of a person."""
    said = _OF_INCIDENTS.get(kind, "Incident")
    text = " ".join(part for part in (f"In {incident.environment}.", reason) if part)
    announce(kind, incident.environment, f"incident-{incident.pk}", f"{said}: {incident.title}", text)


def of_hold(environment: Environment, because: str) -> None:
    """Automation is held."""
    text = f"{because} Nothing automatic happens there until a person releases the hold or applies a change."
    announce(Kind.AUTOMATION_HELD, environment, f"environment-{environment.pk}", f"Automation is held in {environment}", text)


def of_critical_findings(application: Application, messages: list[str]) -> None:
    """New findings that are critical, all of one look together."""
    if not messages:
        return
    many = f"{len(messages)} new critical findings" if len(messages) > 1 else "New critical finding"
    text = "\n".join(messages[:10])
    announce(Kind.FINDING_CRITICAL, application, f"application-{application.pk}", f"{many} in {application}", text)
