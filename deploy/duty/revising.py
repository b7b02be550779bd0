"""Responsibility of one county: its folder with the rows of its store, and how these are changed."""

from __future__ import annotations

import getpass
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.engine import make_url

from alerts.duty import DutyBook
from alerts.duty.difference import DutyChange
from alerts.people.accounts import AuditEntry
from alerts.routing import DutyGap, Routing, gaps_ahead, load_routing, rows_of_folder
from alerts.routing.coverage import YEAR_DAYS
from alerts.store.case_store import wall_ms
from alerts.store.duty_store import DutyRevision, DutyStore
from deploy.settings import Settings
from ingest.clock import parse_clock
from ingest.register import Register, load_register

TERMINAL = "terminal"


class CountyDuty(NamedTuple):
    """Register and routing of a county; `now`: ms UTC of the cases' clock."""

    register: Register
    routing: Routing
    now: int

    @property
    def today(self) -> date:
        """The county's day."""
        return datetime.fromtimestamp(self.now / 1000, UTC).astimezone(self.register.zone).date()

    def book(self, store: DutyStore | None, at: int | None = None) -> DutyBook:
        """The rows in force, now or at an instant; of a county that keeps none those of its folder."""
        found = store.book(at) if store is not None else DutyBook()
        return found if found.revision else DutyBook(0, rows_of_folder(self.register, self.routing))

    def gaps(self, book: DutyBook, days: int = YEAR_DAYS) -> list[DutyGap]:
        """Where the days ahead reach nobody."""
        return gaps_ahead(self.register, replace(self.routing, book=book), self.today, days)


def county_duty(settings: Settings, config: Path | None = None) -> CountyDuty:
    """The county of a folder, else of the settings. Raises ConfigError."""
    folder = settings.config if config is None else config
    register = load_register(folder)
    return CountyDuty(register, load_routing(folder, register), parse_clock(settings.clock).now_ms())


def duty_store(url: str) -> DutyStore | None:
    """The store at a URL; None where it would be a file that is not there: asking makes none."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file():
        return None
    return DutyStore(url)


def write_revision(
    store: DutyStore, changes: tuple[DutyChange, ...], based_on: int, now: int, reason: str
) -> int:
    """Write changes as the next revision, by whoever is at the machine; its number. Raises DutyConflict."""
    author = getpass.getuser()
    after = {"revision": based_on + 1, "rows": len(changes)}
    entry = AuditEntry(
        wall_ms(),
        TERMINAL,
        author,
        "",
        "",
        "duty_changed",
        f"duty:{based_on + 1}",
        after=after,
        reason=reason,
    )
    return store.write(changes, based_on, DutyRevision(0, now, author, reason), entry)
