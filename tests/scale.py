"""Rows by the thousand, written by the database itself: what the pages look like to somebody with a great many applications."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

from controlplane.core.secrets import seal


@dataclass(frozen=True, slots=True)
class Load:
    """How many rows of each kind; every application has two environments, staging and production."""

    applications: int
    runs: int
    deployments: int
    findings: int
    changes: int
    incidents: int


def fill(load: Load) -> None:
    """Write the rows. Runs, deployments and changes go round all environments; most ended well, some did not."""
    with connection.cursor() as cursor:
        for statement, rows in _statements(load):
            cursor.execute(statement, {"rows": rows, "sealed": seal("{}")})
        for table in _TABLES:
            cursor.execute(f"ANALYZE {table}")


def settle() -> None:
    """Vacuum what was written, as happens a minute later by itself: not beside what is measured. Outside a transaction."""
    with connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"VACUUM {table}")


def _statements(load: Load) -> list[tuple[str, int]]:
    return [
        (_APPLICATIONS, load.applications),
        (_ENVIRONMENTS, load.applications),
        (_RELEASES, load.applications),
        (_RUNS, load.runs),
        (_DEPLOYMENTS, load.deployments),
        (_LIVE, 0),
        (_FINDINGS, load.findings),
        (_CHANGES, load.changes),
        (_INCIDENTS, load.incidents),
    ]


_TABLES = (
    "workloads_application", "workloads_environment", "workloads_release", "agents_run",
    "workloads_deployment", "workloads_finding", "workloads_change", "workloads_incident",
)  # fmt: skip
_APPLICATIONS = """
INSERT INTO workloads_application
    (name, repository, folder, default_ref, understood, health_path, allow_unpinned_sources, created_at)
SELECT 'app-' || lpad(n::text, 6, '0'), '/nowhere/' || n, '', 'HEAD', '{}', '', false, now()
FROM generate_series(1, %(rows)s) n
"""
_ENVIRONMENTS = """
INSERT INTO workloads_environment
    (application_id, name, driver, tier, required_role, held_because, fence, created_at)
SELECT a.id, tier, 'process', tier, '', '', 0, now()
FROM workloads_application a, unnest(ARRAY['staging', 'production']) tier
WHERE a.name LIKE 'app-%%' AND %(rows)s > 0 ORDER BY a.name, tier
"""
_RELEASES = """
INSERT INTO workloads_release
    (application_id, ref, commit, commit_author, message, artefact_digest, configuration_digest, configuration,
     run_plan, image, created_at)
SELECT id, 'v1', md5(name) || '00000000', 'somebody', 'What changed', md5(name), md5(name), %(sealed)s, '{}', '', now()
FROM workloads_application WHERE name LIKE 'app-%%' AND %(rows)s > 0
"""
_PLACES = """
WITH places AS (
    SELECT e.id, e.application_id, row_number() OVER (ORDER BY e.id) - 1 AS place
    FROM workloads_environment e JOIN workloads_application a ON a.id = e.application_id WHERE a.name LIKE 'app-%%'
)
"""
_RUNS = (
    _PLACES
    + """
INSERT INTO agents_run
    (workflow, environment_id, status, input, result, requested_by_label, idempotency_key, lease_owner, fence, claims,
     cancel_requested_by, last_event, created_at, started_at, finished_at)
SELECT CASE WHEN n %% 10 = 0 THEN 'rollback' ELSE 'deploy' END, p.id,
    CASE WHEN n %% 20 = 0 THEN 'failed' WHEN n %% 50 = 1 THEN 'stopped' ELSE 'succeeded' END,
    '{"ref": "v1"}', '{"summary": "As it should be."}', 'somebody', 'load-' || n, '', 2, 0, '', 0,
    now() - interval '90 days' + n * interval '5 seconds', now() - interval '90 days' + n * interval '5 seconds', now()
FROM generate_series(1, %(rows)s) n JOIN places p ON p.place = n %% (SELECT count(*) FROM places) ORDER BY n
"""
)
_DEPLOYMENTS = (
    _PLACES
    + """
INSERT INTO workloads_deployment
    (environment_id, release_id, kind, automatic, status, verdict, evidence, created_at, started_at, finished_at)
SELECT p.id, r.id, CASE WHEN n %% 10 = 0 THEN 'roll_back' ELSE 'roll_out' END, false,
    CASE WHEN n %% 30 = 0 THEN 'failed' ELSE 'superseded' END, 'passed', '{}', now(), now(), now()
FROM generate_series(1, %(rows)s) n JOIN places p ON p.place = n %% (SELECT count(*) FROM places)
JOIN workloads_release r ON r.application_id = p.application_id ORDER BY n
"""
)
_LIVE = """
UPDATE workloads_deployment SET status = 'live' WHERE id IN (
    SELECT DISTINCT ON (environment_id) id FROM workloads_deployment
    WHERE status = 'superseded' AND %(rows)s = 0 ORDER BY environment_id, id DESC
)
"""
_FINDINGS = """
WITH places AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM workloads_application WHERE name LIKE 'app-%%')
INSERT INTO workloads_finding
    (application_id, tool, rule, severity, path, line, message, cure, fingerprint, first_seen_at, last_seen_at,
     new, fixed_at, suppressed_reason, suppressed_by)
SELECT a.id, (ARRAY['ruff', 'bandit', 'pip-audit'])[1 + n %% 3], 'R' || n %% 40,
    (ARRAY['info', 'low', 'medium', 'high', 'critical'])[1 + (n / 7) %% 5], 'shop/views.py', n %% 500, 'Something is odd', '',
    md5(n::text), now(), now(), n %% 11 = 0, CASE WHEN n %% 3 = 0 THEN now() END, '', ''
FROM generate_series(1, %(rows)s) n
JOIN places a ON a.place = n %% (SELECT count(*) FROM places) ORDER BY n
"""
_CHANGES = (
    _PLACES
    + """
INSERT INTO workloads_change
    (environment_id, title, status, preview, preview_sha256, risk, reasons, quorum, required_role, policy_approves, proposed_by,
     proposer_emails, idempotency_key, fence, override_reason, refused_because, excepted_because, result, created_at, expires_at)
SELECT p.id, 'Roll out v1.', CASE WHEN n <= 5 THEN 'waiting' ELSE 'applied' END, '{}', encode(sha256('{}'), 'hex'), 'low', '[]', 1,
    'approver', false, 'somebody', '{}', 'load-' || n, 0, '', '', '', '{}', now(), now() + interval '1 day'
FROM generate_series(1, %(rows)s) n JOIN places p ON p.place = n %% (SELECT count(*) FROM places) ORDER BY n
"""
)
_INCIDENTS = (
    _PLACES
    + """
INSERT INTO workloads_incident
    (environment_id, title, opener, cause, about, alert_count, firing_count, reopened, diagnosed, escalated_because,
     status, evidence, opened_at, resolved_at)
SELECT p.id, 'The health page answers 500', 'person', '', '', 0, 0, 0, '', '',
    CASE WHEN n <= 5 THEN 'open' ELSE 'resolved' END, '{}', now(), CASE WHEN n <= 5 THEN NULL ELSE now() END
FROM generate_series(1, %(rows)s) n JOIN places p ON p.place = n %% (SELECT count(*) FROM places) ORDER BY n
"""
)
