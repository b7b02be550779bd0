"""Lists that people take along as CSV: with a reason, a row at a time, no cell of which is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Protocol

from starlette.responses import Response, StreamingResponse

# What begins so would be run by a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ListFilter(Protocol):
    """What both lists of cases are chosen by."""

    @property
    def which(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def site(self) -> str: ...
    @property
    def text(self) -> str: ...


def reason_in(fields: Mapping[str, str]) -> str:
    """The reason that a form gives; empty: none."""
    return " ".join(fields.get("reason", "").split())[:200]


def listed_of(of: ListFilter) -> dict[str, object]:
    """What the audit log says of the list."""
    return {"which": of.which, "kind": of.kind, "site": of.site, "text": of.text}


def csv_answer(name: str, head: Iterable[object], rows: AsyncIterator[Iterable[object]]) -> Response:
    """The file, sent as its rows come."""
    return StreamingResponse(
        _lines(head, rows),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def cell(value: object) -> str:
    """A value as a cell of CSV that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) and not isinstance(value, int | float) else text


async def _lines(head: Iterable[object], rows: AsyncIterator[Iterable[object]]) -> AsyncIterator[bytes]:
    yield b"\xef\xbb\xbf" + _line(head)
    async for row in rows:
        yield _line(row)


def _line(values: Iterable[object]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerow([cell(value) for value in values])
    return out.getvalue().encode()
