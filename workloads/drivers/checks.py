"""Pure: what the pages of a release, asked for as a browser would, say about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from controlplane.core.redaction import redact
from workloads.adapters.probes import Page, Probe
from workloads.evidence import Evidence
from workloads.verdicts import Verdict

Word = Literal["answers", "silent", "broken"]
ANSWERED = frozenset({401, 403})  # "sign in first" is an answer of a working application
TURN_DEBUG_OFF = "Read the traceback in the log, and let the settings read DEBUG from a variable: outside of development it is off."
FALLBACKS = ("/admin/login/", "/accounts/login/", "/login/", "/api/")


@dataclass(frozen=True, slots=True)
class Look:
    """One page or address: does it work, is there nothing to see (4xx), or is it broken; and why, and the cure."""

    word: Word
    text: str
    cure: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What all looks come to."""

    verdict: Verdict
    summary: str
    cure: str = ""
    evidence: tuple[Evidence, ...] = ()


def look_at(probe: Probe) -> Look:
    """What one answer says; a page may break under any status."""
    if probe.is_debug_page and (probe.status == 404 or probe.is_welcome):
        return Look("silent", f"answers {probe.status} with a page of Django's for development: nothing is routed there")
    if probe.is_debug_page:
        return Look("broken", "shows Django's debug page", TURN_DEBUG_OFF, "debug_in_production")
    if probe.status == 0:
        return _no_answer(probe)
    if probe.status >= 500 or probe.says_server_error:
        return Look("broken", f"answers {probe.status}, a server error", "Read the traceback in the log of the web process.")
    if probe.status < 400 or probe.status in ANSWERED:
        return Look("answers", f"answers {probe.status}")
    if probe.status == 400:
        cure = "If the log names DisallowedHost: add the stable address to ALLOWED_HOSTS (bind its variable to `hosts`)."
        return Look("broken", "answers 400 to a plain request", cure, "disallowed_host")
    return Look("silent", f"answers {probe.status}")


def look_at_page(page: Page) -> Look:
    """The page, then what it needs: when none of its own style sheets and scripts arrive it is broken."""
    look = look_at(page.document)
    if look.word != "answers":
        return look
    missing = [asset for asset in page.assets if not 200 <= asset.status < 400 or "html" in asset.content_type]
    broken = [asset for asset in missing if asset.status == 0 or asset.status >= 500]
    if broken or (missing and len(missing) == len(page.assets)):
        first = (broken or missing)[0]
        cure = "Serve static files in production (WhiteNoise), and let collectstatic run as a release step."
        text = f"needs {first.url}, which answers {first.status or first.error}"
        return Look("broken", text, cure, "static_files_missing")
    if missing:
        return Look("answers", f"{look.text}; {len(missing)} of {len(page.assets)} style sheets and scripts are missing")
    return look


def judge(health: Probe | None, pages: Sequence[Page]) -> Checked:
    """Broken anywhere is failed. Something must answer: a health address alone is enough only where there is no page.

    Nothing but 404 is inconclusive: nobody can tell a broken application from one whose pages are elsewhere.
    """
    looks = [(page.document, look_at_page(page)) for page in pages]
    if health is not None:
        looks.append((health, look_at(health)))
    evidence = (*(_evidence(probe, look) for probe, look in looks), *(table for page in pages if (table := _assets(page))))
    for probe, look in looks:
        if look.word == "broken":
            return Checked(Verdict.FAILED, f"{probe.url} {look.text}.", look.cure, evidence)
    answers = [f"{probe.url} {look.text}" for probe, look in looks if look.word == "answers"]
    if answers:
        return Checked(Verdict.PASSED, "; ".join(answers[:3]) + ".", evidence=evidence)
    cure = "Name a page or a health path of the application that answers 200."
    return Checked(Verdict.INCONCLUSIVE, "No page is known that answers: only 4xx was seen.", cure, evidence)


def answers(page: Page) -> bool:
    """Whether there is something to see here."""
    return look_at_page(page).word == "answers"


def _no_answer(probe: Probe) -> Look:
    if "redirects for ever" in probe.error and any(hop.startswith("https:") for hop in probe.redirects):
        cure = "The settings insist on https but do not read it from the proxy: set SECURE_PROXY_SSL_HEADER."
        return Look("broken", "redirects for ever", cure)
    return Look("broken", probe.error or "gives no answer", "Read the log of the web process.")


def _evidence(probe: Probe, look: Look) -> Evidence:
    words = {"answers": Verdict.PASSED, "silent": Verdict.INCONCLUSIVE, "broken": Verdict.FAILED}
    note = "; ".join(
        part for part in (look.text, *(f"redirected to {hop}" for hop in probe.redirects), probe.excerpt[:300]) if part
    )
    body = {
        "method": probe.method,
        "url": probe.url,
        "status": probe.status,
        "milliseconds": round(probe.milliseconds),
        "note": redact(note),
    }
    return Evidence(f"GET {probe.url}", "request", body, f"GET {probe.url}", words[look.word])


def _assets(page: Page) -> Evidence | None:
    if not page.assets:
        return None
    rows = [[asset.url, str(asset.status or asset.error), f"{asset.milliseconds:.0f}"] for asset in page.assets]
    return Evidence(
        f"Style sheets and scripts of {page.document.url}", "table", {"columns": ["address", "status", "ms"], "rows": rows}
    )
