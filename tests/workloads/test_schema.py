"""Every kind of pending operation, asked of real Django before a real PostgreSQL, and what is made of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings

from tests.workloads import schema_cases
from workloads.described import Inside, PendingMigrations, pending_migrations
from workloads.schema import Classified, Column, Kind, Operation, Situation, classify, classify_plan

SAFE, LOCKS, BREAKS, GONE = {Kind.SAFE_ONLINE}, {Kind.LOCKS}, {Kind.BREAKS_OLD_CODE}, {Kind.IRREVERSIBLE}
CASES: dict[str, tuple[str, set[Kind]]] = {
    # tables
    "create_model": ('migrations.CreateModel("Shelf", [("id", models.BigAutoField(primary_key=True))]),', SAFE),
    "create_with_key": (
        'migrations.CreateModel("Shelf", [("id", models.BigAutoField(primary_key=True)),'
        ' ("book", models.ForeignKey("%(app)s.Book", CASCADE))]),',
        SAFE,
    ),
    "delete_model": ('migrations.DeleteModel("Book"),', BREAKS),
    "delete_unmanaged": ('migrations.DeleteModel("View"),', SAFE),
    "rename_model": ('migrations.RenameModel("Author", "Writer"),', BREAKS),
    "rename_keeping_table": (
        'migrations.SeparateDatabaseAndState([], [migrations.AlterModelTable("author", "%(app)s_author")]),'
        ' migrations.AlterModelTable("author", "%(app)s_author"),',
        SAFE,
    ),
    "alter_table": ('migrations.AlterModelTable("book", "books"),', BREAKS),
    "options": ('migrations.AlterModelOptions("book", {"ordering": ["title"]}),', SAFE),
    "managers": ('migrations.AlterModelManagers("book", []),', SAFE),
    # new columns
    "add_null": ('migrations.AddField("book", "a", models.TextField(null=True)),', SAFE),
    "add_null_default": ('migrations.AddField("book", "a", models.TextField(null=True, default="x")),', SAFE),
    "add_required": ('migrations.AddField("book", "a", models.TextField(default="x")),', LOCKS),
    "add_db_default": ('migrations.AddField("book", "a", models.TextField(db_default="x")),', SAFE),
    "add_now": ('migrations.AddField("book", "a", models.DateTimeField(db_default=Now())),', SAFE),
    "add_unique": ('migrations.AddField("book", "a", models.TextField(null=True, unique=True)),', LOCKS),
    "add_indexed": ('migrations.AddField("book", "a", models.IntegerField(null=True, db_index=True)),', LOCKS),
    "add_key": (
        'migrations.AddField("book", "a", models.ForeignKey("%(app)s.Author", CASCADE, null=True, related_name="+")),',
        LOCKS,
    ),
    "add_loose_key": (
        'migrations.AddField("book", "a", models.ForeignKey("%(app)s.Author", CASCADE, null=True, related_name="+",'
        " db_constraint=False, db_index=False)),",
        SAFE,
    ),
    "add_many": ('migrations.AddField("book", "a", models.ManyToManyField("%(app)s.Author", related_name="+")),', SAFE),
    "add_generated": (
        'migrations.AddField("book", "a", models.GeneratedField(expression=models.F("pages") + 1,'
        " output_field=models.IntegerField(), db_persist=True)),",
        LOCKS,
    ),
    "add_to_new": (
        'migrations.CreateModel("Shelf", [("id", models.BigAutoField(primary_key=True))]),'
        ' migrations.AddField("shelf", "a", models.TextField(default="x", unique=True)),',
        SAFE,
    ),
    # columns that go or change their name
    "remove": ('migrations.RemoveField("book", "title"),', BREAKS),
    "remove_many": ('migrations.RemoveField("book", "readers"),', BREAKS),
    "rename": ('migrations.RenameField("book", "title", "name"),', BREAKS),
    "rename_keeping_column": ('migrations.RenameField("book", "shelf", "rack"),', SAFE),
    "add_and_remove": (
        'migrations.AddField("book", "a", models.TextField(null=True)), migrations.RemoveField("book", "a"),',
        SAFE,
    ),
    # columns that change
    "alter_choices": ('migrations.AlterField("book", "title", models.CharField(max_length=50, choices=[("a", "b")])),', SAFE),
    "alter_longer": ('migrations.AlterField("book", "title", models.CharField(max_length=80)),', SAFE),
    "alter_to_text": ('migrations.AlterField("book", "title", models.TextField()),', SAFE),
    "alter_shorter": ('migrations.AlterField("book", "title", models.CharField(max_length=10)),', LOCKS),
    "alter_required": ('migrations.AlterField("book", "note", models.CharField(max_length=50, default="")),', LOCKS),
    "alter_optional": ('migrations.AlterField("book", "title", models.CharField(max_length=50, null=True)),', SAFE),
    "alter_bigger_integer": ('migrations.AlterField("book", "pages", models.BigIntegerField(null=True)),', LOCKS),
    "alter_other_type": ('migrations.AlterField("book", "title", models.IntegerField()),', LOCKS | BREAKS),
    "alter_wider_decimal": ('migrations.AlterField("book", "price", models.DecimalField(max_digits=9, decimal_places=2)),', SAFE),
    "alter_scale": ('migrations.AlterField("book", "price", models.DecimalField(max_digits=9, decimal_places=4)),', LOCKS),
    "alter_unique": ('migrations.AlterField("book", "pages", models.IntegerField(null=True, unique=True)),', LOCKS),
    "alter_indexed": ('migrations.AlterField("book", "title", models.CharField(max_length=50, db_index=True)),', LOCKS),
    "alter_column": ('migrations.AlterField("book", "title", models.CharField(max_length=50, db_column="t")),', BREAKS),
    "alter_constrained": (
        'migrations.AlterField("book", "writer", models.ForeignKey("%(app)s.Author", CASCADE, null=True, db_column="writer",'
        ' related_name="+")),',
        LOCKS,
    ),
    "alter_default": ('migrations.AlterField("book", "title", models.CharField(max_length=50, default="x")),', SAFE),
    "order": ('migrations.AlterOrderWithRespectTo("book", "author"),', LOCKS),
    # indexes and constraints
    "add_index": ('migrations.AddIndex("book", models.Index(fields=["title"], name="%(app)s_t")),', LOCKS),
    "add_index_concurrently": ('pg.AddIndexConcurrently("book", models.Index(fields=["title"], name="%(app)s_t")),', SAFE),
    "remove_index": ('migrations.RemoveIndex("book", "%(app)s_pages"),', SAFE),
    "rename_index": ('migrations.RenameIndex("book", new_name="%(app)s_p", old_name="%(app)s_pages"),', SAFE),
    "add_check": (
        'migrations.AddConstraint("book", models.CheckConstraint(condition=models.Q(pages__gt=0), name="%(app)s_c")),',
        LOCKS,
    ),
    "add_unique_constraint": (
        'migrations.AddConstraint("book", models.UniqueConstraint(fields=["pages"], name="%(app)s_u")),',
        LOCKS,
    ),
    "add_check_not_valid": (
        'pg.AddConstraintNotValid("book", models.CheckConstraint(condition=models.Q(pages__gt=0), name="%(app)s_c")),',
        SAFE,
    ),
    "remove_unique_together": ('migrations.AlterUniqueTogether("book", set()),', SAFE),
    "add_unique_together": ('migrations.AlterUniqueTogether("book", {("title", "note"), ("title", "pages")}),', LOCKS),
    # code and SQL
    "python_with_reverse": ("migrations.RunPython(forwards, migrations.RunPython.noop),", SAFE),
    "python_without": ("migrations.RunPython(forwards),", GONE),
    "sql_with_reverse": ('migrations.RunSQL("UPDATE %(app)s_book SET pages = 1", "SELECT 1"),', SAFE),
    "sql_without": ('migrations.RunSQL("SELECT 1"),', GONE),
    "sql_index": ('migrations.RunSQL("CREATE INDEX x ON %(app)s_book (title)", "DROP INDEX x"),', LOCKS),
    "sql_index_concurrently": ('migrations.RunSQL("CREATE INDEX CONCURRENTLY x ON %(app)s_book (title)", "DROP INDEX x"),', SAFE),
    "sql_drop_column": ('migrations.RunSQL("ALTER TABLE %(app)s_book DROP COLUMN title", "SELECT 1"),', BREAKS),
    "sql_drop_table": ('migrations.RunSQL("DROP TABLE %(app)s_book CASCADE"),', BREAKS | GONE),
    "sql_rename": ('migrations.RunSQL([("ALTER TABLE %(app)s_book RENAME title TO t", None)], "SELECT 1"),', BREAKS),
    "sql_not_null": ('migrations.RunSQL("ALTER TABLE %(app)s_book ALTER note SET NOT NULL", "SELECT 1"),', LOCKS),
    "sql_comment": ('migrations.RunSQL("-- DROP TABLE %(app)s_book\\nSELECT \'DROP TABLE %(app)s_book\'", "SELECT 1"),', SAFE),
    "sql_constraint_not_valid": (
        'migrations.RunSQL("ALTER TABLE %(app)s_book ADD CONSTRAINT c CHECK (pages > 0) NOT VALID", "SELECT 1"),',
        SAFE,
    ),
    "state_only": ('migrations.SeparateDatabaseAndState([], [migrations.RemoveField("book", "title")]),', SAFE),
    "database_only": ('migrations.SeparateDatabaseAndState([migrations.RemoveField("book", "title")], []),', BREAKS),
    "separate_irreversible": ("migrations.SeparateDatabaseAndState([migrations.RunPython(forwards)], []),", GONE),
    "extension": ('pg.CreateExtension("pg_trgm"),', SAFE),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """The project of all cases, its first migrations applied to a database of its own."""
    folder, name = tmp_path_factory.mktemp("cases"), "schema_cases"
    server = psycopg.connect(settings.DATABASE_URL, autocommit=True)
    server.execute(f"DROP DATABASE IF EXISTS {name}")
    server.execute(f"CREATE DATABASE {name}")
    parts = urlsplit(settings.DATABASE_URL)
    variables = {
        "DB_ENGINE": "django.db.backends.postgresql",
        "DB_NAME": name,
        "DB_USER": parts.username,
        "DB_PASSWORD": parts.password,
    }
    variables |= {"DB_HOST": parts.hostname, "DB_PORT": str(parts.port)}
    inside = Inside(Path(sys.executable), folder, {key: str(value) for key, value in variables.items()})
    operations = {case: text for case, (text, _) in CASES.items()}
    schema_cases.write(folder, operations)
    migrate = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(migrate, cwd=folder, env=inside.environment, check=True)
    server.execute(f"SELECT 1 FROM pg_database WHERE datname = '{name}'")
    schema_cases.add_second(folder, operations)
    yield inside
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.close()


@pytest.fixture(scope="module")
def pending(project: Inside) -> PendingMigrations:
    return pending_migrations(project)


@pytest.fixture(scope="module")
def classified(pending: PendingMigrations) -> dict[str, list[Classified]]:
    found: dict[str, list[Classified]] = {}
    for one in classify_plan(pending.operations, Situation()):
        found.setdefault(one.app, []).append(one)
    return found


@pytest.mark.parametrize("case", CASES)
def test_an_operation_is_classed(case: str, classified: dict[str, list[Classified]]) -> None:
    """A case with several operations is as grave as they are together."""
    kinds = {kind for one in classified[case] for kind in one.kinds}
    assert (kinds - SAFE or SAFE) == CASES[case][1], [one.reason for one in classified[case]]


def test_every_class_has_its_reason_in_words(classified: dict[str, list[Classified]]) -> None:
    assert not [one for ones in classified.values() for one in ones if not one.reason.endswith(".")]


def test_inserts_of_the_running_release_fail_without_a_default_in_the_database(classified: dict[str, list[Classified]]) -> None:
    assert "every row that the running release inserts" in classified["add_required"][0].warnings[0]
    assert not classified["add_db_default"][0].warnings
    assert "without note are refused" in classified["alter_required"][0].warnings[0]


def test_what_goes_is_said_to_be_lost(classified: dict[str, list[Classified]]) -> None:
    assert classified["remove"][0].loses_data
    assert not classified["rename"][0].loses_data


def test_the_sql_is_shown(classified: dict[str, list[Classified]]) -> None:
    assert any("ADD COLUMN" in line for line in classified["add_null"][0].sql)
    assert any("CREATE INDEX CONCURRENTLY" in line for line in classified["add_index_concurrently"][0].sql)


def test_asking_changed_nothing(project: Inside, pending: PendingMigrations) -> None:
    assert len(pending_migrations(project).pending) == len(pending.pending) == len(CASES)


def test_a_column_that_the_running_release_no_longer_reads_may_go(pending: PendingMigrations) -> None:
    (remove,) = [one for one in pending.operations if one.app == "remove"]
    still = Situation(reads={"remove_book": frozenset({"id", "title"})})
    no_more = Situation(reads={"remove_book": frozenset({"id"})})
    assert classify(remove, still).kinds == (Kind.BREAKS_OLD_CODE,)
    assert classify(remove, no_more).kinds == (Kind.SAFE_ONLINE,)
    assert classify(remove, no_more).loses_data


def test_nothing_breaks_where_nothing_runs(pending: PendingMigrations) -> None:
    classes = classify_plan(pending.operations, Situation(running=False))
    assert not [one for one in classes if Kind.BREAKS_OLD_CODE in one.kinds]
    assert [one for one in classes if Kind.IRREVERSIBLE in one.kinds]


def test_an_empty_database_waits_for_nothing() -> None:
    index = Operation("a", "0001", "AddIndex", table="a_b", thing_name="i")
    assert classify(index, Situation(database_empty=True)).safe
    code = Operation("a", "0001", "RunPython", reversible=False)
    assert classify(code, Situation(database_empty=True)).safe, "there is nothing to go back to"


def test_sqlite_copies_a_table_to_alter_it() -> None:
    old, new = Column("title", type="varchar(50)", column="title"), Column("title", type="varchar(80)", column="title")
    alter = Operation("a", "0002", "AlterField", table="a_b", old_field=old, field=new, sql=('CREATE TABLE "new__a_b"',))
    assert classify(alter, Situation(vendor="sqlite")).kinds == (Kind.LOCKS,)
    assert classify(alter, Situation(vendor="postgresql")).safe


def test_an_operation_of_the_team_is_known_by_what_it_is_made_from() -> None:
    own = Operation("a", "0002", "AddQuietIndex", bases=("AddQuietIndex", "AddIndexConcurrently", "AddIndex"), atomic=False)
    assert classify(own).safe


def test_an_unknown_operation_is_taken_with_care() -> None:
    assert classify(Operation("a", "0002", "Surprise", sql=None)).kinds == (Kind.LOCKS,)
    assert classify(Operation("a", "0002", "Surprise", sql=("DROP TABLE a_b",))).kinds == (Kind.BREAKS_OLD_CODE,)


def test_a_concurrent_index_inside_a_transaction_is_foretold_to_fail() -> None:
    assert "will fail" in classify(Operation("a", "0002", "AddIndexConcurrently", atomic=True)).warnings[0]


def test_the_size_of_what_is_locked_is_said() -> None:
    index = Operation("a", "0002", "AddIndex", table="a_b", rows=10_001)
    assert "more than 10,000 rows" in classify(index).reason


def test_a_class_survives_being_stored() -> None:
    one = classify(Operation("a", "0002", "RunPython", reversible=False, code="forwards"))
    assert Classified.from_json(one.as_json()) == one
