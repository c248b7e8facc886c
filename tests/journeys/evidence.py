"""What the specialists of the scene found, node by node, as they would say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workloads.evidence import Evidence
from workloads.verdicts import Verdict

PASSED, FAILED = Verdict.PASSED, Verdict.FAILED
PYTEST = """\
============================= test session starts ==============================
platform linux -- Python 3.12.7, pytest-8.4.2, pluggy-1.6.0
django: version: 5.2.8, settings: storefront.settings.test (from ini)
collected 214 items

orders/tests/test_basket.py \x1b[32m............................\x1b[0m                        [ 13%]
orders/tests/test_checkout.py \x1b[32m..........\x1b[31mF\x1b[32m...............\x1b[0m                    [ 25%]
catalog/tests/test_search.py \x1b[32m....................................\x1b[0m              [ 42%]

\x1b[31m=================================== FAILURES ===================================\x1b[0m
\x1b[1m\x1b[31m____________________ test_total_includes_shipping_once _________________________\x1b[0m
>       assert order.total == Decimal("44.90")
\x1b[31mE       AssertionError: assert Decimal('49.80') == Decimal('44.90')\x1b[0m
orders/tests/test_checkout.py:118: AssertionError
\x1b[31m================= \x1b[1m1 failed\x1b[0m\x1b[31m, 213 passed in 38.41s =================\x1b[0m"""


@dataclass(frozen=True, slots=True)
class Found:
    """One node's part of the story."""

    verdict: Verdict
    summary: str
    seconds: float = 2.0
    cure: str = ""
    evidence: tuple[Evidence, ...] = ()
    lines: tuple[str, ...] = ()


def table(title: str, columns: list[str], *rows: list[str], asked: str = "") -> Evidence:
    """Evidence as a table."""
    return Evidence(title, "table", {"columns": columns, "rows": list(rows)}, asked=asked)


def request(url: str, status: int, milliseconds: int, note: str = "", verdict: Verdict | None = None) -> Evidence:
    """Evidence as one request."""
    body: dict[str, Any] = {"method": "GET", "url": url, "status": status, "milliseconds": milliseconds, "note": note}
    return Evidence(url.removeprefix("http://127.0.0.1:8101"), "request", body, verdict=verdict)


CHECKOUT = Found(
    PASSED,
    "Checked out v2 (8c1f0e7a42) of /srv/git/storefront.",
    1.1,
    evidence=(
        table(
            "Commit",
            ["", ""],
            ["commit", "8c1f0e7a42d95b6a1f3e"],
            ["author", "Dana Ruiz <dana@example.org>"],
            ["message", "Show a discount in the basket"],
            asked="git rev-parse v2^{commit}",
        ),
    ),
    lines=("Fetching /srv/git/storefront", " * [new tag]         v2         -> v2"),
)
CODE_QUALITY = Found(
    PASSED,
    "Ruff and Django's checks found nothing that stops the release; 2 findings are new.",
    3.2,
    evidence=(
        Evidence(
            "Ruff",
            "log",
            "Found 14 errors.\n2 are new since f00dfeed12.",
            asked="ruff check --output-format json .",
            verdict=PASSED,
        ),
        Evidence(
            "Django check", "log", "System check identified no issues (0 silenced).", asked="python manage.py check", verdict=PASSED
        ),
    ),
    lines=("ruff check --output-format json .", "python manage.py check"),
)
TESTING = Found(
    PASSED,
    "214 tests passed, 91 % of the lines are covered.",
    41.3,
    evidence=(
        table("Result", ["passed", "failed", "skipped", "coverage"], ["214", "0", "3", "91 %"], asked="python -m pytest -q --cov"),
        Evidence("Output", "log", PYTEST.replace("F", ".").replace("1 failed, ", ""), verdict=PASSED),
    ),
    lines=("Building the test environment (cached)", "python -m pytest -q --cov", "214 passed, 3 skipped in 38.41s"),
)
TESTING_FAILED = Found(
    FAILED,
    "1 of 214 tests failed.",
    40.6,
    "Mend test_total_includes_shipping_once, or the code it tries, and deploy the new commit.",
    (
        table("Result", ["passed", "failed", "skipped", "coverage"], ["213", "1", "3", "91 %"], asked="python -m pytest -q --cov"),
        Evidence("Output", "log", PYTEST, asked="python -m pytest -q", verdict=FAILED),
    ),
    (
        "Building the test environment (cached)",
        "\x1b[31mFAILED\x1b[0m orders/tests/test_checkout.py::test_total_includes_shipping_once",
    ),
)
SECURITY = Found(
    Verdict.INCONCLUSIVE,
    "Bandit and the secret scan are clean; the dependencies could not be audited.",
    6.8,
    "Give this machine access to the vulnerability service, or mirror it.",
    (
        Evidence("Bandit", "log", "No issues identified.", asked="bandit -q -r .", verdict=PASSED),
        Evidence(
            "Dependency audit",
            "text",
            "The vulnerability service did not answer within 30 s. This says nothing about the dependencies.",
            asked="pip-audit --requirement requirements.txt",
            verdict=Verdict.INCONCLUSIVE,
        ),
        Evidence("Secret scan", "log", "No secrets found in 182 files.", asked="detect-secrets scan", verdict=PASSED),
    ),
    ("bandit -q -r .", "pip-audit --requirement requirements.txt", "\x1b[33mThe vulnerability service did not answer.\x1b[0m"),
)
CONFIGURATION = Found(
    PASSED,
    "All 9 variables that the settings need are provided.",
    0.4,
    evidence=(
        table(
            "Variables",
            ["name", "read in", "provided by"],
            ["DATABASE_URL", "storefront/settings/base.py:31", "Timonel (database.url)"],
            ["SECRET_KEY", "storefront/settings/base.py:12", "Timonel (secret_key)"],
            ["STRIPE_API_KEY", "orders/payments.py:8", "variable, secret"],
            ["EMAIL_HOST", "storefront/settings/base.py:88", "variable"],
        ),
    ),
)
CICD = Found(
    PASSED,
    "Built artefact 5be1c0ffee with Python 3.12.7; the environment came from the cache.",
    12.5,
    evidence=(
        table(
            "Build",
            ["step", "took"],
            ["environment (uv, lock 77aa01)", "cached"],
            ["npm run build", "11.2 s"],
            ["artefact", "0.9 s"],
        ),
    ),
    lines=("npm run build", "vite v6.0.3 building for production...", "dist/assets/app-4c1f.js  148.20 kB", "built in 9.80s"),
)
PLAN = Found(
    PASSED,
    "v2 replaces v1: 3 commits, 5 files, 1 migration that is safe online.",
    2.1,
    evidence=(
        table(
            "Migrations",
            ["migration", "operation", "class"],
            ["orders.0007_order_discount", "Add field discount to order", "safe online"],
        ),
    ),
)
GATE = Found(PASSED, "The policy asks for 1 approval by an approver.", 0.2)
APPLY = Found(
    PASSED,
    "v2 runs beside v1, its pages answer, traffic was switched to it.",
    9.4,
    lines=(
        "python manage.py migrate --no-input",
        "  Applying orders.0007_order_discount... OK",
        "Started gunicorn on 127.0.0.1:9142",
        "Switched.",
    ),
)
VERIFY = Found(
    PASSED,
    "30 s under watch: 1,512 requests, none failed, p99 84 ms.",
    30.3,
    evidence=(
        request("http://127.0.0.1:8101/", 200, 31, "the landing page, with 4 style sheets and scripts", PASSED),
        request("http://127.0.0.1:8101/accounts/login/", 200, 22, "the sign-in page", PASSED),
        table(
            "Measured",
            ["metric", "value", "limit", "verdict"],
            ["success ratio", "1.000", ">= 0.99", "passed"],
            ["p99", "84 ms", "<= 500 ms", "passed"],
        ),
    ),
)
VERIFY_FAILED = Found(
    FAILED,
    "The landing page answers 500, and the log holds 6 tracebacks.",
    8.0,
    "Read the traceback below: the setting CACHE_TABLE is used before the table is made.",
    (
        request("http://127.0.0.1:8101/", 500, 112, "ProgrammingError", FAILED),
        Evidence(
            "Traceback",
            "log",
            'Traceback (most recent call last):\n  File "billing/views.py", line 40, in index\n    rates = cache.get("rates")\n'
            'django.db.utils.ProgrammingError: relation "billing_cache" does not exist',
            asked="web.log",
        ),
    ),
    ("GET / 500", "Traceback (most recent call last):", 'ProgrammingError: relation "billing_cache" does not exist'),
)
VERIFY_UNCLEAR = Found(
    Verdict.INCONCLUSIVE,
    "11 requests in 30 s are too few to tell whether 99 % succeed.",
    30.0,
    evidence=(table("Measured", ["metric", "value", "needed"], ["requests", "11", ">= 200"]),),
)
PROMOTE = Found(PASSED, "v2 is live and verified; v1 is kept 30 s for an instant way back.", 0.2)
ROLL_BACK = Found(PASSED, "Traffic is back on 2.3.0; an incident is open.", 1.9, lines=("Switched back to 2.3.0.",))
REPORT = Found(PASSED, "Done.", 0.1)
CHECKS = {"code_quality": CODE_QUALITY, "testing": TESTING, "security": SECURITY, "configuration": CONFIGURATION, "cicd": CICD}
