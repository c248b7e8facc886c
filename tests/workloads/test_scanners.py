"""The real scanners on a little source of known faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from controlplane.core.errors import DeadlineExceeded, OutsideError
from workloads.adapters import audits
from workloads.adapters.scanners import Scan, bandit, detect_secrets, ruff, worst_first
from workloads.evidence import Fact
from workloads.fatal import cannot_work

VIEWS = """
import subprocess
def pay(request):
    subprocess.call(request.GET["x"], shell=True)
    return undefined_thing
def old():
    try:
        return unicode
    except NameError:
        return None
"""
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    files = {
        "shop/__init__.py": "",
        "shop/views.py": VIEWS,
        "shop/broken.py": "def half(:\n",
        "shop/tests/__init__.py": "",
        "shop/tests/test_a.py": "import subprocess\nsubprocess.call('x', shell=True)\nPASSWORD = 'hunter2hunter2'\n",
        "node_modules/thing/x.py": "def half(:\n",
        "deploy.pem": KEY,
        "shop/settings.py": "AWS_KEY = 'AKIAIOSFODNN7EXAMPLE'\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def rules(facts: list[Fact], path: str) -> set[str]:
    return {fact.rule for fact in facts if fact.path == path}


def test_ruff_finds_syntax_errors_and_undefined_names(source: Path) -> None:
    found = ruff(Scan(source), target="3.12")
    assert rules(found, "shop/broken.py") == {"invalid-syntax"}
    assert "F821" in rules(found, "shop/views.py")
    assert not [fact for fact in found if "node_modules" in fact.path]
    undefined = next(fact for fact in found if "undefined_thing" in fact.message)
    assert (undefined.line, undefined.source_line) == (5, "return undefined_thing")


def test_the_applications_own_ruff_settings_hide_nothing(source: Path) -> None:
    (source / "ruff.toml").write_text('exclude = ["*"]\n')
    assert rules(ruff(Scan(source)), "shop/broken.py") == {"invalid-syntax"}


def test_syntax_newer_than_the_releases_python_is_an_error(source: Path) -> None:
    (source / "shop/new.py").write_text("match 1:\n    case 1:\n        pass\n")
    assert rules(ruff(Scan(source), target="3.8"), "shop/new.py") == {"invalid-syntax"}
    assert not rules(ruff(Scan(source), target="3.12"), "shop/new.py")


def test_bandit_finds_a_shell_in_code_and_not_in_tests(source: Path) -> None:
    found = bandit(Scan(source))
    shell = [fact for fact in found if fact.rule == "B602"]
    assert [(fact.path, fact.severity) for fact in shell] == [("shop/views.py", "high")]


def test_secrets_are_found_and_never_told(source: Path) -> None:
    found = detect_secrets(Scan(source))
    assert {(fact.path, fact.severity) for fact in found} == {("deploy.pem", "high"), ("shop/settings.py", "high")}
    assert "AKIAIOSFODNN7EXAMPLE" not in str(found)


def test_the_gravest_come_first(source: Path) -> None:
    assert worst_first(ruff(Scan(source)))[0].rule == "invalid-syntax"


def test_a_scan_that_takes_too_long_says_so(source: Path) -> None:
    for number in range(400):
        (source / f"shop/many{number}.py").write_text(VIEWS * 20)
    with pytest.raises(DeadlineExceeded, match="bandit did not finish"):
        bandit(Scan(source, seconds=1))


def test_a_folder_that_is_not_there_is_an_error_not_an_empty_result(tmp_path: Path) -> None:
    with pytest.raises(OutsideError):
        ruff(Scan(tmp_path / "nowhere"))


def fatal(source: Path, name: str, text: str) -> bool:
    (source / name).parent.mkdir(parents=True, exist_ok=True)
    (source / name).write_text(text)
    return any(cannot_work(fact, source) for fact in ruff(Scan(source)) if fact.path == name)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("shop/a.py", "print(nothing)\n", True),
        ("shop/a.py", "def half(:\n", True),
        ("shop/tests/a.py", "print(nothing)\n", False),
        ("loose/script.py", "print nothing\n", False),
        ("shop/a.py", "from __future__ import annotations\ndef f(x: Nothing) -> Nothing: ...\n", False),
        ("shop/a.py", "def f(x: Nothing): ...\n", True),
        ("shop/a.py", "def f(x: 'Nothing'): ...\n", False),
        ("shop/a.py", "import sys\nif sys.version_info < (3,):\n    text = unicode\n", False),
        ("shop/a.py", "import os\n", False),
    ],
)
def test_what_cannot_work_is_told_from_what_could_be_better(source: Path, name: str, text: str, expected: bool) -> None:
    assert fatal(source, name, text) is expected


def test_an_audit_that_looked_nothing_up_is_not_clean() -> None:
    skipped = {"dependencies": [{"name": "django", "skip_reason": "Dependency not found on PyPI"}], "fixes": []}
    result = audits.read_report(skipped)
    assert not result.clean
    assert not result.could_audit
    assert "Dependency not found on PyPI" in result.reason


def test_an_audit_is_clean_when_every_package_was_looked_up() -> None:
    looked_up = {"dependencies": [{"name": "django", "version": "5.2", "vulns": []}, {"name": "pip", "skip_reason": "x"}]}
    assert audits.read_report(looked_up).clean


def test_an_audit_that_missed_a_package_is_not_clean() -> None:
    half = {"dependencies": [{"name": "django", "version": "5.2", "vulns": []}, {"name": "own", "skip_reason": "x"}]}
    assert not audits.read_report(half).clean
    assert audits.read_report(half).could_audit


def test_a_known_vulnerability_names_the_upgrade() -> None:
    known = {"id": "PYSEC-2024-1", "aliases": ["CVE-2024-1"], "fix_versions": ["4.2.9"]}
    report = {"dependencies": [{"name": "django", "version": "4.2", "vulns": [known]}]}
    (fact,) = audits.read_report(report).vulnerable
    assert (fact.rule, fact.severity, fact.cure) == ("CVE-2024-1", "high", "Upgrade to django 4.2.9.")


def test_an_environment_without_packages_cannot_be_audited(tmp_path: Path) -> None:
    result = audits.pip_audit(tmp_path / "bin" / "python")
    assert not result.could_audit
    assert "no packages" in result.reason


def test_an_index_that_cannot_be_reached_is_a_reason_not_a_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real pip-audit, on an environment of one package, with a certificate file that trusts nobody."""
    information = tmp_path / "lib" / "python3.12" / "site-packages" / "thing-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: thing-nobody-has-made\nVersion: 1.0\n")
    (tmp_path / "empty.pem").write_text("")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "empty.pem"))
    result = audits.pip_audit(tmp_path / "bin" / "python", seconds=60)
    assert not result.clean
    assert not result.could_audit
    assert result.reason
