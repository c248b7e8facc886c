"""A believable scene: three applications, five environments, runs in every state, a change that waits, findings, an incident.

`fill()` writes it into the database it finds; journeys and screenshots begin from it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from agents.models import AgentProfile, Run
from agents.specialists import registry
from controlplane.core import audit
from controlplane.core.actors import Actor
from controlplane.core.models import RoleBinding, User
from controlplane.core.permissions import Role
from tests.journeys import connected, library, messages, thinking, told
from tests.journeys import evidence as e
from tests.journeys.evidence import Found
from tests.journeys.received import webhooks
from tests.journeys.stage import PASSWORD, Stage
from workloads import actions, changes, locks, stops
from workloads.models import (
    Application,
    Change,
    Environment,
    Finding,
    Incident,
    Release,
    Sighting,
    Variable,
    Window,
)
from workloads.policy import Judgement
from workloads.previews import Facts, Migration
from workloads.verdicts import Verdict

__all__ = ["PASSWORD", "Scene", "fill"]


CHECKED = {"checkout": e.CHECKOUT, **e.CHECKS}
LAST = {"apply": e.APPLY, "verify": e.VERIFY, "promote": e.PROMOTE, "report": e.REPORT}
GOOD = {**CHECKED, "plan": e.PLAN, "gate": e.GATE, **LAST}
STOPPED = {
    "summary": "Testing stopped it: 1 of 214 tests failed.",
    "cure": "Mend the test or the code, and deploy the new commit. Nothing was touched.",
}
ROLLED_BACK = {
    "summary": "2.4.0 failed its verification; 2.3.0 is live again.",
    "cure": "Make the cache table in a release step, then deploy again.",
}
REFUSED = {
    "summary": "The policy refused it: a migration breaks the code that is running.",
    "cure": "Split it in two releases (expand and contract).",
}
STUCK = {
    "summary": "5 workers in a row were lost in the same step.",
    "cure": "Read the workers' log, then retry or cancel the run.",
}
SAFE = "A column that may be empty is added at once."
LOCKS = "An index is made without CONCURRENTLY: writing to orders waits meanwhile."
FACTS = Facts(
    commits=(
        {"sha": "8ceb27" * 6, "author": "Dana Ruiz", "message": "Show a discount in the basket"},
        {"sha": "77ab12" * 6, "author": "Dana Ruiz", "message": "Store the discount with the order"},
        {"sha": "c0ffee" * 6, "author": "Lee Park", "message": "Run four web workers"},
    ),
    files=("orders/models.py", "orders/migrations/0007_order_discount.py", "orders/templates/basket.html", "Procfile"),
    migrations=(
        Migration("orders", "0007_order_discount", "Add field discount to order", ("safe_online",), SAFE),
        Migration("orders", "0008_order_number_index", "Create index on order.number", ("locks",), LOCKS),
    ),
    notes=("Before a rollback the database keeps orders.0007: the code of v1 does not mind.",),
)


@dataclass
class Scene:
    """What a journey needs to name."""

    people: dict[str, User]
    environments: dict[str, Environment]
    runs: dict[str, Run]
    change: Change


def fill(now: datetime | None = None) -> Scene:
    """Write the whole scene; return what journeys name."""
    stage = Stage(now or timezone.now())
    change = _storefront(stage)
    _billing(stage)
    _newsletter(stage)
    _configuration(stage)
    told.fill(stage.runs["stopped"], stage.runs["rolled-back"], stage.runs["waiting"], change)
    thinking.add(stage.runs)
    webhooks(stage)
    connected.clusters(stage.environments["billing/production"])
    messages.fill(stage)
    library.fill(stage)
    return Scene(stage.people, stage.environments, stage.runs, change)


def _storefront(stage: Stage) -> Change:
    tiers = {"local": "local", "staging": "staging", "production": "production"}
    application = stage.application("storefront", tiers, first_port=8101)
    v1 = stage.release(application, "v1", "First release", STRIPE_API_KEY={"value": "x" * 24, "secret": True})
    newer = {"STRIPE_API_KEY": {"value": "y" * 24, "secret": True}, "FEATURE_DISCOUNT": {"value": "on", "secret": False}}
    v2 = stage.release(application, "v2", "Show a discount in the basket\n\nCloses 41.", **newer)
    first = stage.run("first", "storefront/production", "deploy", "succeeded", GOOD, ref="v1", minutes=4320, summary="v1 is live.")
    local = stage.run("local", "storefront/local", "deploy", "succeeded", GOOD, ref="v2", minutes=190, summary="v2 is live.")
    stage.deployment("storefront/production", v1, "live", "passed", run=first, minutes=4319)
    stage.deployment("storefront/local", v2, "live", "passed", run=local, minutes=189)
    old = stage.deployment("storefront/staging", v1, "superseded", "passed", minutes=2880)
    stage.deployment("storefront/staging", v2, "live", "passed", minutes=95, previous=old)
    for where, release in (("storefront/production", v1), ("storefront/local", v2), ("storefront/staging", v2)):
        stage.instance(where, release)
    _stopped_and_cancelled(stage)
    return _waiting(stage, v2)


def _stopped_and_cancelled(stage: Stage) -> None:
    nothing = Found(Verdict.NOT_EVALUATED, "Nothing was planned: testing failed.", 0.1)
    failing = {**CHECKED, "testing": e.TESTING_FAILED, "plan": nothing, "report": e.REPORT}
    stage.run("stopped", "storefront/staging", "deploy", "stopped", failing, ref="v4", minutes=38, **STOPPED)
    begun = {"checkout": e.CHECKOUT}
    stage.run("cancelled", "storefront/local", "deploy", "cancelled", begun, ref="v3", minutes=300, summary="Cancelled by alice.")
    back = {"plan": e.PLAN, "gate": e.GATE, **LAST}
    stage.run("back", "storefront/staging", "rollback", "succeeded", back, minutes=2900, by="bob", summary="v1 is live again.")


def _waiting(stage: Stage, release: Release) -> Change:
    """The run that waits, the change it waits for, and the variables of production."""
    production = stage.environments["storefront/production"]
    change = waiting_change(stage, release)
    done = {**CHECKED, "plan": e.PLAN, "gate": e.GATE}
    where = "storefront/production"
    run = stage.run("waiting", where, "deploy", "waiting", done, ref="v2", minutes=7, open="approval", waiting_for=change)
    Change.objects.filter(pk=change.pk).update(run_number=run.pk)
    Variable.objects.create(environment=production, name="STRIPE_API_KEY", value="z" * 24)
    Variable.objects.create(environment=production, name="EMAIL_HOST", value="mail.example.org", secret=False)
    change.refresh_from_db()
    return change


def waiting_change(stage: Stage, release: Release) -> Change:
    """The change that rolls v2 out to production and waits for an approver who is not Alice."""
    environment = stage.environments["storefront/production"]
    draft = actions.roll_out(release, FACTS)
    reasons = ("It locks a table: an index is made without CONCURRENTLY.", "Security: inconclusive.")
    return changes.propose(
        Actor.person(stage.people["alice"]),
        environment,
        "Roll out v2 of storefront in production, replacing v1.",
        [draft],
        actions.preview(environment, [draft]),
        Judgement("medium", reasons, 1, "approver", False, timedelta(hours=24)),
        idempotency_key=f"scene-change-{release.pk}",
    )


def _billing(stage: Stage) -> None:
    where = "billing/production"
    application = stage.application("billing", {"production": "production"}, first_port=8111)
    old, new = stage.release(application, "2.3.0", "Rates by country"), stage.release(application, "2.4.0", "Cache the rates")
    found = {**CHECKED, "plan": e.PLAN, "gate": e.GATE, "approval": Found(Verdict.PASSED, "bob approved it.", 300)}
    failed = {**found, "apply": e.APPLY, "verify": e.VERIFY_FAILED, "roll_back": e.ROLL_BACK, "report": e.REPORT}
    run = stage.run("rolled-back", where, "deploy", "rolled_back", failed, ref="2.4.0", minutes=26, **ROLLED_BACK)
    live = stage.deployment(where, old, "live", "passed", minutes=9000)
    why = e.VERIFY_FAILED.summary
    attempt = stage.deployment(where, new, "rolled_back", "failed", minutes=24, run=run, previous=live, summary=why)
    Incident.objects.create(
        environment=stage.environments[where],
        deployment=attempt,
        title="2.4.0 failed its verification in billing/production",
        status=Incident.Status.MITIGATED,
        evidence={"summary": why},
        run_number=run.pk,
        opened_at=stage.before(minutes=21),
    )
    stage.instance(where, old, errors=4)
    held = {"held_at": stage.before(minutes=20), "held_because": "Rolled back to 2.3.0 by itself."}
    Environment.objects.filter(pk=stage.environments[where].pk).update(**held)
    stage.run("refused", where, "deploy", "refused", found, ref="2.5.0", minutes=12, by="carol", **REFUSED)
    stage.run("stuck", where, "deploy", "stuck", {"checkout": e.CHECKOUT}, ref="2.4.1", minutes=9, **STUCK)
    _kept(stage, stage.environments[where])


def _kept(stage: Stage, environment: Environment) -> None:
    """Office hours, a freeze at the end of the year, a lock, a stop."""
    office = {"rule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH", "starts_on": date(2026, 1, 5), "starts_at": time(9), "zone": "Europe/Madrid"}
    Window.objects.create(name="Office hours", kind="allow", environment=environment, duration=timedelta(hours=7), **office)
    year = {"starts_on": date(2020, 12, 21), "starts_at": time(0), "zone": "Europe/Madrid", "rule": "FREQ=YEARLY"}
    why = "Nobody is there to mend what breaks."
    Window.objects.create(
        name="Year-end freeze", kind="deny", application=environment.application, duration=timedelta(days=14), reason=why, **year
    )
    ada = Actor.person(stage.people["ada"])
    locks.take(ada, environment, reason="The rates are being looked at.", lasting=timedelta(hours=4))
    stops.stop(ada, environment, reason="The cache table is missing.")


def _newsletter(stage: Stage) -> None:
    application = stage.application("newsletter", {"local": "local"}, first_port=8121)
    release = stage.release(application, "main", "Send in batches of 500")
    stage.deployment("newsletter/local", release, "live", "inconclusive", minutes=61, summary=e.VERIFY_UNCLEAR.summary)
    stage.instance("newsletter/local", release, crashing=True)
    done = {name: part for name, part in {"checkout": e.CHECKOUT, **e.CHECKS}.items() if name != "testing"}
    stage.run("running", "newsletter/local", "deploy", "running", done, ref="main", minutes=0.6, open="testing", by="carol")
    stage.run("queued", "newsletter/local", "deploy", "queued", {}, ref="main", minutes=0.1)
    stage.run(
        "failed",
        "newsletter/local",
        "deploy",
        "failed",
        {
            "checkout": Found(
                Verdict.FAILED,
                "There is no tag, branch or commit 'relase-2'.",
                0.8,
                "Look for a misspelling; the repository has release-2.",
            )
        },
        ref="relase-2",
        minutes=75,
        summary="There is no tag, branch or commit 'relase-2'.",
        cure="Look for a misspelling; the repository has release-2.",
    )


def _configuration(stage: Stage) -> None:
    """Findings, profiles of the specialists, some audit."""
    for number, (tool, rule, severity, path, line, message, cure) in enumerate(FINDINGS):
        finding = Finding.objects.create(
            application=Application.objects.get(name="storefront"),
            tool=tool,
            rule=rule,
            severity=severity,
            path=path,
            line=line,
            message=message,
            cure=cure,
            fingerprint=hashlib.sha256(message.encode()).hexdigest(),
            first_seen_at=stage.before(days=number + 1),
            last_seen_at=stage.before(minutes=7),
        )
        Sighting.objects.create(finding=finding, commit="8c1f0e7a42", run_number=stage.runs["waiting"].pk, new=number < 2)
    for name in registry():
        AgentProfile.objects.get_or_create(name=name, defaults={"blocking": name != "security"})
    RoleBinding.objects.get_or_create(
        user=stage.people["carol"], role=Role.OPERATOR, scope=f"environment/{stage.environments['newsletter/local'].pk}"
    )
    with transaction.atomic():
        for run in stage.runs.values():
            audit.record(Actor.person(stage.people["alice"]), "run.start", run, after={"workflow": run.workflow})


FINDINGS = (
    (
        "bandit",
        "B608",
        "high",
        "catalog/search.py",
        42,
        "SQL is built from a string that may come from outside.",
        "Use parameters of the query.",
    ),
    ("ruff", "F821", "medium", "orders/tasks.py", 17, "Undefined name `shiping_cost`.", "Did you mean `shipping_cost`?"),
    (
        "check --deploy",
        "security.W004",
        "medium",
        "",
        None,
        "SECURE_HSTS_SECONDS is not set.",
        "Set it once the site is served over HTTPS only.",
    ),
    (
        "pip-audit",
        "PYSEC-2026-113",
        "critical",
        "uv.lock",
        None,
        "pillow 10.2.0 has a known vulnerability.",
        "Upgrade pillow to 11.1.0.",
    ),
    ("ruff", "E711", "low", "orders/models.py", 88, "Comparison to None should be `is None`.", ""),
)
