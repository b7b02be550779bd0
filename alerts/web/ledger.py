"""The ledger (台账) of cases as CSV: a row a round, with who, by when, how it ended and what was found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from functools import partial
from operator import attrgetter

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from alerts.lifecycle.ledger import REBOUNDED, LedgerRow, ledger_rows
from alerts.store.life_reads import ChapterPage
from alerts.store.life_store import LifeStore
from alerts.store.task_lists import TaskFilter
from alerts.web.access import must_be
from alerts.web.desk import Desk
from alerts.web.names import N_
from alerts.web.poller import call
from alerts.web.security import read_form
from alerts.web.taken_along import csv_answer, listed_of, reason_in
from alerts.web.task_pages import chosen_tasks, lives_of, task_link
from alerts.web.words import Words

# Column -> its head.
COLUMNS: Mapping[str, str] = {
    "number": N_("Number"),
    "round": N_("Round"),
    "site": N_("Site"),
    "day": N_("Day"),
    "kind": N_("Kind"),
    "source": N_("Source"),
    "level": N_("Level"),
    "unit": N_("Rectifying unit"),
    "state": N_("State"),
    "found_at": N_("Found"),
    "signed_at": N_("Signed for"),
    "started_at": N_("Rectification begun"),
    "submitted_at": N_("Handed in"),
    "closed_at": N_("Verified and closed"),
    "over_at": N_("Over since"),
    "ended_at": N_("Ended"),
    "ended_as": N_("How it ended"),
    "reworked": N_("Rejected"),
    "refused": N_("Refused"),
    "appealed": N_("Appeals"),
    "upheld": N_("Appeals upheld"),
    "postponed": N_("Postponed"),
    "transferred": N_("Transferred"),
    "overdue": N_("Overdue"),
    "found": N_("Breaches"),
    "breaches": N_("Their ids"),
}


async def export_ledger(request: Request) -> Response:
    """The cases of a list, a row a round; it takes a reason, which is written with who asked."""
    desk: Desk = request.app.state.desk
    fields = await read_form(request, desk.base_url)
    of, _ = chosen_tasks(desk, request, fields)
    if not (reason := reason_in(fields)):
        return RedirectResponse(task_link(of) + "#export", 303)
    lives, words = lives_of(desk), desk.words_of(request)
    after = listed_of(of) | {"cases": await call("cases", lambda: lives.count(of))}
    await desk.gate.note(request, "exported", "ledger", must_be(request), reason=reason, after=after)
    rows = (_cells(desk, number, row, words) async for number, row in _whole(lives, of))
    return csv_answer(f"ledger-{of.which}.csv", [words.gettext(name) for name in COLUMNS.values()], rows)


async def _whole(lives: LifeStore, of: TaskFilter) -> AsyncIterator[tuple[int, LedgerRow]]:
    after = None
    while True:
        page: ChapterPage = await call("cases", partial(lives.chapters, of, after))
        for kept, trail, breaches in page.chapters:
            for row in ledger_rows(trail, breaches):
                yield kept.number, row
        after = page.after
        if after is None:
            return


def _cells(desk: Desk, number: int, row: LedgerRow, words: Words) -> Iterable[object]:
    site = desk.register.sites.get(row.site)
    told = {
        "number": number,
        "site": site.name if site else row.site,
        "kind": words.name("kind", row.kind),
        "source": words.name("source", row.source),
        "level": words.name("level", row.level),
        "unit": desk.unit_name(row.unit, words),
        "state": words.name("life", row.state),
        "ended_as": words.name("command" if row.ended_as == REBOUNDED else "end", row.ended_as or None),
        "overdue": ", ".join(words.name("watch", what) for what in row.overdue),
        "found": len(row.breaches),
        "breaches": " ".join(row.breaches),
    }
    for name in COLUMNS:
        if name in told:
            yield told[name]
        elif name.endswith("_at"):
            at = attrgetter(name)(row)
            yield "" if at is None else words.stamp(at)
        else:
            yield attrgetter(name)(row)
