"""Configuration: the variables the settings read against those provided, and settings that cannot serve this tier."""

from __future__ import annotations

from collections.abc import Iterator

from agents.specialists import shown, workplace
from agents.specialists.parts import Part, evidence_of, first_cure
from agents.specialists.work import Specialist, Work
from controlplane.core.errors import TimonelError
from workloads import configuration, described
from workloads.described import DescribedSettings
from workloads.evidence import Assessment, Evidence
from workloads.models import Environment
from workloads.source.project import Read
from workloads.verdicts import Verdict, overall

LOCAL, PRODUCTION = Environment.Tier.LOCAL, Environment.Tier.PRODUCTION


def assess(work: Work) -> Assessment:
    """Fails, before anything is touched, on a missing variable and on settings that this tier cannot have."""
    missing = configuration.missing(work.project, dict(work.configuration))
    if missing:
        return _missing(work, missing)
    parts = [_loaded(work)]
    return Assessment(
        overall(part.verdict for part in parts),
        " ".join(part.says for part in parts),
        first_cure(parts),
        (_table(work, frozenset()), *evidence_of(parts)),
        data={"variables": len(work.configuration)},
    )


def _missing(work: Work, missing: list[Read]) -> Assessment:
    names = sorted({read.name for read in missing})
    work.say(f"Missing: {', '.join(names)}.", level="error")
    places = "; ".join(f"{read.name} is read at {read.path}:{read.line}" for read in missing[:5])
    given = " ".join(f"--set {name}=..." for name in names)
    number = shown.count(len(names), "variable")
    return Assessment(
        Verdict.FAILED,
        f"{number} that the settings need {'is' if len(names) == 1 else 'are'} not provided: {', '.join(names)}. {places}.",
        f"Give them: `manage.py deploy {work.application.name} {work.environment.name} REF {given}`, or on the environment's page.",
        (_table(work, frozenset(names)),),
        data={"missing": names},
    )


def _table(work: Work, missing: frozenset[str]) -> Evidence:
    reads = {read.name: read for read in sorted(work.project.reads, key=lambda read: not read.required)}
    names = sorted(reads.keys() | work.configuration.keys(), key=lambda name: (name not in missing, name))
    rows = [
        [name, _place(reads.get(name)), "yes" if name in reads and reads[name].required else "", _given(work, name, reads)]
        for name in names
    ]
    return shown.table(
        "Variables", ("Variable", "Read at", "Required", "Provided"), rows, "the settings' source, by its syntax tree"
    )


def _place(read: Read | None) -> str:
    return f"{read.path}:{read.line}" if read else "not read by the settings"


def _given(work: Work, name: str, reads: dict[str, Read]) -> str:
    given = work.configuration.get(name)
    if given is None:
        default = reads[name].default
        return "missing" if reads[name].required else f"default: {default}" if default and not reads[name].secret else "default"
    if "binding" in given:
        return f"by the platform: {given['binding']}"
    return "secret" if given.get("secret", True) else str(given.get("value", ""))


def _loaded(work: Work) -> Part:
    """The settings as they come out with these variables."""
    try:
        inside = workplace.enter(work)
        work.say("Loading the settings with the environment's variables.")
        found = described.describe(inside)
    except described.Unanswered as error:
        trouble = error.trouble
        at = f" at {trouble.place}" if trouble.place else ""
        evidence = Evidence(
            "What the settings said", "log", trouble.trace, "the settings, loaded as manage.py does", Verdict.FAILED
        )
        return Part("settings", Verdict.FAILED, f"The settings do not load{at}: {trouble.message}", trouble.cure, (), (evidence,))
    except TimonelError as error:
        return Part("settings", Verdict.INCONCLUSIVE, f"The settings could not be loaded: {error.message}", error.cure)
    return _judged(work, found)


def _judged(work: Work, found: DescribedSettings) -> Part:
    faults = [*_needs_of_apps(found), *_faults(work, found)]
    remarks = list(_remarks(work, found))
    for says, _ in faults:
        work.say(says, level="error")
    rows = [[says, cure] for says, cure in (*faults, *remarks)]
    evidence = (shown.table("Settings that need attention", ("What", "Cure"), rows),) if rows else ()
    if faults:
        return Part("settings", Verdict.FAILED, " ".join(says for says, _ in faults), faults[0][1], (), evidence)
    says = f"All variables are provided; the settings load ({found.settings_module}, Django {found.django}, Python {found.python})."
    return Part("settings", Verdict.PASSED, " ".join([says, *(remark for remark, _ in remarks)]), "", (), evidence)


Fault = tuple[str, str]


def _needs_of_apps(found: DescribedSettings) -> Iterator[Fault]:
    if found.trouble is not None and found.trouble.kind == "missing_variable":
        yield f"{found.trouble.place} needs a variable: {found.trouble.message}.", found.trouble.cure


def _faults(work: Work, found: DescribedSettings) -> Iterator[Fault]:
    tier = work.environment.tier
    if found.debug and tier != LOCAL:
        yield f"DEBUG is on in a {tier} environment: every error page shows source and settings.", _switch_off(work)
    if found.secret_key == "insecure" and tier == PRODUCTION:
        yield (
            "SECRET_KEY is weak or the one of the source.",
            "Read SECRET_KEY from the environment; Timonel then gives one of its own.",
        )
    if not found.allowed_hosts and not found.debug:
        yield "ALLOWED_HOSTS is empty: every request would be answered with 400.", "Read ALLOWED_HOSTS from the environment."


def _switch_off(work: Work) -> str:
    name = next((read.name for read in work.project.reads if "DEBUG" in read.name.upper()), "")
    return (
        f"Set {name}=False for this environment."
        if name
        else "Set DEBUG = False in the settings of this tier, or read it from a variable."
    )


def _remarks(work: Work, found: DescribedSettings) -> Iterator[Fault]:
    tier = work.environment.tier
    if found.debug and tier == LOCAL:
        yield "DEBUG is on, which only a local environment may have.", _switch_off(work)
    if "*" in found.allowed_hosts and tier != LOCAL:
        yield "ALLOWED_HOSTS allows every name.", "Name the hosts that the site is served under."
    if found.databases.get("default") and found.databases["default"].engine == "sqlite3" and tier == PRODUCTION:
        yield "The database is SQLite: one writer at a time, on one machine.", "Use PostgreSQL for production."
    if found.secret_key == "insecure" and tier != PRODUCTION:
        yield "SECRET_KEY is weak or the one of the source.", "Read SECRET_KEY from the environment."


SPECIALIST = Specialist(
    name="configuration",
    title="Configuration",
    purpose="Compares the variables the settings read with those provided, before anything is touched.",
    tools=("get_variables", "get_settings", "search_source", "get_source", "search_knowledge", "get_document"),
    assess=assess,
)
