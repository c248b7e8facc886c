"""Rules about code and hand-written SQL, and about operations that only their SQL describes."""

from __future__ import annotations

import re

from workloads.schema.operation import Kind, Operation, Point, Situation

HARMLESS = "It neither locks nor removes what is read."
_NAME = r'(?:"?\w+"?\.)?["`]?(?P<{}>\w+)["`]?'
_TABLE = _NAME.format("table")
_COLUMN = _NAME.format("column")
_ALTER = rf"\bALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?{_TABLE}"
_NOISE = re.compile(r"--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\1\$|'(?:[^']|'')*'", re.S)
_GONE_TABLE = re.compile(rf"\bDROP\s+(?:TABLE|VIEW|MATERIALIZED\s+VIEW)\s+(?:IF\s+EXISTS\s+)?{_TABLE}", re.I)
_RENAMED_TABLE = re.compile(rf"{_ALTER}\s+RENAME\s+TO\b", re.I)
_GONE_COLUMN = re.compile(rf"{_ALTER}\b.*?\bDROP\s+(?:COLUMN\s+)(?:IF\s+EXISTS\s+)?{_COLUMN}", re.I | re.S)
_RENAMED_COLUMN = re.compile(rf"{_ALTER}\s+RENAME\s+(?:COLUMN\s+)?(?!TO\b|CONSTRAINT\b){_COLUMN}\s+TO\b", re.I)
_CONSTRAINT = r"\bADD\s+(CONSTRAINT|CHECK|FOREIGN|UNIQUE|PRIMARY|EXCLUDE)\b"
_ADDS_CONSTRAINT = re.compile(rf"{_CONSTRAINT}(?!.*\b(NOT\s+VALID|USING\s+INDEX)\b)", re.I | re.S)
_LOCKS = (
    (re.compile(r"\bCREATE\s+(UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY)", re.I), "builds an index without CONCURRENTLY"),
    (re.compile(r"\bREINDEX\b(?!.*\bCONCURRENTLY\b)", re.I | re.S), "rebuilds indexes without CONCURRENTLY"),
    (re.compile(r"\bALTER\s+(COLUMN\s+)?\S+\s+(SET\s+DATA\s+)?TYPE\b", re.I), "changes the type of a column"),
    (re.compile(r"\bSET\s+NOT\s+NULL\b", re.I), "checks every row for NULL"),
    (re.compile(r"\bADD\s+(COLUMN\s+)?.*\bNOT\s+NULL\b(?!.*\bDEFAULT\b)", re.I | re.S), "adds a NOT NULL column without a default"),
    (_ADDS_CONSTRAINT, "adds a constraint without NOT VALID"),
    (re.compile(r"\bVACUUM\s+\(?\s*FULL\b|\bCLUSTER\b", re.I), "writes the table anew"),
    (re.compile(r"\bLOCK\s+TABLE\b", re.I), "locks a table by name"),
    (re.compile(r"\bREFRESH\s+MATERIALIZED\s+VIEW\s+(?!CONCURRENTLY)", re.I), "refreshes a view without CONCURRENTLY"),
    (re.compile(r"\bTRUNCATE\b", re.I), "empties a table"),
)
_LOSES = re.compile(r"\b(TRUNCATE|DELETE\s+FROM|DROP\s+(TABLE|COLUMN))\b", re.I)
_REWRITES = re.compile(r"^\s*(UPDATE|DELETE\s+FROM|INSERT\s+INTO)\b", re.I)


def run_python(operation: Operation, situation: Situation) -> list[Point]:
    """Code of the application: what it does cannot be read from here."""
    name = operation.code or "code of the application"
    what = f" ({operation.doc})" if operation.doc else ""
    return [
        Point(f"Runs {name}{what}."),
        Point(f"What {name} does to the data, and how long it takes, cannot be told before it runs.", warning=True),
    ]


def run_sql(operation: Operation, situation: Situation) -> list[Point]:
    """Hand-written SQL, statement by statement."""
    return read_statements(operation.statements, situation) or [Point(HARMLESS)]


def unknown(operation: Operation, situation: Situation) -> list[Point]:
    """An operation that is not Django's: by its SQL where it has any, otherwise with care."""
    if operation.sql is not None:
        return read_statements(operation.sql, situation) or [Point(HARMLESS)]
    return [Point(f"{operation.operation} is not an operation of Django: take it as one that locks.", Kind.LOCKS)]


def read_statements(texts: tuple[str, ...], situation: Situation) -> list[Point]:
    """What the statements do, one by one; comments, texts and bodies of functions do not count."""
    bare = (_NOISE.sub("''", text) for text in texts)
    return [point for text in bare for statement in text.split(";") for point in _read(statement, situation)]


def _read(statement: str, situation: Situation) -> list[Point]:
    points = [*_gone(statement, situation)]
    altered = re.search(rf"\b(?:ON|TABLE)\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?{_TABLE}", statement, re.I)
    is_new = altered is not None and altered["table"] in situation.created
    for pattern, says in _LOCKS:
        if pattern.search(statement) and not is_new:
            points.append(Point(f"Its SQL {says}.", Kind.LOCKS, loses_data=bool(_LOSES.search(statement))))
    if _REWRITES.search(statement):
        loses = bool(_LOSES.search(statement))
        points.append(Point("Its SQL changes rows, and holds them until it ends.", warning=True, loses_data=loses))
    return points


def _gone(statement: str, situation: Situation) -> list[Point]:
    """Tables and columns that go or change their name."""
    loses = bool(_LOSES.search(statement))
    for pattern in (_GONE_COLUMN, _RENAMED_COLUMN):
        for match in pattern.finditer(statement):
            if situation.reads_column(match["table"], match["column"]):
                says = f"The running release still reads the column {match['table']}.{match['column']}."
                return [Point(says, Kind.BREAKS_OLD_CODE, loses_data=loses)]
    for pattern in (_GONE_TABLE, _RENAMED_TABLE):
        for match in pattern.finditer(statement):
            if situation.reads_table(match["table"]):
                says = f"The running release still reads the table {match['table']}."
                return [Point(says, Kind.BREAKS_OLD_CODE, loses_data=loses)]
    return [Point("Removes what nothing reads any more.", loses_data=True)] if loses and "DROP" in statement.upper() else []
