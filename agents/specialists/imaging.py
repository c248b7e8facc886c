"""The image of a release for a cluster: the one that CI named, or one that is built and pushed here; with its evidence."""

from __future__ import annotations

import time
from dataclasses import dataclass

from agents.specialists import shown, workplace
from agents.specialists.work import Work
from controlplane.core.errors import Invalid, OutsideError
from workloads import image_builds, images, registries
from workloads.adapters.registry import Found
from workloads.builds import Artefact
from workloads.evidence import Evidence
from workloads.image_builds import Wanted
from workloads.models import Environment
from workloads.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Imaged:
    """What became of the image. Inconclusive: it is named exactly, but nobody could look at it."""

    verdict: Verdict
    summary: str
    image: str
    cure: str = ""
    evidence: tuple[Evidence, ...] = ()


def wanted(work: Work) -> bool:
    """Whether this environment runs images."""
    return work.environment.driver == Environment.Driver.KUBERNETES


def image(work: Work, artefact: Artefact) -> Imaged:
    """The image for this environment. Raises TimonelError (BuildFailed with its log) where there is none in the end."""
    return _named(work) if work.image else _built(work, artefact)


def _named(work: Work) -> Imaged:
    """CI's image: it must be there, unless its registry is nothing that is seen from here."""
    reference = images.parse(work.image)
    work.say(f"CI built the image: {reference}")
    try:
        found = registries.look(reference)
    except (OutsideError, Invalid) as error:
        said = f"The image {reference} was named, but could not be looked at: {error.message}"
        return Imaged(Verdict.INCONCLUSIVE, said, reference.pinned, error.cure)
    if found is None:
        raise Invalid(f"{reference.registry} has no image {reference}.", cure="Push it first, then ask again.")
    said = f"Image {found.digest[7:19]}, named by whoever asked, is in {reference.registry}."
    return Imaged(Verdict.PASSED, said, reference.pinned, evidence=(_table(reference.name, found, "named, not built here"),))


def _built(work: Work, artefact: Artefact) -> Imaged:
    started = time.monotonic()
    target = getattr(work.environment, "target", None)
    if target is None:
        raise Invalid(f"{work.environment} has no target on a cluster.", cure="Set its cluster, namespace and image repository.")
    made = image_builds.build(
        Wanted(
            application=work.application,
            target=target,
            source=work.source,
            project=work.project,
            plan=workplace.run_plan(work),
            artefact=artefact,
            commit=work.commit,
            say=work.say,
            cancelled=work.cancelled,
            deadline=work.deadline,
        )
    )
    seconds = time.monotonic() - started
    how = "found in the registry" if made.cached else f"built with {made.builder} and pushed in {seconds:.0f} s"
    evidence = [_table(made.reference.name, made.found, how, made.base)]
    own = f"from the repository: {target.dockerfile}" if target.dockerfile else "made by Timonel"
    evidence.append(Evidence(f"Dockerfile ({own})", "text", made.dockerfile, "build", Verdict.PASSED))
    if made.log.strip():
        evidence.append(Evidence("Log of the image", "log", shown.tail(made.log), "build", Verdict.PASSED))
    said = " ".join([f"Image {made.found.digest[7:19]} {how}: {_size(made.found)}.", *made.notes])
    return Imaged(Verdict.PASSED, said, made.reference.pinned, evidence=tuple(evidence))


def _table(name: str, found: Found, how: str, base: str = "") -> Evidence:
    rows = [["Image", name], ["Digest", found.digest], ["Size", _size(found)], ["How", how], *([["Base", base]] if base else [])]
    return shown.table("The image", ("What", "Which"), rows, "registry", Verdict.PASSED)


def _size(found: Found) -> str:
    if found.size is None:
        return "of several platforms"
    return f"{found.size / 1024**2:.0f} MiB in {shown.count(found.layers or 0, 'layer')}"
