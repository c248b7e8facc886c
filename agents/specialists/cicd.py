"""CI/CD: builds the artefact, and the image where a cluster runs it; tells what it took, or why it failed."""

from __future__ import annotations

import time

from agents.specialists import imaging, shown, workplace
from agents.specialists.imaging import Imaged
from agents.specialists.work import Specialist, Work
from controlplane.core.errors import TimonelError
from workloads import builds
from workloads.building.failures import BuildFailed
from workloads.builds import Artefact, BuiltEnvironment
from workloads.evidence import Assessment, Evidence
from workloads.source import plan
from workloads.verdicts import Verdict


def assess(work: Work) -> Assessment:
    """Fails with the builder's own reason and cure; a cached build passes as the built one did."""
    started = time.monotonic()
    try:
        environment = workplace.environment(work)
        built = time.monotonic() - started
        artefact = _artefact(work, environment)
        times = (built, time.monotonic() - started - built)
        image = imaging.image(work, artefact) if imaging.wanted(work) else None
    except BuildFailed as error:
        log = Evidence("What the builder said", "log", shown.tail(error.log), "build", Verdict.FAILED)
        return Assessment(Verdict.FAILED, f"It could not be built: {error.message}", error.cure, (log,) if error.log else ())
    except TimonelError as error:
        return Assessment(Verdict.FAILED, f"It could not be built: {error.message}", error.cure)
    work.say(_summary(environment, artefact, times))
    found = Assessment(
        Verdict.PASSED,
        " ".join([_summary(environment, artefact, times), *environment.notes]),
        evidence=tuple(_evidence(work, environment, artefact, times)),
        data={"artefact": artefact.digest, "environment": environment.digest, "python": environment.python},
    )
    return found if image is None else _with_image(found, image)


def _with_image(found: Assessment, image: Imaged) -> Assessment:
    """The artefact's assessment with the image's."""
    data = {**found.data, "image": image.image}
    summary, evidence = f"{image.summary} {found.summary}", (*image.evidence, *found.evidence)
    return Assessment(image.verdict, summary, image.cure, evidence, data=data)


def _artefact(work: Work, environment: BuiltEnvironment) -> Artefact:
    steps = plan.build_steps(work.project, work.application)
    work.say(f"Building the artefact: {', '.join(step.name for step in steps) or 'no build steps'}.")
    return builds.artefact(
        work.source, work.project, environment, steps, say=work.say, cancelled=work.cancelled, deadline=work.deadline
    )


def _summary(environment: BuiltEnvironment, artefact: Artefact, times: tuple[float, float]) -> str:
    known = f"the environment of {len(builds.distributions(environment))} packages on Python {environment.python}"
    made = f"{known} was known" if environment.cached else f"{known} took {times[0]:.0f} s"
    source = "the source was known" if artefact.cached else f"the source took {times[1]:.0f} s"
    added = f" Timonel added {', '.join(environment.added)}." if environment.added else ""
    return f"Artefact {artefact.digest[:12]}: {made}, {source}.{added}"


def _evidence(work: Work, environment: BuiltEnvironment, artefact: Artefact, times: tuple[float, float]) -> list[Evidence]:
    steps = plan.build_steps(work.project, work.application)
    rows = [
        [
            "Environment",
            environment.digest[:12],
            "cached" if environment.cached else f"{times[0]:.1f} s",
            f"Python {environment.python}",
        ],
        ["Artefact", artefact.digest[:12], "cached" if artefact.cached else f"{times[1]:.1f} s", work.commit[:12]],
        *(["Build step", step.name, "", f"{' '.join(step.run)} ({step.because})"] for step in steps),
        *(["Added by Timonel", name, "", "the project names no server or tool of this kind"] for name in environment.added),
        *(["From an address", line, "", "not from a package index; allowed for this application"] for line in _addresses(work)),
    ]
    found = [shown.table("What was built", ("What", "Which", "Time", "From"), rows, "build")]
    for title, log in (("Log of the environment", environment.log), ("Log of the build steps", artefact.log)):
        if log.strip():
            found.append(Evidence(title, "log", shown.tail(log), "build", Verdict.PASSED))
    return found


def _addresses(work: Work) -> tuple[str, ...]:
    return work.project.requirements.unpinned_sources


SPECIALIST = Specialist(
    name="cicd",
    title="CI/CD",
    purpose="Builds the artefact of the release, its image for a cluster, and tells what it took.",
    tools=("get_build_log", "get_requirements", "search_source", "get_source", "search_knowledge", "get_document"),
    assess=assess,
)
