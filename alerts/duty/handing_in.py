"""What tables that somebody hands in come to: the changes they ask for, or all that is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from alerts.duty.book import DutyBook
from alerts.duty.checking import faults_between
from alerts.duty.difference import DutyChange, changes_between
from alerts.duty.reading import DutyTerms, TextTable, read_tables
from alerts.duty.rows import DutyRow
from alerts.duty.sheets import SHEET_OF
from ingest.strict_yaml import Problem


class HandedTables(NamedTuple):
    """All rows as they would be, the changes to now, and what is wrong (then nothing is to be written)."""

    rows: tuple[DutyRow, ...]
    changes: tuple[DutyChange, ...]
    problems: tuple[Problem, ...]


def handed_in(book: DutyBook, tables: Sequence[TextTable], terms: DutyTerms) -> HandedTables:
    """Tables against the rows of now. A sheet that is not handed in stays as it is."""
    taken: dict[str, list[str]] = {}
    for row in book.rows:
        taken.setdefault(SHEET_OF[type(row)], []).append(row.id)
    read = read_tables(tables, terms, taken)
    kept = [row for row in book.rows if SHEET_OF[type(row)] not in read.rows]
    rows = (*kept, *(row for rows in read.rows.values() for row in rows))
    problems = list(read.problems)
    if not problems:  # rows that could not be read would be missed by those that name them
        problems += (read.problem(*fault) for fault in faults_between(rows))
    return HandedTables(rows, changes_between(book.rows, rows), tuple(sorted(set(problems))))
