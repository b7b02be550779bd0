"""All that the fold of one partition remembers, and how its verdicts are published. Pure."""

from __future__ import annotations

from ingest.records import Revision
from processors.ahead import Ahead
from processors.amendments import Amendments
from processors.answers import Findings, Judgement
from processors.background import Backgrounds
from processors.belated import Belated
from processors.breaches import Breaches
from processors.calibrations import Calibrations
from processors.checked import Checked
from processors.connections import Connections
from processors.days import Days
from processors.deadman import Deadman
from processors.groups import VERDICTS
from processors.holes import Around, Holes
from processors.hours import Hours
from processors.instants import Instants
from processors.judge import Judge
from processors.meter import Meter
from processors.orders import Orders
from processors.outage import NEVER, Outage
from processors.outputs import Outputs
from processors.quality.newest import Newest
from processors.revision import Plan
from processors.rowlog import RowLog
from processors.silence import Silence
from processors.suspecting import Suspecting
from processors.tracks import HOUR, HOUR_MS, Track
from processors.winds import Winds


class Memory:
    """Fields of one partition; instants in ms. Only the fold changes them."""

    def __init__(self, partition: int = 0, partitions: int = 1) -> None:
        self.partition, self.partitions = partition, partitions
        self.now = NEVER
        self.outage = Outage()
        self.revision: Revision | None = None
        self.waiting: list[Revision] = []  # by effective instant
        self.backgrounds = Backgrounds()
        self.breaches = Breaches()
        self.signals: dict[str, int] = {}  # id -> received_at
        self.orders = Orders()
        self.calibrations = Calibrations()
        self.gaps: list[tuple[int, int]] = []  # of the log, accepted by an operator
        self.closed: dict[Track, int] = {}  # end of the last window that closed
        self.since = NEVER  # no window before it is judged
        self.hours = Hours()
        self.late = Amendments()
        self.ahead = Ahead()
        self.newest = Newest.empty(0)  # for the first flags of what comes
        self.checked = Checked()
        self.suspecting = Suspecting()
        self.winds = Winds()
        self.next_due: int | None = None  # no decision is due before it; None: to be computed
        self.plan = _EMPTY
        self.silence = Silence.of(0, 0)
        self.connections = Connections.of(0)
        self.deadman = Deadman.of(0)
        self.holes = Holes.of(0)
        self.log = RowLog(NEVER)
        self.judge = Judge(self.plan)
        self.days = Days(self.plan)
        self.instants = Instants(self.plan)

    @property
    def ready(self) -> bool:
        """Has a configuration been adopted? Before that readings pass through unjudged."""
        return self.revision is not None

    @property
    def meter(self) -> Meter:
        """Measures windows."""
        return Meter(self.plan, self.log, self.hours, self.orders)

    @property
    def belated(self) -> Belated:
        """Finds the windows that what comes late belongs to."""
        return Belated(self.plan, self.closed, self.log.closed_until, self.late)

    @property
    def around(self) -> Around:
        """What a gap in a device's readings is seen against."""
        return Around(self.orders, self.gaps, self.outage, self.backgrounds)

    @property
    def to_suspect(self) -> int:
        """The start of the first hour that is still to be looked at for suspicion."""
        return self.closed[HOUR] - HOUR_MS

    def lacks(self, start: int, end: int) -> bool:
        """Does the log lack records of [start, end)?"""
        return any(start < until and end > since for since, until in self.gaps)

    def publish(self, found: list[Findings], out: Outputs, delayed: bool) -> None:
        """Say what was judged, and what of it opens, amends or closes a breach."""
        for findings in found:
            out.verdict_groups.append(findings.verdicts)
            for judgement in findings.judgements(self.breaches.open):
                self._tell(judgement, out, delayed)

    def publish_each(self, made: list[Judgement], out: Outputs, delayed: bool) -> None:
        """The same of judgements that were found one by one."""
        out.verdict_groups += VERDICTS.groups(judgement.verdict for judgement in made)
        for judgement in made:
            self._tell(judgement, out, delayed)

    def _tell(self, judgement: Judgement, out: Outputs, delayed: bool) -> None:
        out.breaches += self.breaches.judged(
            judgement.verdict,
            judgement.rule,
            previous=judgement.previous,
            later_compliant=judgement.later,
            delayed=delayed,
            **judgement.in_a_row._asdict(),
        )

    def settle(self, found: list[Findings], at: int, out: Outputs, delayed: bool = False) -> None:
        """Judge the days that can be settled, and anew those of which `found` has changed an interval."""
        days, judge = self.days, self.judge
        self.publish_each(days.resettle(judge.held, found, at), out, delayed)
        self.publish_each(days.settle(judge.held, judge.pending, self.closed, at), out, delayed)


_NOTHING = Revision("", 0, 0, {"county": {"zone": "UTC"}, "sites": [], "devices": [], "rules": []})
_EMPTY = Plan.of(_NOTHING)
