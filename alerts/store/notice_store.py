"""Notices of alerts in SQL: one case for each site and alert in force, ended with it.

Written by whoever looks at the orders; looked at again, or by two at once, it comes to the same. Blocks, and
may raise SQLAlchemy's `OperationalError` when the database is down.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, false, insert, select, update
from sqlalchemy.exc import IntegrityError

from alerts.casework.emergency import AlertOrder, NoticePlan, sites_concerned
from alerts.casework.life_planner import LifePlanner, PlacedBreach
from alerts.lifecycle import Actor, LifeCommand
from alerts.lifecycle.states import MACHINE
from alerts.store.found_rows import finding_of
from alerts.store.life_rows import KeptCase, kept_of
from alerts.store.life_store import LifeStore
from alerts.store.life_tables import alert_notices, life_cases

_BY_ORDER = "ordered_by_alert"  # why its row is in its case
_MOST = 2000


class NoticeRow(NamedTuple):
    """A notice with its case; `order`: order and level."""

    order: str
    level: str
    start: int
    end: int | None
    lifted_at: int | None
    kept: KeptCase

    @property
    def signed(self) -> bool:
        """True if the unit that has to act has signed."""
        return self.kept.life.signed_at is not None


class NoticeStore:
    """Notices, by the side of the lives of cases."""

    def __init__(self, lives: LifeStore) -> None:
        self._lives = lives
        self._database = lives.database

    def follow(self, orders: Sequence[AlertOrder], plan: NoticePlan, now: int) -> tuple[int, int]:
        """(opened, lifted): a notice for each site of the alerts in force; those of alerts that ended end.

        An order that is not among `orders` lifts nothing: that nobody knows of it is no end of it. Where one
        has another level now, the notices of the level before end.
        """
        with self._database.reading() as connection:
            rows = connection.execute(select(alert_notices)).mappings().all()
        there = {(row["order"], row["site"]) for row in rows}
        opened = 0
        for order in orders:
            for site in sites_concerned(order, plan.register, now) if order.holds(now) else ():
                if (order.key, site) not in there:
                    opened += self._open(order, site, plan, now)
        known = {order.id for order in orders}
        in_force = {order.key for order in orders if order.holds(now)}
        lifted = 0
        for row in rows:
            named = row["order"].rpartition("/")[0]
            if row["lifted_at"] is None and named in known and row["order"] not in in_force:
                lifted += self._lift(row["order"], row["site"], plan.planner, now)
        return opened, lifted

    def notices(self, since: int, sites: frozenset[str] | None) -> tuple[NoticeRow, ...]:
        """Notices of alerts that are in force, or were lifted since; the newest alert first, by site."""
        query = (
            select(
                life_cases,
                alert_notices.c.order.label("of_order"),
                alert_notices.c.level.label("of_level"),
                alert_notices.c.start.label("since"),
                alert_notices.c.end.label("until"),
                alert_notices.c.lifted_at.label("lifted"),
            )
            .join(alert_notices, alert_notices.c.case == life_cases.c.id)
            .where((alert_notices.c.lifted_at.is_(None)) | (alert_notices.c.lifted_at >= since))
            .order_by(alert_notices.c.start.desc(), alert_notices.c.order, life_cases.c.site)
            .limit(_MOST)
        )
        if sites is not None:
            query = query.where(life_cases.c.site.in_(sorted(sites)) if sites else false())
        with self._database.reading() as connection:
            return tuple(
                NoticeRow(
                    row["of_order"], row["of_level"], row["since"], row["until"], row["lifted"], kept_of(row)
                )
                for row in connection.execute(query).mappings()
            )

    def _open(self, order: AlertOrder, site: str, plan: NoticePlan, now: int) -> bool:
        try:
            with self._database.writing() as connection:
                self._write(connection, order, site, plan, now)
        except IntegrityError:  # somebody else was first
            return False
        return True

    def _write(
        self,
        connection: Connection,
        order: AlertOrder,
        site: str,
        plan: NoticePlan,
        now: int,
    ) -> None:
        register = plan.register
        day = datetime.fromtimestamp(now / 1000, register.zone).date().isoformat()
        opening = plan.opening(order, site, day, now)
        finding = finding_of(opening, register.county.language, {"order": order.id})
        id, level = finding.id, finding.level
        placed = PlacedBreach(id, id, id, 1, _BY_ORDER, order.start, order.end or now)
        row = {
            "order": order.key,
            "site": site,
            "case": id,
            "level": level,
            "start": order.start,
            "end": order.end,
            "lifted_at": None,
        }
        self._lives.begin(connection, opening, plan.planner.facts(), (finding, placed), None)
        connection.execute(insert(alert_notices), row)

    def _lift(self, order: str, site: str, planner: LifePlanner, now: int) -> bool:
        own = (alert_notices.c.order == order, alert_notices.c.site == site)
        with self._database.writing() as connection:
            row = connection.execute(select(alert_notices).where(*own).with_for_update()).mappings().one()
            if row["lifted_at"] is not None:
                return False
            connection.execute(update(alert_notices).where(*own).values(lifted_at=now))
            command = LifeCommand("lift", now, 0, Actor(MACHINE), {"order": order.rpartition("/")[0]})
            return self._lives.end_by_machine(connection, row["case"], command, planner.facts())
