"""A county of twelve sites through a quarter: every kind of case goes its way, and the ledger reconciles."""

from __future__ import annotations

from collections import Counter

import pytest

from alerts.lifecycle.ledger import ledger_rows
from alerts.lifecycle.trail import first_flaw
from alerts.store import CaseStore
from alerts.store.task_lists import EVERY, TaskFilter
from tests.fakes.quarters import Quarter
from tests.shares import SHARE

FORTNIGHT = (14, 4)
# a share of the long laws lives through a month of it
QUARTER = pytest.param((92 if SHARE == 1 else 31, 12), marks=[pytest.mark.long, pytest.mark.timeout(900)])
COUNTED = {
    "reject": "reworked",
    "refuse": "refused",
    "appeal": "appealed",
    "uphold_appeal": "upheld",
    "postpone": "postponed",
    "transfer": "transferred",
}


@pytest.fixture(params=[FORTNIGHT, QUARTER], ids=["a fortnight of 4 sites", "a quarter of 12 sites"])
def lived(request, url):
    days, sites = request.param
    quarter = Quarter(lambda wall: CaseStore(url, wall), sites, seed=3)
    try:
        quarter.live(days)
        yield quarter, days
    finally:
        quarter.store.close()


def test_every_case_ends_and_the_ledger_reconciles_row_by_row(lived):
    quarter, days = lived
    life = quarter.store.life
    rows, commands = [], Counter()
    page = life.find(TaskFilter(EVERY), limit=10_000)
    for kept in page.tasks:
        file = life.file(kept.life.id)
        assert first_flaw(file.trail) is None
        commands.update(record.command for record in file.trail)
        rows += ledger_rows(file.trail, [(one.breach, one.round) for one in file.placed])

    # each breach stands in one row, of its own site and kind, found no earlier than it was
    where = Counter(id for row in rows for id in row.breaches)
    assert where == Counter(quarter.found.keys())
    for row in rows:
        for id in row.breaches:
            found = quarter.found[id]
            assert (row.site, row.kind) == (found.site, found.kind)
        if row.breaches:
            assert row.found_at == min(quarter.found[id].at for id in row.breaches), row

    # what people did stands there as often as they did it
    done = Counter((case, name, round) for case, name, round in quarter.taken)
    for row in rows:
        for name, column in COUNTED.items():
            assert getattr(row, column) == done[row.case, name, row.round], (row, name)
        for name, column in {"sign": "signed_at", "submit": "submitted_at", "accept": "closed_at"}.items():
            assert (getattr(row, column) is not None) == bool(done[row.case, name, row.round]), (row, name)

    # everything ended, and who was to be told was
    assert {row.state for row in rows if row.ended_as != "rebound"} == {"archived"}, [
        row for row in rows if not row.ended_as
    ]
    assert all(row.ended_at is not None for row in rows)
    states = quarter.store.tellings.states()
    assert all(one.message or one.withheld_by for one in states)
    assert {"sign", "start", "submit", "accept", "over", "archive"} <= commands.keys()
    if days > 60:
        wanted = {"reject", "refuse", "rebound", "appeal", "dismiss_appeal", "postpone", "resume", "merge"}
        assert wanted | {"withdraw", "confirm_withdrawal", "transfer", "threshold"} <= commands.keys()
        assert {row.kind for row in rows} == {"exceedance", "offline", "suspicion", "fault"}
