"""Reports of each format become facts; hostile ones are refused, with the place, in little time and memory."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from controlplane.core.errors import Invalid
from tests.workloads.reports.samples import GENERIC, SAMPLES, SARIF, TRIVY
from workloads.reports import FORMATS, parse
from workloads.reports.parsing import MOST_FACTS

SEVERITIES = {"info", "low", "medium", "high", "critical"}
JSON_FORMATS = ("sarif", "trivy", "checkov", "generic")
BILLION_LAUGHS = (
    '<!DOCTYPE t [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    "<testsuites><testsuite><testcase name='&c;'><failure/></testcase></testsuite></testsuites>"
)
EXTERNAL = (
    '<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    '<testsuites><testcase name="a"><failure>&x;</failure></testcase></testsuites>'
)


def changed(document: Any, *path: Any, to: Any) -> bytes:
    """The document with another value at the path."""
    copy = json.loads(json.dumps(document))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = to
    return json.dumps(copy).encode()


def test_sarif_results_are_facts_ranked_by_rule_and_without_what_is_accepted() -> None:
    parsed = parse("sarif", SAMPLES["sarif"])
    first, second = parsed.facts
    assert (parsed.tool, first.rule, first.severity, first.path, first.line) == (
        "CodeQL",
        "py/sql-injection",
        "high",
        "shop/views.py",
        12,
    )
    assert (first.source_line, first.cure) == ("cursor.execute(q + name)", "Use parameters.")
    assert (second.rule, second.severity, second.path, second.line) == ("py/unused", "low", "", None)


@pytest.mark.parametrize(("score", "severity"), [("9.8", "critical"), (7.0, "high"), ("6.9", "medium"), ("0.1", "low")])
def test_sarif_security_severity_ranks_as_elsewhere(score: object, severity: str) -> None:
    rule = ("runs", 0, "tool", "driver", "rules", 0, "properties", "security-severity")
    assert parse("sarif", changed(SARIF, *rule, to=score)).facts[0].severity == severity


def test_junit_tells_failed_and_broken_tests_and_no_others() -> None:
    failed, broken = parse("junit", SAMPLES["junit"]).facts
    assert (failed.rule, failed.path, failed.line) == ("shop.tests.test_views.test_total", "shop/tests/test_views.py", 14)
    assert failed.message == "The test failed: assert 3 == 4"
    assert broken.message == "The test could not run: fixture 'basket' not found"


def test_cobertura_tells_files_that_are_not_run_whole() -> None:
    (found,) = parse("cobertura", SAMPLES["cobertura"]).facts
    assert (found.tool, found.severity, found.path, found.line) == ("coverage", "info", "shop/views.py", 2)
    assert "2 of 4 lines" in found.message


def test_trivy_tells_vulnerabilities_failed_checks_and_secrets_without_their_text() -> None:
    weak, wrong, secret = parse("trivy", SAMPLES["trivy"]).facts
    assert (weak.rule, weak.severity, weak.cure) == ("CVE-2024-45231", "medium", "Upgrade django to 4.2.16.")
    assert (wrong.rule, wrong.severity, wrong.line) == ("DS002", "high", 3)
    assert (secret.rule, secret.severity, "AKIA" in str(secret)) == ("aws-access-key-id", "critical", False)


def test_checkov_tells_failed_checks_of_every_framework() -> None:
    (found,) = parse("checkov", SAMPLES["checkov"]).facts
    assert (found.rule, found.severity, found.path, found.line) == ("CKV_AWS_20", "medium", "main.tf", 4)
    assert found.message.startswith("aws_s3_bucket.media: S3 Bucket")


def test_our_own_format_says_it_plainly() -> None:
    parsed = parse("generic", SAMPLES["generic"])
    assert parsed.tool == "house-linter"
    assert [(one.rule, one.severity, one.path) for one in parsed.facts] == [("H1", "high", "shop/views.py"), ("H2", "medium", "")]


@pytest.mark.parametrize("format", FORMATS)
def test_every_fact_can_be_kept(format: str) -> None:
    for one in parse(format, SAMPLES[format]).facts:
        assert one.severity in SEVERITIES
        assert (len(one.tool) <= 40, len(one.rule) <= 200, len(one.path) <= 500, bool(one.message)) == (True,) * 4


def test_a_name_given_goes_before_the_reports_own() -> None:
    parsed = parse("sarif", SAMPLES["sarif"], "semgrep")
    assert {parsed.tool, *(one.tool for one in parsed.facts)} == {"semgrep"}


@pytest.mark.parametrize(
    ("format", "content", "place"),
    [
        ("sarif", changed(SARIF, "runs", 0, "results", to=7), "$.runs[0].results: a list is needed, and this is a number"),
        ("sarif", changed(SARIF, "runs", 0, "results", 1, "message", to="text"), "$.runs[0].results[1].message: an object"),
        ("sarif", changed(SARIF, "version", to="1.0.0"), "$.version"),
        ("sarif", changed(SARIF, "runs", 0, "results", 1, "level", to="awful"), "$.runs[0].results[1]: there is no severity"),
        ("trivy", changed(TRIVY, "SchemaVersion", to=None), "$.SchemaVersion"),
        ("trivy", changed(TRIVY, "Results", 0, "Vulnerabilities", 0, "PkgName", to=[]), "$.Results[0].Vulnerabilities[0].PkgName"),
        ("trivy", changed(TRIVY, "Results", 1, "Misconfigurations", 0, "CauseMetadata", to=[1]), "CauseMetadata: an object"),
        (
            "generic",
            changed(GENERIC, "facts", 0, "line", to=True),
            "$.facts[0].line: a whole number is needed, and this is yes or no",
        ),
        ("generic", changed(GENERIC, "facts", 0, "line", to=1e300), "$.facts[0].line"),
        ("generic", changed(GENERIC, "facts", 0, "odd", to=1), "$.facts[0]: there is no field 'odd'"),
        ("generic", changed(GENERIC, "facts", 1, "message", to=" "), "$.facts[1].message"),
        ("generic", b'{"tool": "x",\n "facts": [}', "Line 2, column 12"),
        ("junit", b"<testsuites>\n<testsuite></testsuites>", "Line 2, column"),
        ("junit", b"<html/>", "The root is <html>"),
        ("cobertura", SAMPLES["junit"], "The root is <testsuites>"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(format: str, content: bytes, place: str) -> None:
    with pytest.raises(Invalid) as error:
        parse(format, content)
    assert place in str(error.value)


@pytest.mark.parametrize("path", ["../etc/passwd", "a/../../b", "..\\windows", "%2e%2e/x", "file:///repo/../../x"])
def test_a_path_that_climbs_is_refused(path: str) -> None:
    with pytest.raises(Invalid, match="climbs"):
        parse("generic", changed(GENERIC, "facts", 0, "path", to=path))


@pytest.mark.parametrize(
    "path", ["file:///shop/views.py", "/shop/views.py", "./shop/views.py", "shop\\views.py", "C:\\shop\\views.py"]
)
def test_paths_of_other_shapes_are_the_same_path(path: str) -> None:
    assert parse("generic", changed(GENERIC, "facts", 0, "path", to=path)).facts[0].path == "shop/views.py"


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00\x01\xff",
        b"null",
        b"7",
        b"[[[",
        b"{}",
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"[" + b"[]," * 1_000_001 + b"[]]",
        b"9" * 10_000,
        b"NaN",
        b"<a>" * 200_000,
        b"<a/>" * 1_000_001,
        BILLION_LAUGHS.encode(),
        EXTERNAL.encode(),
        BILLION_LAUGHS.encode("utf-16"),
        b'<?xml version="1.0" encoding="odd"?><testsuites/>',
    ],
    ids=lambda content: repr(content[:16]),
)
def test_a_hostile_report_is_refused_soon(format: str, content: bytes) -> None:
    began = time.monotonic()
    try:
        assert parse(format, content).facts == ()
    except Invalid as error:
        assert len(error.message) < 400
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("content", [BILLION_LAUGHS, EXTERNAL])
@pytest.mark.parametrize("format", ["junit", "cobertura"])
def test_entities_are_never_read(format: str, content: str) -> None:
    with pytest.raises(Invalid, match="entities"):
        parse(format, content.encode())


def test_texts_are_cut_and_cleaned() -> None:
    content = changed(GENERIC, "facts", 0, "message", to="a\x00b\x1b[31m\ud800" + "x" * 100_000)
    (first, _) = parse("generic", content).facts
    assert first.message.startswith("ab[31mxxx")
    assert len(first.message) == 500


def test_lines_that_no_file_has_are_left_out() -> None:
    for line in (0, -1, 2**40):
        assert parse("generic", changed(GENERIC, "facts", 0, "line", to=line)).facts[0].line is None


def test_a_report_with_too_many_findings_is_refused() -> None:
    facts = [{"rule": "H1", "message": str(number)} for number in range(MOST_FACTS + 1)]
    with pytest.raises(Invalid, match="more than 5000"):
        parse("generic", json.dumps({"tool": "x", "facts": facts}).encode())


def test_a_format_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(Invalid, match="sarif"):
        parse("pdf", b"")
