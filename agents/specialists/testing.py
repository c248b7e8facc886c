"""Testing: the application's own suite, run in isolation with coverage. No tests are no pass."""

from __future__ import annotations

import copy
import re
from pathlib import Path

from agents.specialists import shown, workplace
from agents.specialists.work import Specialist, Work
from controlplane.core.errors import TimonelError
from controlplane.core.redaction import redact
from workloads import builds, configuration
from workloads.described import Inside, Unanswered
from workloads.evidence import Assessment, Evidence, Fact
from workloads.source import files
from workloads.suites import FailedTest, Suite
from workloads.trials import Attempt, Trial, run_tests
from workloads.verdicts import Verdict

KEPT_FOR_CLEANING_UP = 20.0
LINES_SHOWN = 200
COPY = "trial"
# Where the tests look for their database until the scratch one is put in its place: nobody listens there.
NOWHERE = "postgresql://tests:tests@127.0.0.1:9/tests"
FOR_TESTS = ("test", "tests", "testing", "test_settings", "settings_test", "tests_settings", "settings_tests", "ci")
MORE_TIME = "Give the testing specialist more time, or make the suite faster."


def assess(work: Work) -> Assessment:
    """Failed when a test fails; not evaluated without tests; inconclusive where it could not be known."""
    if not work.project.tests:
        return Assessment(Verdict.NOT_EVALUATED, "The source has no tests.", "Add tests: nothing says that this release works.")
    try:
        trial = run_tests(_attempt(work))
    except Unanswered as error:
        log = Evidence("What the application said", "log", error.trouble.trace, work.project.tests, Verdict.INCONCLUSIVE)
        return Assessment(Verdict.INCONCLUSIVE, f"The tests could not start: {error.trouble.message}", error.trouble.cure, (log,))
    except TimonelError as error:
        return Assessment(Verdict.INCONCLUSIVE, f"The tests could not be run: {error.message}", error.cure)
    assessment = judge(trial, work.folder)
    work.say(assessment.summary, level="error" if assessment.verdict == Verdict.FAILED else "info")
    return assessment


def _attempt(work: Work) -> Attempt:
    built = builds.test_environment(
        work.source,
        work.project,
        allow_unpinned=work.application.allow_unpinned_sources,
        say=work.say,
        cancelled=work.cancelled,
        deadline=work.deadline,
    )
    root = workplace.copy(work, COPY)
    values = variables(work)
    inside = Inside(
        python=built.python_path,
        folder=root / work.project.folder,
        variables=values,
        secrets=workplace.secrets(work, values),
        manage=work.project.manage,
        seconds=max(1.0, work.remaining() - KEPT_FOR_CLEANING_UP),
        cancelled=work.cancelled,
    )
    arguments = tuple(str(word) for word in work.options.get("arguments", ()))
    return Attempt(inside, root, work.project.tests, _settings_module(work), work.say, arguments)


def _settings_module(work: Work) -> str:
    """The settings the project keeps for tests, beside those it runs with; else those."""
    package = work.project.settings_module.rpartition(".")[0]
    folder = work.folder.joinpath(*package.split(".")) if package else work.folder
    for name in FOR_TESTS:
        if (folder / f"{name}.py").is_file() and _are_settings(folder / f"{name}.py"):
            return f"{package}.{name}".lstrip(".")
    return work.project.settings_module


def _are_settings(path: Path) -> bool:
    """Whether a module called `test` or so is one of settings, and not one of tests."""
    text = files.text(path)
    return bool(re.search(r"^(from \S+ import \*|INSTALLED_APPS\s*=)", text, re.M)) and not re.search(
        r"^class \w+\(.*Test", text, re.M
    )


def variables(work: Work) -> dict[str, str]:
    """What tests need and no more: required variables and those of the database; no secret of the environment."""
    stand_in = copy.copy(work.environment)
    stand_in.database_url, stand_in.secret_key = NOWHERE, "only-for-tests-" + "0" * 40
    needed = {read.name for read in work.project.reads if read.required or read.setting.startswith("DATABASES")}
    needed |= {name for name, entry in work.configuration.items() if str(entry.get("binding", "")).startswith("database.")}
    given = {name: dict(entry) for name, entry in work.configuration.items() if name in needed}
    for name, entry in given.items():
        if str(entry.get("binding", "")).startswith("shared"):
            given[name] = {"value": str(work.source.parent / COPY)}
        elif entry.get("secret") and entry.get("value"):
            entry["value"] = _dummy(str(entry["value"]))
    return configuration.resolve(stand_in, given, port=workplace.NO_PORT)


def _dummy(value: str) -> str:
    """A value of the same shape that opens nothing."""
    if re.fullmatch(r"\d+", value):
        return "1"
    if "://" in value:
        return NOWHERE if value.startswith("postg") else f"{value.partition('://')[0]}://127.0.0.1:9/"
    return ("only-for-tests-" * (len(value) // 15 + 1))[: max(len(value), 8)]


def judge(trial: Trial, folder: Path) -> Assessment:
    """What the run means."""
    if trial.completed is None:
        says = f"The tests need {trial.lacks}, which is not here."
        return Assessment(Verdict.INCONCLUSIVE, says, f"Run them where {trial.lacks} is.")
    verdict, summary, cure = _verdict(trial, trial.suite, folder)
    looked = ("tests",) if verdict in (Verdict.PASSED, Verdict.FAILED) and trial.suite.complete else ()
    evidence, facts = tuple(_evidence(trial, verdict)), tuple(_facts(trial.suite, folder))
    return Assessment(verdict, summary, cure, evidence, facts, looked, _data(trial))


def _verdict(trial: Trial, suite: Suite, folder: Path) -> tuple[Verdict, str, str]:
    completed = trial.completed
    assert completed is not None
    if completed.ended != "exited":
        cure = MORE_TIME if completed.ended == "timed_out" else ""
        return Verdict.INCONCLUSIVE, f"The test run did not come to its end: {completed.why()}.", cure
    code = [test for test in suite.failed if not _by_surroundings(test, folder)]
    if code:
        named = "; ".join(f"{test.name}: {_short(test.message)}" for test in code[:3])
        more = f"; and {len(code) - 3} more" if len(code) > 3 else ""
        return (
            Verdict.FAILED,
            f"{len(code)} of {suite.collected} tests failed: {named}{more}.",
            "Mend them and deploy the new commit; or, where you know why they fail and accept it, "
            "let this deployment go on (`manage.py deploy ... --allow-failure testing`): that raises its risk, and stops nothing.",
        )
    if suite.failed:
        first = suite.failed[0]
        says = f"{len(suite.failed)} of {suite.collected} tests could not run here: {first.name}: {_short(first.message)}."
        return Verdict.INCONCLUSIVE, says, _surroundings_cure(suite.failed)
    if not suite.complete or (completed.exit_code not in {0, 5} and suite.collected):
        return (
            Verdict.INCONCLUSIVE,
            f"The test run ended with {completed.why()}: {_last(completed.output)}",
            "Read its output below.",
        )
    if not suite.collected:
        return Verdict.NOT_EVALUATED, "No tests were found: the suite is empty.", "See that the runner finds your tests."
    if not suite.passed:
        return Verdict.NOT_EVALUATED, f"All {suite.collected} tests were skipped.", "See why they are skipped here."
    return Verdict.PASSED, _passed(trial, suite), ""


def _passed(trial: Trial, suite: Suite) -> str:
    skipped = f", {suite.skipped} skipped" if suite.skipped else ""
    covered = f"; they reach {trial.coverage.percent:.0f} % of the code" if trial.coverage else "; coverage was not measured"
    place = f"in {suite.seconds:.0f} s on {trial.database or 'no database'}"
    return " ".join([f"{shown.count(suite.passed, 'test')} passed{skipped} {place}{covered}.", *trial.notes])


def _by_surroundings(test: FailedTest, folder: Path) -> bool:
    """A service or a package that is not here, unless the missing module is the application's own."""
    missing = re.search(r"No module named '(\w+)", test.message)
    if missing:
        return not (folder / missing[1]).exists() and not (folder / f"{missing[1]}.py").exists()
    return test.by_surroundings


def _surroundings_cure(failed: tuple[FailedTest, ...]) -> str:
    missing = sorted({found[1] for test in failed if (found := re.search(r"No module named '(\w+)", test.message))})
    if missing:
        return f"Add what brings {', '.join(missing)} to the development requirements."
    return "They need something that is not on this machine; leave them out (option `arguments` of the testing specialist)."


def _facts(suite: Suite, folder: Path) -> list[Fact]:
    return [
        Fact(
            "tests",
            "failing test",
            "high",
            f"{test.name}: {_short(test.message)}",
            _relative(test.path, folder),
            test.line,
            test.name,
        )
        for test in suite.failed
    ]


def _relative(path: str, folder: Path) -> str:
    """The place in the source, not in the copy the tests ran in."""
    if not path.startswith("/"):
        return path
    inside = path.partition(f"/{COPY}/")[2]
    root = next((parent for parent in folder.parents if (parent / inside).is_file()), folder)
    return str((root / inside).relative_to(folder)) if (root / inside).is_relative_to(folder) else inside or Path(path).name


def _evidence(trial: Trial, verdict: Verdict) -> list[Evidence]:
    found = []
    rows = [
        [test.name, _short(redact(test.message)), f"{Path(test.path).name}:{test.line}" if test.line else ""]
        for test in trial.suite.failed
    ]
    if rows:
        found.append(
            shown.table("Failing tests", ("Test", "Error", "Place"), rows[: shown.ROWS_SHOWN], trial.command, Verdict.FAILED)
        )
        traces = "\n\n".join(f"{test.name}\n{redact(test.trace)}" for test in trial.suite.failed[:10])
        found.append(Evidence("Their tracebacks", "log", traces[:20_000], trial.command, Verdict.FAILED))
    if trial.coverage is not None:
        files = [[name, f"{percent:.0f} %", str(lines)] for name, percent, lines in trial.coverage.files]
        title = f"Coverage: {trial.coverage.percent:.0f} % of {trial.coverage.statements} statements"
        found.append(shown.table(title, ("Least covered", "Reached", "Lines not reached"), files, "coverage run"))
    if trial.completed is not None:
        output = "\n".join(redact(trial.completed.output).splitlines()[-LINES_SHOWN:])
        found.append(Evidence("Output of the test run", "log", output, trial.command, verdict))
    return found


def _data(trial: Trial) -> dict[str, object]:
    suite = trial.suite
    covered = round(trial.coverage.percent, 1) if trial.coverage else None
    return {
        "collected": suite.collected,
        "passed": suite.passed,
        "failed": len(suite.failed),
        "skipped": suite.skipped,
        "coverage": covered,
    }


def _short(message: str) -> str:
    line = " ".join(message.split())
    return line if len(line) <= 200 else line[:199] + "…"


def _last(output: str) -> str:
    return _short(redact(next((line for line in reversed(output.splitlines()) if line.strip()), "it said nothing")))


SPECIALIST = Specialist(
    name="testing",
    title="Testing",
    purpose="Runs the application's own tests in isolation and measures what they cover.",
    tools=("get_test_report", "get_coverage", "search_source", "get_source", "search_knowledge", "get_document"),
    reports=("tests",),
    assess=assess,
)
