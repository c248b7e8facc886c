"""Previews: the same rows give the same bytes, what matters changes them, secrets are not in them."""

from __future__ import annotations

import json

import pytest

from tests.workloads.stage import Stage
from workloads import actions, previews
from workloads.models import Variable
from workloads.previews import Facts, Migration
from workloads.schema import Classified, Kind

pytestmark = pytest.mark.django_db
COMMITS = ({"sha": "a" * 40, "author": "Dan", "message": "Use token=hunter2hunter2 for now"},)


def _document(stage: Stage, ref: str = "v2", facts: Facts | None = None, **values: object) -> dict[str, object]:
    release = stage.release(ref, **values)
    shown = actions.preview(stage.environment, [actions.roll_out(release, facts or Facts())]).document()
    first: dict[str, object] = shown["actions"][0]
    return first


def test_the_same_rows_give_the_same_bytes(production: Stage) -> None:
    draft = actions.roll_out(production.release("v1"), Facts(commits=COMMITS, files=("a.py",)))
    first, second = (actions.preview(production.environment, [draft]) for _ in range(2))
    assert first == second
    assert first.sha256 == previews.sha256(first.content)
    assert json.dumps(first.document(), sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() == first.content


def test_it_says_in_a_sentence_what_will_happen_to_what(production: Stage) -> None:
    assert _document(production)["what"] == "Roll out v2 of shop in production as its first release."
    production.live(production.release("v1"))
    assert _document(production)["what"] == "Roll out v2 of shop in production, replacing v1."


def test_secrets_are_masked_and_what_changed_is_named(production: Stage) -> None:
    old = {
        "PLAIN": {"value": "a", "secret": False},
        "API_TOKEN": {"value": "one-secret", "secret": False},
        "GONE": {"value": "x", "secret": True},
        "SAME": {"value": "s", "secret": False},
    }
    new = {
        "PLAIN": {"value": "b", "secret": False},
        "API_TOKEN": {"value": "two-secret", "secret": False},
        "DATABASE_URL": {"binding": "database.url", "secret": True},
        "SAME": {"value": "s", "secret": False},
    }
    production.live(production.release("v1", configuration=old))
    shown = _document(production, configuration=new)
    diff = {row["name"]: (row["change"], row["before"], row["after"]) for row in shown["configuration"]}  # type: ignore[attr-defined]
    assert diff == {
        "API_TOKEN": ("changed", previews.MASKED, previews.MASKED),
        "DATABASE_URL": ("added", None, "provided: database.url"),
        "GONE": ("removed", previews.MASKED, None),
        "PLAIN": ("changed", "a", "b"),
    }
    assert "one-secret" not in str(shown)
    assert "two-secret" not in str(shown)


def test_a_variable_s_value_is_bound_by_the_hash_and_not_told(production: Stage) -> None:
    draft = actions.roll_out(production.release("v1"), Facts())
    Variable.objects.create(environment=production.environment, name="PASSWORD", value="correct horse")
    first = actions.preview(production.environment, [draft])
    Variable.objects.update(value=production.environment.name)
    Variable.objects.all()[0].save()
    second = actions.preview(production.environment, [draft])
    assert first.sha256 != second.sha256
    assert b"correct horse" not in first.content


def test_what_a_commit_says_is_redacted(production: Stage) -> None:
    assert "hunter2" not in str(_document(production, facts=Facts(commits=COMMITS), message="password=hunter2hunter2"))


def test_processes_and_steps_are_compared(production: Stage) -> None:
    old = {"processes": {"web": ["gunicorn", "shop.wsgi"], "beat": ["celery", "beat"]}}
    new = {
        "processes": {"web": ["uvicorn", "shop.asgi"], "worker": ["celery", "worker"]},
        "release_steps": [{"name": "cache table", "run": ["python", "manage.py", "createcachetable"], "when": "release"}],
    }
    production.live(production.release("v1", run_plan=old))
    shown = _document(production, run_plan=new)
    assert [(row["name"], row["change"]) for row in shown["processes"]] == [  # type: ignore[attr-defined]
        ("beat", "removed"),
        ("web", "changed"),
        ("worker", "added"),
    ]
    assert shown["release_steps"] == new["release_steps"]


def test_a_classified_migration_stands_for_itself_and_survives_storing() -> None:
    classified = Classified(
        app="orders",
        migration="0007_drop_total",
        operation="RemoveField",
        text="Remove field total from order",
        kinds=(Kind.BREAKS_OLD_CODE, Kind.IRREVERSIBLE),
        reason="The running release reads it.",
    )
    migration = Migration.of(classified)
    assert migration.reason == "orders.0007_drop_total: Remove field total from order. The running release reads it."
    assert migration.kinds == ("breaks_old_code", "irreversible")
    assert previews.migrations_of(json.loads(json.dumps(Facts(migrations=(migration,)).as_json()))) == [migration]
