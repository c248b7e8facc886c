"""Long lists as files: written batch by batch while they are read, so that a million rows need no memory."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import QuerySet
from django.http import StreamingHttpResponse

BATCH = 1_000
STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Form:
    """One kind of file: its media type, its first line, and how it writes a row."""

    media_type: str
    head: Callable[[Sequence[str]], str]
    line: Callable[[dict[str, Any]], str]


def response(rows: QuerySet[Any], columns: Sequence[str], form: Form, name: str) -> StreamingHttpResponse:
    """The rows as a file to be saved, newest first."""
    answer = StreamingHttpResponse(_lines(rows, columns, form), content_type=form.media_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


async def _lines(rows: QuerySet[Any], columns: Sequence[str], form: Form) -> AsyncIterator[str]:
    yield form.head(columns)
    batch = await _batch(rows.order_by("-pk"), columns)
    while batch:
        yield "".join(form.line(row) for row in batch)
        batch = await _batch(rows.filter(pk__lt=batch[-1][columns[0]]).order_by("-pk"), columns)


@sync_to_async
def _batch(rows: QuerySet[Any], columns: Sequence[str]) -> list[dict[str, Any]]:
    """The next rows; the first column is the key that they go on from."""
    return list(rows.values(*columns)[:BATCH])


def _csv(values: Sequence[Any]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([_cell(value) for value in values])
    return text.getvalue()


def _cell(value: Any) -> str:
    """A value as a spreadsheet may open it: what it would take for a formula is text."""
    text = (
        value if isinstance(value, str) else _json(value) if isinstance(value, dict | list) else "" if value is None else str(value)
    )
    return f"'{text}" if text.startswith(STARTS_A_FORMULA) else text


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=lambda moment: moment.isoformat())


FORMS = {
    "csv": Form("text/csv; charset=utf-8", _csv, lambda row: _csv(list(row.values()))),
    "jsonl": Form("application/jsonl; charset=utf-8", lambda columns: "", lambda row: f"{_json(row)}\n"),
}
