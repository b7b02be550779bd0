"""What of the cases' records is on Kafka: the relay's half of the case store.

The mark stands with the case (`relayed`, as `told` does), not with the place in the table of records: a
record gets its place before it is committed, so one with a smaller place can come after one that was relayed.
Within a case numbers are given under the lock of the case's row, so that none comes after a greater one.

All methods block, and may raise SQLAlchemy's `OperationalError` when the database is down.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from alerts.lifecycle.topic_trails import StoredTrail
from alerts.lifecycle.trail import CaseRecord
from alerts.store.engine import Database
from alerts.store.life_rows import record_of
from alerts.store.life_tables import case_records, leases, life_cases

_LEASE = "relay"
_MOST_RECORDS = 2000  # of a page: a case of years comes in several

_MARK = (
    update(life_cases)
    .where(life_cases.c.id == bindparam("of"), life_cases.c.relayed < bindparam("upto"))
    .values(relayed=bindparam("upto"))
)


@dataclass(frozen=True, slots=True)
class RelayPage:
    """Records that are not on Kafka yet, each case's in order; `last`: where the next page begins."""

    records: list[CaseRecord] = field(default_factory=list)
    last: int | None = None

    @property
    def upto(self) -> dict[str, int]:
        """Case -> number of its last record of the page."""
        return {record.case: record.number for record in self.records}


class RelayStanding(NamedTuple):
    """How many records there are, how many are marked as relayed, and until when somebody relays (ms)."""

    records: int
    relayed: int
    until: int | None


class RelayStore:
    """Leases, pages and marks of the relay, in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take_lease(self, owner: str, now: int, lasts_ms: int) -> bool:
        """Take or prolong the lease; False: another has it, and has said so lately. `now`: real time, ms."""
        with self._database.writing() as connection:
            dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
            taken = dialect.insert(leases).values(name=_LEASE, owner=owner, until=now + lasts_ms)
            free = or_(leases.c.owner == owner, leases.c.until <= now)
            change = taken.on_conflict_do_update(
                index_elements=[leases.c.name],
                set_={"owner": taken.excluded.owner, "until": taken.excluded.until},
                where=free,
            )
            return connection.execute(change.returning(leases.c.owner)).first() is not None

    def unrelayed(self, after: int = 0, cases: int = 200) -> RelayPage:
        """A page of what is not on Kafka, of cases behind `after` (the `last` of the page before)."""
        waiting = (
            select(life_cases.c.n, life_cases.c.id, life_cases.c.relayed)
            .where(life_cases.c.relayed < life_cases.c.version, life_cases.c.n > after)
            .order_by(life_cases.c.n)
            .limit(cases)
        ).subquery()
        query = (
            select(waiting.c.n.label("place"), case_records.c.body)
            .join(waiting, waiting.c.id == case_records.c.case)
            .where(case_records.c.number > waiting.c.relayed)
            .order_by(waiting.c.n, case_records.c.number)
            .limit(_MOST_RECORDS)
        )
        with self._database.reading() as connection:
            found = connection.execute(query).mappings().all()
        if not found:
            return RelayPage()
        # of the last case there may be more than the page holds: it is looked at again, marked by then
        whole = len(found) < _MOST_RECORDS
        return RelayPage([record_of(row) for row in found], found[-1]["place"] - (0 if whole else 1))

    def mark(self, upto: Mapping[str, int]) -> None:
        """Note that the records of each case are on Kafka up to a number; a mark never goes back."""
        if upto:
            with self._database.writing() as connection:
                connection.execute(_MARK, [{"of": case, "upto": number} for case, number in upto.items()])

    def standing(self) -> RelayStanding:
        """Counts of records and marks, and the lease."""
        with self._database.reading() as connection:
            records = connection.execute(select(func.count()).select_from(case_records)).scalar_one()
            relayed = connection.execute(select(func.sum(life_cases.c.relayed))).scalar()
            until = connection.execute(select(leases.c.until).where(leases.c.name == _LEASE)).scalar()
        return RelayStanding(records, int(relayed or 0), until)

    def marks(self) -> dict[str, int]:
        """Case -> up to which record it is marked as relayed."""
        query = select(life_cases.c.id, life_cases.c.relayed).where(life_cases.c.relayed > 0)
        with self._database.reading() as connection:
            return {row.id: row.relayed for row in connection.execute(query)}

    def trails(self) -> Iterator[StoredTrail]:
        """Digests of all records, case by case."""
        query = select(case_records.c.case, case_records.c.number, case_records.c.digest)
        found: dict[str, dict[int, str]] = defaultdict(dict)
        with self._database.reading() as connection:
            for case, number, digest in connection.execute(query):
                found[case][number] = digest
        for case in sorted(found):
            yield StoredTrail(case, found[case])
