"""Lists of problems as files: a table of cells out of CSV or XLSX, within limits."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

from alerts.casework.problem_rows import MOST_ROWS

MOST_BYTES = 10 * 1024 * 1024
_MOST_UNPACKED = 100 * 1024 * 1024
_MOST_COLUMNS = 40


class UnreadableList(Exception):
    """A file that is no list; says why, and what helps."""

    exit_code = 2


def table_in(path: Path) -> list[list[Any]]:
    """Rows of the first sheet, or of the CSV, with the head. Raises UnreadableList."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UnreadableList(f"{path}: {error.strerror}") from None
    if len(content) > MOST_BYTES:
        raise UnreadableList(f"{path}: more than {MOST_BYTES // 1024 // 1024} MB; hand it in in parts")
    return _of_sheet(path, content) if path.suffix.lower() == ".xlsx" else _of_csv(path, content)


def _of_csv(path: Path, content: bytes) -> list[list[Any]]:
    for encoding in ("utf-8-sig", "gb18030"):  # as spreadsheets in China save it
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise UnreadableList(f"{path}: neither UTF-8 nor GB 18030; save it as CSV UTF-8, or as XLSX")
    try:
        return [list(row) for row in csv.reader(io.StringIO(text), strict=True)]
    except csv.Error as error:
        raise UnreadableList(f"{path}: {error}; save it as CSV UTF-8, or as XLSX") from None


def _of_sheet(path: Path, content: bytes) -> list[list[Any]]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(one.file_size for one in packed.infolist()) > _MOST_UNPACKED:
                raise UnreadableList(f"{path}: it unpacks to too much; hand it in in parts")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows = sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=_MOST_COLUMNS, values_only=True)
        found = [list(row) for row in rows]
    except (zipfile.BadZipFile, KeyError, IndexError, ValueError, TypeError, OSError) as error:
        raise UnreadableList(f"{path}: no XLSX that can be read ({error}); save it anew as XLSX") from None
    while found and all(cell is None for cell in found[-1]):
        found.pop()
    return found
