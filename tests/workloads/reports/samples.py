"""Reports as the tools write them, shortened."""

from __future__ import annotations

import json
from typing import Any

SARIF: dict[str, Any] = {
    "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
    "version": "2.1.0",
    "runs": [
        {
            "tool": {
                "driver": {
                    "name": "CodeQL",
                    "rules": [
                        {"id": "py/sql-injection", "properties": {"security-severity": "8.8"}, "help": {"text": "Use parameters."}},
                        {"id": "py/unused", "defaultConfiguration": {"level": "note"}},
                    ],
                }
            },
            "results": [
                {
                    "ruleId": "py/sql-injection",
                    "ruleIndex": 0,
                    "level": "error",
                    "message": {"text": "This query depends on a user-provided value."},
                    "locations": [
                        {
                            "physicalLocation": {
                                "artifactLocation": {"uri": "shop/views.py", "uriBaseId": "%SRCROOT%"},
                                "region": {"startLine": 12, "snippet": {"text": "cursor.execute(q + name)"}},
                            }
                        }
                    ],
                },
                {"ruleIndex": 1, "message": {"text": "Import of os is not used."}},
                {"ruleId": "py/unused", "message": {"text": "Known."}, "suppressions": [{"kind": "inSource"}]},
                {"ruleId": "py/unused", "message": {"text": "Gone."}, "baselineState": "absent"},
                {"ruleId": "py/unused", "kind": "pass", "message": {"text": "Well."}},
            ],
        }
    ],
}
JUNIT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="1" skipped="1" tests="4" time="0.1">
<testcase classname="shop.tests.test_views" name="test_total" file="shop/tests/test_views.py" line="14" time="0.01">
<failure message="assert 3 == 4">def test_total(): ...</failure></testcase>
<testcase classname="shop.tests.test_views" name="test_setup"><error>
fixture 'basket' not found
</error></testcase>
<testcase classname="shop.tests.test_views" name="test_skip"><skipped message="later"/></testcase>
<testcase classname="shop.tests.test_views" name="test_well"/></testsuite></testsuites>
"""
COBERTURA = """<?xml version="1.0" ?>
<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">
<coverage version="7.6.1" line-rate="0.75" lines-covered="3" lines-valid="4">
<packages><package name="shop"><classes>
<class name="views.py" filename="shop/views.py" line-rate="0.5"><methods/><lines>
<line number="1" hits="1"/><line number="2" hits="0"/><line number="3" hits="0"/><line number="4" hits="1"/></lines></class>
<class name="urls.py" filename="shop/urls.py"><methods/><lines><line number="1" hits="1"/></lines></class>
</classes></package></packages></coverage>
"""
TRIVY: dict[str, Any] = {
    "SchemaVersion": 2,
    "ArtifactName": "shop:latest",
    "Results": [
        {
            "Target": "requirements.txt",
            "Class": "lang-pkgs",
            "Type": "pip",
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "CVE-2024-45231",
                    "PkgName": "django",
                    "InstalledVersion": "4.2.1",
                    "FixedVersion": "4.2.16",
                    "Severity": "MEDIUM",
                    "Title": "Potential user email enumeration",
                }
            ],
        },
        {
            "Target": "Dockerfile",
            "Class": "config",
            "Misconfigurations": [
                {
                    "ID": "DS002",
                    "Title": "Image user should not be 'root'",
                    "Message": "Specify at least 1 USER command",
                    "Resolution": "Add a USER line.",
                    "Severity": "HIGH",
                    "Status": "FAIL",
                    "CauseMetadata": {"StartLine": 3},
                },
                {"ID": "DS001", "Severity": "LOW", "Status": "PASS"},
            ],
        },
        {
            "Target": "shop/settings.py",
            "Class": "secret",
            "Secrets": [
                {
                    "RuleID": "aws-access-key-id",
                    "Severity": "CRITICAL",
                    "Title": "AWS Access Key ID",
                    "StartLine": 7,
                    "Match": "KEY = 'AKIAIOSFODNN7EXAMPLE'",
                }
            ],
        },
        {"Target": "app.jar"},
    ],
}
CHECKOV: list[dict[str, Any]] = [
    {
        "check_type": "terraform",
        "results": {
            "passed_checks": [],
            "failed_checks": [
                {
                    "check_id": "CKV_AWS_20",
                    "check_name": "S3 Bucket has an ACL defined which allows public READ access.",
                    "file_path": "/main.tf",
                    "file_line_range": [4, 9],
                    "resource": "aws_s3_bucket.media",
                    "severity": None,
                    "guideline": "https://docs.example/ckv-aws-20",
                }
            ],
        },
        "summary": {"passed": 0, "failed": 1},
    },
    {"passed": 0, "failed": 0, "skipped": 0},
]
GENERIC: dict[str, Any] = {
    "tool": "house-linter",
    "facts": [
        {"rule": "H1", "severity": "high", "message": "Too long.", "path": "shop/views.py", "line": 3, "cure": "Split it."},
        {"rule": "H2", "message": "No docstring."},
    ],
}
SAMPLES: dict[str, bytes] = {
    "sarif": json.dumps(SARIF).encode(),
    "junit": JUNIT.encode(),
    "cobertura": COBERTURA.encode(),
    "trivy": json.dumps(TRIVY).encode(),
    "checkov": json.dumps(CHECKOV).encode(),
    "generic": json.dumps(GENERIC).encode(),
}
