"""Pure: how risky a Change is, who must approve it, whether policy refuses it.

The defaults, tier by tier (an environment may set its own quorum, role and expiry):

| tier       | roll out                                    | roll back to a verified one | repair                       |
|------------|---------------------------------------------|-----------------------------|------------------------------|
| local      | approves itself, as the policy's decision   | approves itself             | approves itself, unless high |
| staging    | 1 approver                                  | approves itself             | 1 approver                   |
| production | 1 approver, 2 when the risk is high         | approves itself             | 1 approver, 2 when high      |

A rollback needs no second person because it returns to what was approved and verified there before; who may ask for
it is a right of its own. A repair has the risk of its kind; in any tier it approves itself where the environment lets
that kind be carried out unattended, unless it is about the whole cluster or cannot be taken back. Keeping a release
whose verification was inconclusive always needs a person, and while automation is held nothing approves itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from workloads.verdicts import Verdict

LOCAL, STAGING, PRODUCTION = "local", "staging", "production"
ROLL_OUT, ROLL_BACK, PROMOTE = "roll_out", "roll_back", "promote"
SAFE_ONLINE, LOCKS, BREAKS_OLD_CODE, IRREVERSIBLE = "safe_online", "locks", "breaks_old_code", "irreversible"
LOW, MEDIUM, HIGH = "low", "medium", "high"
RISKS = (LOW, MEDIUM, HIGH)
APPROVER = "approver"
EXPIRES_AFTER = {LOCAL: timedelta(hours=8), STAGING: timedelta(hours=24), PRODUCTION: timedelta(hours=24)}
EXPAND_AND_CONTRACT = (
    "Split it in two releases (expand and contract): first one whose code no longer uses what goes away, "
    "and, once that one is live, one that removes it."
)
ROLL_FORWARD = "Roll forward with a release that fits the database as it is now, or restore the database from a backup."


class Classed(Protocol):
    """A pending or applied migration operation with its classes (FORMULAS.md, Migrations)."""

    @property
    def kinds(self) -> Collection[str]:
        """`safe_online`, `locks`, `breaks_old_code`, `irreversible`."""

    @property
    def reason(self) -> str:
        """Why, in a sentence that names the operation."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What an environment asks for beyond its tier; what is None or empty follows the tier."""

    quorum: int | None = None
    required_role: str = ""
    expires_after: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The policy's answer. `refused_because` is empty unless policy refuses; then nobody is asked."""

    risk: str
    reasons: tuple[str, ...]
    quorum: int
    required_role: str
    policy_approves: bool
    expires_after: timedelta
    refused_because: str = ""
    # On the local tier one person may work alone: whoever asked may also answer.
    proposer_may_decide: bool = False
    # Why policy approves it by itself, where that is more than what its tier says.
    approves_because: str = ""


@dataclass(frozen=True, slots=True)
class Mending:
    """What policy looks at of a repair: its words and risk, whether it can be taken back, whom else it is about.

    `unattended`: why the environment lets it be carried out without a person; empty where it does not.
    """

    label: str
    risk: str
    reversible: bool = True
    whole_cluster: bool = False
    unattended: str = ""


def judge(
    tier: str,
    kind: str,
    migrations: Sequence[Classed] = (),
    checks: Mapping[str, Verdict] | None = None,
    *,
    replaces: bool = True,
    held: bool = False,
    rules: Rules | None = None,
) -> Judgement:
    """Judge one kind of effect on an environment of this tier.

    `migrations`: pending ones for a roll-out; for a rollback those applied since the release that is returned to.
    `replaces`: whether a release runs there now. `held`: automation is held since an automatic rollback.
    Source: FORMULAS.md, Approvals and Migrations (ours).
    """
    rules = rules or Rules()
    risk, reasons = _risk(kind, migrations, checks or {}, replaces)
    approves = not held and (kind == ROLL_BACK or (kind == ROLL_OUT and tier == LOCAL and rules.quorum is None))
    if held:
        reasons.append("Automation is held here since an automatic rollback: a person must approve.")
    return Judgement(
        risk=risk,
        reasons=tuple(reasons),
        quorum=rules.quorum or (2 if tier == PRODUCTION and risk == HIGH and kind != ROLL_BACK else 1),
        required_role=rules.required_role or APPROVER,
        policy_approves=approves,
        expires_after=rules.expires_after or EXPIRES_AFTER.get(tier, EXPIRES_AFTER[PRODUCTION]),
        refused_because=_refusal(kind, migrations, replaces),
        proposer_may_decide=tier == LOCAL,
    )


def judge_repair(tier: str, repair: Mending, *, held: bool = False, rules: Rules | None = None) -> Judgement:
    """Judge one repair. `held`: automation is held since an automatic rollback. Source: FORMULAS.md, Approvals (ours)."""
    rules = rules or Rules()
    risk = max(repair.risk, LOW if repair.reversible and not repair.whole_cluster else MEDIUM, key=RISKS.index)
    reasons = [f"{repair.label}: {risk} risk."]
    if not repair.reversible:
        reasons.append("It cannot be taken back by itself.")
    if repair.whole_cluster:
        reasons.append("It is about the whole cluster, not only this environment.")
    if held:
        reasons.append("Automation is held here since an automatic rollback: a person must approve.")
    by_tier = tier == LOCAL and rules.quorum is None and risk != HIGH
    by_choice = bool(repair.unattended) and repair.reversible
    approves = (by_tier or by_choice) and not held and not repair.whole_cluster
    return Judgement(
        risk=risk,
        reasons=tuple(reasons),
        quorum=rules.quorum or (2 if tier == PRODUCTION and risk == HIGH else 1),
        required_role=rules.required_role or APPROVER,
        policy_approves=approves,
        expires_after=rules.expires_after or EXPIRES_AFTER.get(tier, EXPIRES_AFTER[PRODUCTION]),
        proposer_may_decide=tier == LOCAL,
        approves_because=repair.unattended if approves and not by_tier else "",
    )


def together(judgements: Sequence[Judgement]) -> Judgement:
    """The judgement of several effects in one Change: the strictest of each."""
    first = max(judgements, key=lambda one: (RISKS.index(one.risk), one.quorum))
    reasons = tuple(dict.fromkeys(reason for one in judgements for reason in one.reasons))
    told = next((one.approves_because for one in judgements if one.approves_because), "")
    approves = all(one.policy_approves for one in judgements)
    return replace(first, reasons=reasons, policy_approves=approves, approves_because=told if approves else "")


def with_a_person(judgement: Judgement, because: Sequence[str]) -> Judgement:
    """The same, but decided by a person and of a medium risk at least, for these reasons."""
    risk = max(judgement.risk, MEDIUM, key=RISKS.index)
    return replace(judgement, policy_approves=False, risk=risk, reasons=(*because, *judgement.reasons))


def _risk(kind: str, migrations: Sequence[Classed], checks: Mapping[str, Verdict], replaces: bool) -> tuple[str, list[str]]:
    found = [_of_migrations(kind, migrations, replaces), _of_checks(checks)]
    if kind == PROMOTE:
        found.append((MEDIUM, ["The verification could not tell whether the release works."]))
    if kind == ROLL_OUT and not replaces:
        found.append((LOW, ["It is the first release here: nothing that runs is replaced."]))
    risk = max((level for level, _ in found), key=RISKS.index)
    reasons = [reason for _, sentences in found for reason in sentences]
    return risk, reasons or ["Every check passed, and no migration needs care."]


def _of_migrations(kind: str, migrations: Sequence[Classed], replaces: bool) -> tuple[str, list[str]]:
    """Applied migrations stay applied in a rollback, so only what breaks the old code counts there."""
    if kind == ROLL_BACK or not replaces:
        return LOW, []
    irreversible, locking = _with(migrations, IRREVERSIBLE), _with(migrations, LOCKS)
    reasons = [f"It cannot be undone: {reason}" for reason in irreversible] + [f"It locks a table: {reason}" for reason in locking]
    return (HIGH if irreversible else MEDIUM if locking else LOW), reasons


def _of_checks(checks: Mapping[str, Verdict]) -> tuple[str, list[str]]:
    doubtful = {name: verdict for name, verdict in sorted(checks.items()) if verdict != Verdict.PASSED}
    failed = any(verdict == Verdict.FAILED for verdict in doubtful.values())
    reasons = [f"{name.replace('_', ' ').capitalize()}: {verdict.label}." for name, verdict in doubtful.items()]
    return (HIGH if failed else MEDIUM if doubtful else LOW), reasons


def _refusal(kind: str, migrations: Sequence[Classed], replaces: bool) -> str:
    breaking = _with(migrations, BREAKS_OLD_CODE)
    if not breaking or not replaces or kind == PROMOTE:
        return ""
    named = " ".join(breaking)
    if kind == ROLL_BACK:
        return f"The older code cannot run on the database as it is now. {named} {ROLL_FORWARD}"
    return f"A migration breaks the code that is running, and that code could not be rolled back to. {named} {EXPAND_AND_CONTRACT}"


def _with(migrations: Iterable[Classed], kind: str) -> list[str]:
    return [migration.reason for migration in migrations if kind in migration.kinds]
