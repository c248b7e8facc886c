"""Deployment: what the roll-out will do to the database and the running release, and whether there is a way back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from agents.specialists import shown, workplace
from agents.specialists.work import Specialist, Work
from controlplane.core.errors import TimonelError
from workloads import described, pending
from workloads.evidence import Assessment, Evidence
from workloads.host import place
from workloads.pending import Upgrade
from workloads.schema import Classified, Kind
from workloads.verdicts import Verdict


def assess(work: Work) -> Assessment:
    """Says before the approval what cannot be undone after it. Policy decides whether it may be done."""
    try:
        found = upgrade(work)
    except described.Unanswered as error:
        trouble = error.trouble
        log = Evidence("What the application said", "log", trouble.trace, "manage.py migrate --plan", Verdict.FAILED)
        return Assessment(Verdict.FAILED, f"The migrations could not be planned: {trouble.message}", trouble.cure, (log,))
    except TimonelError as error:
        return Assessment(Verdict.FAILED, f"The migrations could not be planned: {error.message}", error.cure)
    if found.conflicts:
        return _conflicts(found)
    for one in found.migrations:
        if not one.safe:
            work.say(f"{one.app}.{one.migration}: {one.text}: {_kinds(one)}. {one.reason}", level="warning")
    evidence = tuple(_evidence(found))
    return Assessment(Verdict.PASSED, _summary(found, work), _cure(found), evidence, data=_data(found))


def upgrade(work: Work) -> Upgrade:
    """The pending migrations of this release, each with its class; raises Unanswered or TimonelError."""
    work.say("Asking the release which migrations its database lacks.")
    inside = workplace.enter(work)
    return pending.upgrade(
        inside,
        live=_live(work, inside),
        running=work.live_commit is not None,
        sqlite_files={str(inside.folder.resolve()): str(place.shared_folder(work.environment))},
        no_database=_database_is_to_come(work),
    )


def _database_is_to_come(work: Work) -> bool:
    """Whether the environment's own database will be made by the first roll-out; nothing is made before the approval."""
    bound = any(str(entry.get("binding", "")).startswith("database.") for entry in work.configuration.values())
    return bound and not work.environment.database_url


def _live(work: Work, inside: described.Inside) -> described.Inside | None:
    """The running release, where its source and interpreter are still here."""
    if work.live_source is None or work.live_python is None:
        return None
    return replace(inside, python=work.live_python, folder=work.live_source / work.project.folder)


def _conflicts(found: Upgrade) -> Assessment:
    named = "; ".join(f"{app}: {', '.join(names)}" for app, names in found.conflicts.items())
    cure = "Run `python manage.py makemigrations --merge` and commit the result."
    return Assessment(Verdict.FAILED, f"Migrations branch and nobody merged them: {named}.", cure)


def _summary(found: Upgrade, work: Work) -> str:
    if found.first:
        return f"The first roll-out into an empty database: {shown.count(len(found.pending), 'migration')}."
    if not found.pending:
        return " ".join(["No migrations are pending: code alone can go back.", *_history(found)])
    said = [f"{shown.count(len(found.pending), 'migration')} pending, {shown.count(len(found.migrations), 'operation')}."]
    said += [
        f"{shown.count(len(found.of(kind)), 'operation')} {_does(kind)}."
        for kind in Kind
        if kind != Kind.SAFE_ONLINE and found.of(kind)
    ]
    if found.breaks_old_code:
        said.append("Both versions cannot run at the same time, and code alone cannot go back.")
    elif found.of(Kind.IRREVERSIBLE):
        said.append("Code alone can go back; the data cannot.")
    else:
        said.append("The running release goes on working with the new schema, so code alone can go back.")
    if found.assumed:
        said.append("The running release could not be asked what it reads; everything is taken as read.")
    return " ".join([*said, *_history(found)])


def _history(found: Upgrade) -> Iterator[str]:
    if found.unknown_applied:
        names = ", ".join(found.unknown_applied[:5])
        yield f"The database has migrations that this source lacks ({names}): it is ahead of this release."
    if found.unmade:
        yield f"Models of {', '.join(sorted(found.unmade))} have changes that no migration holds."


def _does(kind: Kind) -> str:
    words = {Kind.LOCKS: "locks a table", Kind.BREAKS_OLD_CODE: "breaks the running release", Kind.IRREVERSIBLE: "cannot be undone"}
    return words[kind]


def _kinds(one: Classified) -> str:
    return ", ".join(kind.label for kind in one.kinds)


def _cure(found: Upgrade) -> str:
    if found.breaks_old_code:
        return "Split it: first release code that no longer uses what goes, then, in the next release, remove it."
    return "Run `python manage.py makemigrations` and commit the result." if found.unmade else ""


def _evidence(found: Upgrade) -> Iterator[Evidence]:
    rows = [
        [f"{one.app}.{one.migration}", one.text, _kinds(one), " ".join([one.reason, *one.warnings])]
        for one in found.migrations
        if not found.first or not one.safe
    ]
    if rows:
        yield shown.table("Pending operations", ("Migration", "Operation", "Kind", "Why"), rows, "manage.py migrate --plan")
    sql = "\n".join(line for one in found.migrations for line in one.sql)
    if sql and not found.first:
        yield Evidence("What the database would be told", "text", sql, "manage.py sqlmigrate")


def _data(found: Upgrade) -> dict[str, object]:
    return {
        "migrations": [one.as_json() for one in found.migrations],
        "pending": len(found.pending),
        "breaks_old_code": found.breaks_old_code,
        "irreversible": bool(found.of(Kind.IRREVERSIBLE)),
        "ahead": list(found.unknown_applied),
    }


SPECIALIST = Specialist(
    name="deployment",
    title="Deployment",
    purpose="Tells what the roll-out will do: migrations by class, release steps, processes, and the way back.",
    tools=("get_migrations", "get_deployments", "get_source", "search_knowledge", "get_document", "propose_rollback"),
    assess=assess,
    at_node="plan",
)
