"""What pages say about a release."""

from __future__ import annotations

import pytest

from workloads.adapters.probes import Page, Probe
from workloads.drivers import checks
from workloads.verdicts import Verdict

DEBUG = "<p>You’re seeing this error because you have <code>DEBUG = True</code> in your Django settings file.</p>"
WELCOME = f"<h1>The install worked successfully! Congratulations!</h1>{DEBUG}"


def probe(status: int, body: str = "", url: str = "http://127.0.0.1:8100/", **more: object) -> Probe:
    return Probe("GET", url, status, 12.0, body=body, content_type="text/html", **more)  # type: ignore[arg-type]


def page(status: int, *assets: int, body: str = "") -> Page:
    addresses = [f"http://127.0.0.1:8100/{number}.css" for number in range(len(assets))]
    return Page(probe(status, body), tuple(Probe("GET", url, asset, 1.0) for url, asset in zip(addresses, assets, strict=True)))


@pytest.mark.parametrize(
    ("health", "pages", "verdict"),
    [
        (200, [page(200, 200)], Verdict.PASSED),
        (None, [page(200)], Verdict.PASSED),
        (200, [page(500)], Verdict.FAILED),  # a health address that answers is not enough
        (503, [page(200)], Verdict.FAILED),
        (None, [page(404)], Verdict.INCONCLUSIVE),
        (404, [page(404)], Verdict.INCONCLUSIVE),
        (200, [page(404)], Verdict.PASSED),  # an API without a landing page
        (None, [page(404), page(401)], Verdict.PASSED),
        (None, [page(403)], Verdict.PASSED),
        (None, [page(404), page(500)], Verdict.FAILED),
        (None, [page(400)], Verdict.FAILED),
        (None, [page(0)], Verdict.FAILED),
        (None, [page(302)], Verdict.PASSED),  # to another site
        (None, [page(200, body="<h1>Server Error (500)</h1>")], Verdict.FAILED),
        (None, [page(500, body=DEBUG)], Verdict.FAILED),
        (None, [page(200, 404)], Verdict.FAILED),  # no style sheet arrives at all
        (None, [page(200, 200, 404)], Verdict.PASSED),  # one of several
        (None, [page(200, 200, 500)], Verdict.FAILED),
        (None, [], Verdict.INCONCLUSIVE),
    ],
)
def test_pages_together_come_to_a_verdict(health: int | None, pages: list[Page], verdict: Verdict) -> None:
    checked = checks.judge(probe(health, url="http://127.0.0.1:8100/health/") if health is not None else None, pages)
    assert checked.verdict is verdict, checked.summary
    assert checked.summary
    assert verdict is Verdict.PASSED or checked.cure


def test_a_page_instead_of_a_style_sheet_is_a_missing_one() -> None:
    sign_in = probe(200, "<h1>Sign in</h1>", url="http://127.0.0.1:8100/static/a.css")
    assert checks.judge(None, [Page(probe(200), (sign_in,))]).verdict is Verdict.FAILED


def test_a_debug_page_says_what_to_do() -> None:
    checked = checks.judge(None, [page(500, body=DEBUG)])
    assert "debug page" in checked.summary
    assert "DEBUG" in checked.cure


def test_where_nothing_is_routed_another_page_may_answer() -> None:
    assert checks.judge(None, [page(404, body=DEBUG), page(200)]).verdict is Verdict.PASSED
    assert checks.judge(None, [page(200, body=WELCOME)]).verdict is Verdict.INCONCLUSIVE


def test_endless_redirects_to_https_name_the_setting() -> None:
    looping = probe(0, error="it redirects for ever", redirects=("https://127.0.0.1:8100/",) * 11)
    assert "SECURE_PROXY_SSL_HEADER" in checks.judge(None, [Page(looping)]).cure


def test_what_a_page_shows_is_redacted() -> None:
    checked = checks.judge(None, [page(200, body="<p>api_key=abcdef123456</p>")])
    assert "abcdef123456" not in str(checked.evidence)
