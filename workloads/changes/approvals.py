"""Who may decide a Change, and whether its decisions carry it (FORMULAS.md, Approvals)."""

from __future__ import annotations

from dataclasses import dataclass

from controlplane.core import rights
from controlplane.core.actors import Actor
from controlplane.core.errors import Conflict, Invalid, Refused
from controlplane.core.models import User
from controlplane.core.permissions import GRANTS, Reach, Role, Verb
from workloads import previews
from workloads.models import Approval, Change

Decision = Approval.Decision


@dataclass(frozen=True, slots=True)
class Standing:
    """One person's rights, read once, to be held against any number of Changes."""

    person: User | None
    approve: Reach
    override: Reach
    roles: dict[str, Reach]


def standing(actor: Actor) -> Standing:
    """The rights of the actor as they are now."""
    return Standing(
        rights.person(actor), rights.reach(actor, Verb.APPROVE), rights.reach(actor, Verb.OVERRIDE), rights.roles(actor)
    )


def why_not(standing: Standing, change: Change, decision: str) -> str:
    """Why this person may not take this decision on this Change, or nothing. Reads the Change's proposers only."""
    because = out_of_reach(standing, change, decision)
    if because or standing.person is None or decision != Decision.APPROVE:
        return because
    return own(standing.person, change)


def out_of_reach(standing: Standing, change: Change, decision: str) -> str:
    """Why this person's roles do not carry this decision here, or nothing; whose change it is does not matter."""
    if standing.person is None:
        return "Only a person decides."
    scopes = change.environment.scopes
    if decision == Decision.OVERRIDE:
        return "" if rights.within(standing.override, scopes) else "An override needs the right to override."
    if not rights.within(standing.approve, scopes):
        return "This needs the right to approve here."
    if not rights.within(standing.roles.get(change.required_role, Reach()), scopes):
        return f"This needs somebody with the role {Role(change.required_role).label.lower()} here."
    return ""


def check(actor: Actor, change: Change, decision: str, shown_sha256: str, reason: str) -> User:
    """The person, if this decision may be taken now; otherwise raise why not."""
    if decision not in Decision.values:
        raise Invalid(f"There is no decision '{decision}'.", cure="Approve, reject or override.")
    if not reason.strip():
        raise Invalid("A decision needs a reason.", cure="Say in a sentence why.")
    if change.approvals.filter(person=actor.user_id, person__isnull=False).exists():
        raise Conflict("You have decided this change already, and a decision is never altered.")
    if change.status != Change.Status.WAITING:
        raise Conflict(
            f"This change is {change.get_status_display().lower()}; it waits for nobody.", cure="Reload to see what became of it."
        )
    if shown_sha256 != change.preview_sha256 or previews.sha256(change.preview) != change.preview_sha256:
        raise Conflict("What you were shown is not what this change would do.", cure="Reload, look at it again, then decide.")
    found = standing(actor)
    because = why_not(found, change, decision)
    if because or found.person is None:
        raise Refused(because, cure="Ask somebody who may.")
    return found.person


def satisfied(change: Change) -> bool:
    """Whether the decisions carry it at this moment: every decider who counts still has the right."""
    decisions = list(change.approvals.select_related("person").filter(preview_sha256=change.preview_sha256))
    if any(taken.decision == Decision.REJECT for taken in decisions):
        return False
    counting = [taken for taken in decisions if _counts(taken, change)]
    if any(taken.decision == Decision.OVERRIDE or taken.person is None for taken in counting):
        return True
    return len({taken.person_id for taken in counting}) >= change.quorum


def deciders(change: Change) -> list[User]:
    """Who may approve it: the people whose role says so there, without those who asked for it or wrote it."""
    enough = [role for role, verbs in GRANTS.items() if Verb.APPROVE in verbs and verbs >= GRANTS[change.required_role]]
    people = User.objects.filter(rights.holders(enough, change.environment.scopes), is_active=True).order_by("username")
    return [person for person in people if not own(person, change)]


def _counts(taken: Approval, change: Change) -> bool:
    if taken.person is None:
        return change.policy_approves
    return not why_not(standing(Actor.person(taken.person)), change, taken.decision)


def own(person: User, change: Change) -> str:
    """Why nobody decides what is their own, or nothing."""
    if any(proposer.pk == person.pk for proposer in change.proposers.all()):
        return "Nobody approves what they asked for."
    if person.email and person.email.lower() in change.proposer_emails:
        return "Nobody approves their own commit."
    return ""
