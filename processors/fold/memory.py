"""Memory of the fold of one partition, and the publication of its verdicts. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ingest.records import Revision
from processors.breaches import Breaches, RegionalLabels, VerdictInContext
from processors.columns import HOUR_MS, NEVER
from processors.fold.configuration import Configuration
from processors.fold.flagging import Flagging
from processors.fold.outputs import Outputs
from processors.fold.parts import Part, number, part, parts_of
from processors.fold.progress import ClosedWindows, LogGaps, Signals
from processors.fold.regional import RegionalView
from processors.fold.suspicion import Suspicions
from processors.fold.wind import HourlyWinds
from processors.measuring import (
    Backgrounds,
    Hours,
    InTimeWindows,
    LateReadings,
    Meter,
    RegionalEpisodes,
    ReopenedWindows,
)
from processors.outlook import OutlookMemory
from processors.plan import Calibrations, Orders, Plan, sites_of_partition
from processors.quality import NewestValues
from processors.records import VERDICTS
from processors.silence import (
    Connections,
    DeviceFaults,
    DeviceGaps,
    Expected,
    GapContext,
    Heard,
    Outage,
    UntoldSilences,
)
from processors.verdicts import Days, Judge, RuleVerdicts, SingleValues
from processors.windows import HOUR, LateRows, RowLog

_NO_PLAN = Plan.of(Revision("", 0, 0, {"county": {"zone": "UTC"}, "sites": [], "devices": [], "rules": []}))


@dataclass(eq=False, repr=False)
class Memory:
    """Everything the fold of one partition remembers; instants in ms. Only the fold changes it.

    Each field that is declared as a `number` or a `part` is saved, restored, moved to a new plan and pruned
    without being named anywhere else.
    """

    partition: int = number(0)
    partitions: int = number(1)
    now: int = number(NEVER)
    since: int = number(NEVER)  # no window before it is judged
    configuration: Configuration = part(Configuration)
    calibrations: Calibrations = part(Calibrations)
    orders: Orders = part(Orders)
    outage: Outage = part(Outage)
    backgrounds: Backgrounds = part(Backgrounds)
    breaches: Breaches = part(Breaches, version=2)
    signals: Signals = part(Signals)
    gaps: LogGaps = part(LogGaps)
    closed: ClosedWindows = part(ClosedWindows)
    hours: Hours = part(Hours)
    in_time: InTimeWindows = part(InTimeWindows)
    reopened: ReopenedWindows = part(ReopenedWindows, version=3)
    open_windows: OutlookMemory = part(OutlookMemory)
    faults: DeviceFaults = part(DeviceFaults, lambda: DeviceFaults.of(0))
    # for the first flags of what comes
    newest: NewestValues = part(NewestValues, lambda: NewestValues.empty(0))
    flagging: Flagging = part(Flagging, version=2)
    suspicions: Suspicions = part(Suspicions)
    episodes: RegionalEpisodes = part(RegionalEpisodes)
    labels: RegionalLabels = part(RegionalLabels)
    winds: HourlyWinds = part(HourlyWinds)
    silence: Heard = part(Heard, lambda: Heard.of(0, 0))
    connections: Connections = part(Connections, lambda: Connections.of(0))
    untold_silences: UntoldSilences = part(UntoldSilences, lambda: UntoldSilences.of(0), version=2)
    device_gaps: DeviceGaps = part(DeviceGaps, lambda: DeviceGaps.of(0))
    log: RowLog = part(RowLog, lambda: RowLog(NEVER), version=2)
    late_rows: LateRows = part(LateRows, lambda: LateRows(NEVER))
    judge: Judge = part(Judge, lambda: Judge(_NO_PLAN), version=2)
    days: Days = part(Days, lambda: Days(_NO_PLAN), version=2)
    single_values: SingleValues = part(SingleValues, lambda: SingleValues(_NO_PLAN))
    # made again where they are needed
    plan: Plan = _NO_PLAN
    next_due: int | None = None  # no decision is due before it; None: to be computed
    outlooks: bool = True  # are outlooks asked for? They take most of the time of a long replay

    @property
    def parts(self) -> Iterator[Part]:
        """All parts, in the order of their declaration."""
        return (getattr(self, name) for name in parts_of(type(self)))

    @property
    def revision(self) -> Revision | None:
        """The configuration in force."""
        return self.configuration.in_force

    @property
    def plan_in_force(self) -> Plan:
        """The plan built from the configuration and the calibrations."""
        if self.revision is None:
            return _NO_PLAN
        mine = sites_of_partition(self.partition, self.partitions)
        plan = Plan.of(self.revision, mine, self.configuration.former)
        plan = plan if self.outlooks else plan.without_outlooks
        return self.calibrations.plan(plan, self.revision)

    @property
    def ready(self) -> bool:
        """True once a configuration has been adopted; before that, readings pass through unjudged."""
        return self.revision is not None

    @property
    def meter(self) -> Meter:
        """Meter over the current state."""
        return Meter(self.plan, self.log, self.hours, self.orders)

    @property
    def late_meter(self) -> Meter:
        """Meter over the readings that came when those in time were forgotten."""
        return Meter(self.plan, self.late_rows, self.hours, self.orders)

    @property
    def late_readings(self) -> LateReadings:
        """View that finds the closed windows a late reading belongs to."""
        return LateReadings(self.plan, self.closed, self.since, self.log.closed_until, self.reopened)

    @property
    def gap_context(self) -> GapContext:
        """Context of a gap: orders, log gaps, our own outages, background."""
        return GapContext(self.orders, self.gaps, self.outage, self.backgrounds)

    @property
    def regional(self) -> RegionalView:
        """View of the breaches that lie inside a regional episode."""
        return RegionalView(self.plan, self.episodes, self.labels, self.breaches, self.judge.answers)

    @property
    def expected(self) -> Expected:
        """View of who should be sending."""
        return Expected(self.plan, self.silence, self.outage, self.breaches, self.orders)

    @property
    def to_suspect(self) -> int:
        """The start of the first hour not yet checked for suspicion."""
        return self.closed[HOUR] - HOUR_MS

    def lacks(self, start: int, end: int) -> bool:
        """True if the log lacks records of [start, end)."""
        return self.gaps.touch(start, end)

    def publish(self, verdicts: list[RuleVerdicts], out: Outputs, delayed: bool) -> None:
        """Publish verdicts, and the breaches that they open, amend or close."""
        for judged in verdicts:
            out.verdict_groups.append(judged.verdicts)
            for context in judged.in_context(self.breaches.open):
                self._publish_one(context, out, delayed)

    def publish_each(self, contexts: list[VerdictInContext], out: Outputs, delayed: bool) -> None:
        """Like `publish`, for verdicts found one at a time."""
        out.verdict_groups += VERDICTS.groups(context.verdict for context in contexts)
        for context in contexts:
            self._publish_one(context, out, delayed)

    def _publish_one(self, context: VerdictInContext, out: Outputs, delayed: bool) -> None:
        events = self.breaches.judged(context, delayed)
        regional = self.regional
        out.breaches += events if regional.is_idle else regional.say(events, context)

    def settle(self, superseding: list[RuleVerdicts], at: int, out: Outputs, delayed: bool = False) -> None:
        """Judge days that can be settled, and judge again those with a superseded interval."""
        days, judge = self.days, self.judge
        if superseding:
            self.publish_each(days.resettle(judge.answers, superseding, at), out, delayed)
        self.publish_each(days.settle(judge.answers, judge.pending, self.closed, at), out, delayed)
