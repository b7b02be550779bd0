"""ReadingsAccount of a run: readings published against those stored, found twice, or quarantined."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from alerts.store import CaseStore
from ingest import codec
from ingest.kafka_options import KafkaOptions
from ingest.quarantine import Beside, read_quarantine
from ingest.scan import scan
from ingest.topics import BREACHES, FEED, RESULTS
from processors.history import History
from processors.records import BREACH, JUDGED


@dataclass(slots=True)
class ReadingsAccount:
    """Counts of readings and their outcomes; the keys of the last line of `dustwatch demo`."""

    published: int = 0
    received: int = 0
    stored: int = 0
    duplicates: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    notices: Counter[str] = field(default_factory=Counter)
    intervals: int = 0
    breaches: int = 0
    cases: int = 0
    messages: int = 0

    @property
    def accounted(self) -> int:
        """Number of readings whose outcome is known."""
        return self.stored + self.duplicates + self.quarantined.total() + self.notices.total()

    @property
    def beside(self) -> int:
        """Readings that came beside those of the simulated monitors: somebody else published them."""
        return max(0, self.received - self.published)

    @property
    def complete(self) -> bool:
        """True if every reading is accounted for, those that came beside included."""
        return self.accounted == self.published + self.beside

    def as_json(self) -> dict[str, object]:
        """JSON object of the contract."""
        return {
            "published": self.published,
            "received": self.received,
            "stored": self.stored,
            "duplicates": self.duplicates,
            "quarantined": dict(sorted(self.quarantined.items())),
            "notices": dict(sorted(self.notices.items())),
            "intervals": self.intervals,
            "breaches": self.breaches,
            "cases": self.cases,
            "messages": self.messages,
        }


async def take_account(
    kafka: KafkaOptions, partitions: int, history: History, cases: CaseStore, published: int
) -> ReadingsAccount:
    """Count what the topics and stores hold now."""
    account = ReadingsAccount(published=published)
    async for record in scan(kafka, FEED, partitions):
        if codec.schema_of(record.headers) in codec.ALL_READINGS:
            account.received += len(codec.decode_readings(record.value))
    beside = Beside()
    for held in await read_quarantine(kafka, beside):
        if held.record.source == "alerts":
            continue  # an event of a case, no reading
        account.quarantined[held.record.code] += held.record.count
    account.notices = beside.counts
    account.received += account.quarantined.total() + account.notices.total()
    async for record in scan(kafka, RESULTS, partitions):
        if codec.schema_of(record.headers) == JUDGED:
            account.duplicates += int(codec.header(record.headers, "duplicates") or b"0")
    opened = set()
    async for record in scan(kafka, BREACHES, partitions):
        if codec.schema_of(record.headers) == BREACH:
            opened.add(record.key)
    account.breaches = len(opened)
    # of two readings of one device and instant, the one that does not count is kept beside the other
    account.stored = history.count("readings") + history.count("conflicts")
    account.intervals = history.count("intervals")
    counts = cases.counts()
    account.cases, account.messages = counts["cases"], counts["messages_sent"]
    return account
