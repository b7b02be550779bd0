"""Files of responsibility: a spreadsheet, YAML, or a folder of CSV files, by the ending of the name."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
import yaml

from alerts.duty.reading import TextCell, TextTable
from alerts.duty.rows import DutyRow
from alerts.duty.sheets import SHEET_OF, SHEETS, texts_of
from ingest.strict_yaml import ConfigError, Document, Problem, did_you_mean, read

_LARGEST = 8 << 20  # bytes; a county's people are a thousandth of it
_MOST_ROWS = 20_000
_NAMES = {name: key for key, sheet in SHEETS.items() for name in (key, sheet.heading)}

Tables = Mapping[str, Sequence[Mapping[str, str]]]


def tables_of(rows: Iterable[DutyRow]) -> dict[str, list[dict[str, str]]]:
    """Rows as text by sheet; each sheet is there."""
    found: dict[str, list[dict[str, str]]] = {sheet: [] for sheet in SHEETS}
    for row in rows:
        found[SHEET_OF[type(row)]].append(texts_of(row))
    return found


def text_tables(name: str, rows: Iterable[DutyRow]) -> list[TextTable]:
    """Rows as if they had been handed in under a name."""
    found = []
    for sheet, lines in tables_of(rows).items():
        headings = [
            TextCell(column.name, 1, col) for col, column in enumerate(SHEETS[sheet].columns, start=1)
        ]
        cells = [
            {cell.text: TextCell(texts[cell.text], line, cell.col) for cell in headings}
            for line, texts in enumerate(lines, start=2)
        ]
        found.append(TextTable(f"{name}:{sheet}", sheet, tuple(headings), tuple(cells)))
    return found


def write_tables(path: Path, tables: Tables) -> None:
    """Write the tables as the name's ending says. Raises UsageError for another one."""
    _WRITERS[_kind(path)](path, tables)


def read_tables_of(path: Path) -> list[TextTable]:
    """The tables of a file or folder. Raises ConfigError, UsageError for a file that is none of ours."""
    if not path.exists():
        raise click.UsageError(f"{path}: no such file")
    files = [path] if path.is_file() else list(path.glob("*.csv"))
    if sum(file.stat().st_size for file in files) > _LARGEST:
        raise click.UsageError(f"{path}: larger than {_LARGEST >> 20} MB: no list of people is")
    return _READERS[_kind(path)](path)


def _kind(path: Path) -> str:
    kind = path.suffix.lower().replace(".yml", ".yaml")
    if kind not in _READERS:
        raise click.UsageError(f"{path.name}: write NAME.xlsx, NAME.yaml, or a folder, which holds CSV files")
    return kind


# ---------------------------------------------------------------- spreadsheets


def _write_xlsx(path: Path, tables: Tables) -> None:
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    book.remove(book.worksheets[0])
    for name, sheet in SHEETS.items():
        page = book.create_sheet(sheet.heading)
        page.append([column.heading for column in sheet.columns])
        page.freeze_panes = "A2"
        for cell in page[1]:
            cell.font = Font(bold=True)
        for line, texts in enumerate(tables[name], start=2):
            for col, column in enumerate(sheet.columns, start=1):
                cell = page.cell(line, col)
                cell.number_format = "@"  # a telephone number is text, and so is what begins with `=`
                if text := texts.get(column.name):
                    cell.value = text
                    cell.data_type = "s"
        for col, column in enumerate(sheet.columns):
            page.column_dimensions[chr(65 + col)].width = (
                28 if column.name in ("ways", "name", "unit") else 14
            )
    book.save(path)


def _read_xlsx(path: Path) -> list[TextTable]:
    from zipfile import BadZipFile

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=False, data_only=False, keep_links=False)
    except (BadZipFile, InvalidFileException, KeyError, ValueError) as error:
        raise click.UsageError(f"{path.name}: no spreadsheet of Excel 2007 or later ({error})") from None
    found = []
    for page in book.worksheets:
        lines = [
            [_xlsx_text(path, page.title, cell) for cell in line]
            for line in page.iter_rows(max_row=min(page.max_row, _MOST_ROWS))
        ]
        if lines and any(cell.text for cell in lines[0]):
            found.append(_table(f"{path.name}:{page.title}", page.title, lines))
    return found


def _xlsx_text(path: Path, sheet: str, cell: Any) -> TextCell:
    line, col, value = cell.row, cell.column, cell.value
    if cell.data_type == "f":
        words = "a formula; paste its value"
        raise ConfigError([Problem(f"{path.name}:{sheet}", line, col, cell.coordinate, words)])
    return TextCell(_text(value), line, col)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


# ---------------------------------------------------------------- CSV


def _write_csv(path: Path, tables: Tables) -> None:
    path.mkdir(parents=True, exist_ok=True)
    for name, sheet in SHEETS.items():
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([column.heading for column in sheet.columns])
        for texts in tables[name]:
            writer.writerow([_guarded(texts.get(column.name, "")) for column in sheet.columns])
        (path / f"{name}.csv").write_text(out.getvalue(), encoding="utf-8-sig", newline="")


def _read_csv(path: Path) -> list[TextTable]:
    files = [path] if path.is_file() else sorted(path.glob("*.csv"))
    if not files:
        raise click.UsageError(f"{path}: holds no CSV file; expected are {', '.join(SHEETS)}")
    return [_csv_table(file) for file in files]


def _csv_table(file: Path) -> TextTable:
    raw = file.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", errors="replace")  # as a spreadsheet program saves it in China
    lines = [
        [TextCell(_unguarded(value.strip()), line, col) for col, value in enumerate(values, start=1)]
        for line, values in enumerate(csv.reader(io.StringIO(text)), start=1)
    ]
    return _table(file.name, file.stem, lines)


def _guarded(text: str) -> str:
    """A text that no spreadsheet program takes for a formula."""
    return f"'{text}" if text[:1] in tuple("=+-@'") else text


def _unguarded(text: str) -> str:
    return text[1:] if text[:1] == "'" and text[1:2] in tuple("=+-@'") else text


# ---------------------------------------------------------------- YAML


def _write_yaml(path: Path, tables: Tables) -> None:
    class Quoting(yaml.SafeDumper):
        """Quotes every value: what looks like a number, a day or a truth value is text."""

    def quoted(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')

    Quoting.add_representer(_Quoted, quoted)
    plain = {
        sheet: [{name: _Quoted(text) for name, text in row.items() if text} for row in rows]
        for sheet, rows in tables.items()
    }
    text = yaml.dump(plain, Dumper=Quoting, allow_unicode=True, sort_keys=False, width=1000)
    path.write_text(text, encoding="utf-8")


class _Quoted(str):
    """A text that stands in quotes."""


def _read_yaml(path: Path) -> list[TextTable]:
    document, problems = read(path)
    if problems:
        raise ConfigError(problems)
    if not isinstance(document.value, dict):
        raise ConfigError([document.problem((), f"expected sheets by name: {', '.join(SHEETS)}")])
    return [_yaml_table(document, name, rows) for name, rows in document.value.items()]


def _yaml_table(document: Document, name: str, rows: object) -> TextTable:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError([document.problem((name,), "expected a list of rows")])
    sheet = _sheet(document.file, name)
    headings: dict[str, TextCell] = {}
    found = []
    for number, row in enumerate(rows):
        cells = {}
        for key, value in row.items():
            place = document.problem((name, number, key), "")
            cells[key] = TextCell(_text(value), place.line, place.col)
            headings.setdefault(key, TextCell(str(key), place.line, place.col))
        found.append(cells)
    for column in SHEETS[sheet].columns:  # a list need not name what is empty everywhere
        if not rows or column.name not in headings:
            headings.setdefault(column.name, TextCell(column.name, 1, 1))
    return TextTable(document.file, sheet, tuple(headings.values()), tuple(found))


# ---------------------------------------------------------------- all


def _table(file: str, name: str, lines: list[list[TextCell]]) -> TextTable:
    sheet = _sheet(file, name)
    headings = tuple(cell for cell in (lines[0] if lines else []) if cell.text)
    by_col = {cell.col: cell.text for cell in headings}
    rows = []
    for line in lines[1:]:
        rows.append({by_col[cell.col]: cell for cell in line if cell.col in by_col})
    return TextTable(file, sheet, headings, tuple(row for row in rows if row))


def _sheet(file: str, name: str) -> str:
    if name in _NAMES:
        return _NAMES[name]
    words = f"no sheet `{name}`{did_you_mean(name, _NAMES) or '; known are ' + ', '.join(_NAMES)}"
    raise ConfigError([Problem(file, 1, 1, ".", words)])


_WRITERS: Mapping[str, Callable[[Path, Tables], None]] = {
    ".xlsx": _write_xlsx,
    ".yaml": _write_yaml,
    "": _write_csv,
}
_READERS: Mapping[str, Callable[[Path], list[TextTable]]] = {
    ".xlsx": _read_xlsx,
    ".yaml": _read_yaml,
    ".csv": _read_csv,
    "": _read_csv,
}
