"""Faults of devices as episodes: a channel that stays away or fails, a wrong clock, an identity used twice.

A device that speaks and measures nothing is not silent, and no verdict says why its windows are empty. A
fault opens once it has lasted, and closes on the first good value, or when its device goes silent or leaves.

Everything is decided at the arrival of a reading or remark of the device, in their order, so that neither the
size of batches nor other devices change anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ingest.durations import HOUR_MS, MINUTE_MS
from ingest.records import Remark
from ingest.remarks import CLOCK, IDENTITY, REFUSED_CLOCK, UNKNOWN_KEY
from ingest.units import JUDGED
from processors.breaches import FAULT, Breaches, FaultFound
from processors.columns import NEVER, Bools, Int64s, Packing, Unpacked, carried
from processors.plan import Plan, PlanChange
from processors.quality import REFUSED_CHECKS, bits_of
from processors.records import Breach
from processors.windows import Bounded

ABSENT, FAILING, WRONG_CLOCK, TWICE, UNKNOWN_CODE = "absent", "failing", "clock", "identity", "unknown_code"
CLOCK_FAULT = f"fault/{WRONG_CLOCK}"
# what a rule of a fault is called, and what people read
FAULT_RULES: dict[str, dict[str, str]] = {
    ABSENT: {"zh": "监测参数缺失", "en": "A measured pollutant stays away"},
    FAILING: {
        "zh": "监测参数持续未通过质量检查",
        "en": "A pollutant's values keep failing the quality checks",
    },
    WRONG_CLOCK: {"zh": "设备时钟错误", "en": "The monitor's clock is wrong"},
    TWICE: {"zh": "设备编号重复使用", "en": "An identity is used twice, or by another"},
    UNKNOWN_CODE: {"zh": "参数编码未知", "en": "The monitor sends codes that nobody has explained"},
}
_LEAST_MS = 30 * MINUTE_MS  # a proposal of this project: no standard names a duration
_READINGS = 3  # at least so many reporting intervals
IN_SERVICE = frozenset("MC")  # HJ 212's flags of maintenance and calibration
# Checks after which nothing is left to judge. What is stuck or unlike its neighbours counts until a person
# decides; fog and dust beyond the sensor's range are no fault of the device, and a clock is one by itself.
_OF_THE_AIR = frozenset({"humidity", "above_range", "ceiling", "clock"})
OF_A_FAULT = bits_of(name for name in REFUSED_CHECKS if name not in _OF_THE_AIR)
_MOST_KEYS = 8  # that a fault names
_IN_A_ROW = 3  # readings whose time is wrong in a known way
_CONTRADICTIONS = 3  # within an hour: of two boxes under one name, or of another's messages
_MARK = f"{CLOCK}_"
_DONE = frozenset({f"{CLOCK}_corrected"})  # what was done about it is no kind


class Seen(NamedTuple):
    """One reading as far as faults go."""

    row: int
    received: int
    present: int  # bit q: it has a value of judged pollutant q
    good: int  # bit q: and no check fails it
    clock: tuple[str, ...] = ()  # kinds of `ingest.wrong_clocks` that its time fits
    excused: int = 0  # bit q: the device flags it as being serviced
    conflict: bool = False


def least_ms(interval_ms: int) -> int:
    """Least duration of a fault of a device that reports at this interval (ms)."""
    return max(_LEAST_MS, _READINGS * interval_ms)


@lru_cache(maxsize=256)
def clock_kinds(marks: str) -> tuple[str, ...]:
    """The marks (comma-separated) of a reading that name a way in which its time is wrong."""
    return tuple(sorted(one for one in marks.split(",") if one.startswith(_MARK) and one not in _DONE))


@dataclass(slots=True, eq=False)
class DeviceFaults(Bounded):
    """State by device row; instants of receipt in ms, NEVER where nothing is wrong."""

    expected: npt.NDArray[np.uint8]  # bit q: the device has sent pollutant q, or is registered to measure it
    away_since: Int64s  # (3, n): the first reading without the pollutant since the last good one
    failing_since: Int64s  # (3, n): the first reading that a check fails since the last good one
    clock_run: npt.NDArray[np.uint8]  # readings in a row whose time is wrong, up to _IN_A_ROW
    clock_since: Int64s  # the first of them
    contradictions: npt.NDArray[np.uint8]  # within an hour of each other, up to _CONTRADICTIONS
    contradicted_since: Int64s
    contradicted_last: Int64s
    unknown_since: Int64s  # when a key was first seen that no code names
    unknown: dict[str, tuple[str, ...]] = field(default_factory=dict)  # device -> those keys
    _odd: Bools = field(
        init=False
    )  # something is wrong, or may be: derived, so that a look at a few costs few

    def __post_init__(self) -> None:
        self._look_at(slice(None))

    @classmethod
    def of(cls, devices: int) -> DeviceFaults:
        """State with nothing wrong."""
        channels = (len(JUDGED), devices)
        return cls(
            np.zeros(devices, np.uint8),
            np.full(channels, NEVER, np.int64),
            np.full(channels, NEVER, np.int64),
            np.zeros(devices, np.uint8),
            np.full(devices, NEVER, np.int64),
            np.zeros(devices, np.uint8),
            np.full(devices, NEVER, np.int64),
            np.full(devices, NEVER, np.int64),
            np.full(devices, NEVER, np.int64),
        )

    def matters(
        self, rows: npt.NDArray[Any], present: npt.NDArray[np.uint8], good: npt.NDArray[np.uint8]
    ) -> npt.NDArray[np.bool_]:
        """True for readings that may change something: nearly none where all is well (n)."""
        expected = self.expected[rows]
        found = (present & ~good) != 0
        found |= (expected & ~good) != 0
        found |= (present & ~expected) != 0
        found |= self._odd[rows]
        return np.asarray(found)

    def _look_at(self, rows: Any) -> None:
        """Find out whether anything is wrong with some devices; to be called after they have changed."""
        if isinstance(rows, slice):
            self._odd = np.zeros(len(self.expected), np.bool_)
        odd = (self.away_since[:, rows] != NEVER).any(axis=0)
        odd |= (self.failing_since[:, rows] != NEVER).any(axis=0)
        odd |= (self.unknown_since[rows] != NEVER) & (self.expected[rows] == 0)
        self._odd[rows] = odd | (self.clock_run[rows] > 0) | (self.contradictions[rows] > 0)

    def came(self, plan: Plan, breaches: Breaches, seen: Seen) -> Iterator[Breach]:
        """Take in one reading; the events of the faults that it opens or closes."""
        if self._is_plain(seen):
            device, at = plan.devices[seen.row], seen.received
            for rule in (f"fault/{UNKNOWN_CODE}", CLOCK_FAULT) if seen.good else (CLOCK_FAULT,):
                yield from _closed(breaches, rule, device, at, "good_value")
            self.expected[seen.row] |= np.uint8(seen.present)
            return
        for q, name in enumerate(JUDGED):
            yield from self._channel(plan, breaches, seen, q, name)
        yield from self._never_sent(plan, breaches, seen)
        yield from self._clock(plan, breaches, seen)
        yield from self._contradiction(plan, breaches, seen)
        self.expected[seen.row] |= np.uint8(seen.present)
        self._look_at([seen.row])

    def _is_plain(self, seen: Seen) -> bool:
        """True if nothing was wrong with its device, and nothing is now: as all begin."""
        lacks = int(self.expected[seen.row]) & ~seen.good
        return not (self._odd[seen.row] or lacks or seen.present != seen.good or seen.clock or seen.conflict)

    def _channel(self, plan: Plan, breaches: Breaches, seen: Seen, q: int, name: str) -> Iterator[Breach]:
        bit, row, at = 1 << q, seen.row, seen.received
        device = plan.devices[row]
        if seen.good & bit:
            if self.away_since[q, row] != NEVER or self.failing_since[q, row] != NEVER:
                self.away_since[q, row] = self.failing_since[q, row] = NEVER
                for what in (ABSENT, FAILING):
                    yield from _closed(breaches, f"fault/{what}/{name}", device, at, "good_value")
            yield from _closed(breaches, f"fault/{UNKNOWN_CODE}", device, at, "good_value")
            return
        if seen.excused & bit:
            return
        if seen.present & bit:
            yield from self._bad(plan, breaches, seen, (FAILING, q, name), self.failing_since)
        elif int(self.expected[row]) & bit:
            yield from self._bad(plan, breaches, seen, (ABSENT, q, name), self.away_since)

    def _bad(
        self, plan: Plan, breaches: Breaches, seen: Seen, channel: tuple[str, int, str], since: Int64s
    ) -> Iterator[Breach]:
        what, q, name = channel
        row, at = seen.row, seen.received
        if since[q, row] == NEVER:
            since[q, row] = at
        began = int(since[q, row])
        if at - began < least_ms(int(plan.interval[row])):
            return
        if what == ABSENT and plan.devices[row] in self.unknown:
            yield from self._open_unknown(plan, breaches, row, began, at)
        else:
            yield from _opened(plan, breaches, row, _Begun(what, began, at, name))

    def _never_sent(self, plan: Plan, breaches: Breaches, seen: Seen) -> Iterator[Breach]:
        """A device that never sent any dust, and sends what nobody has explained."""
        row, at = seen.row, seen.received
        began = int(self.unknown_since[row])
        if began == NEVER or self.expected[row] or seen.present:
            return
        if at - began >= least_ms(int(plan.interval[row])):
            yield from self._open_unknown(plan, breaches, row, began, at)

    def _open_unknown(
        self, plan: Plan, breaches: Breaches, row: int, began: int, at: int
    ) -> Iterator[Breach]:
        keys = self.unknown.get(plan.devices[row], ())[:_MOST_KEYS]
        reasons = (*(f"key:{key}" for key in keys), UNKNOWN_CODE)
        yield from _opened(plan, breaches, row, _Begun(UNKNOWN_CODE, began, at, reasons=reasons))

    def _clock(self, plan: Plan, breaches: Breaches, seen: Seen) -> Iterator[Breach]:
        row, at, rule = seen.row, seen.received, CLOCK_FAULT
        if not seen.clock:
            if self.clock_run[row]:
                self.clock_run[row], self.clock_since[row] = 0, NEVER
            yield from _closed(breaches, rule, plan.devices[row], at, "good_value")
            return
        if not self.clock_run[row]:
            self.clock_since[row] = at
        self.clock_run[row] = min(int(self.clock_run[row]) + 1, _IN_A_ROW)
        began = int(self.clock_since[row])
        # a backlog that comes at once looks wrong for a moment: what was measured half a day ago
        lasts = at - began >= int(plan.interval[row])
        if self.clock_run[row] >= _IN_A_ROW and lasts:
            yield from _opened(plan, breaches, row, _Begun(WRONG_CLOCK, began, at, reasons=seen.clock))

    def _contradiction(self, plan: Plan, breaches: Breaches, seen: Seen) -> Iterator[Breach]:
        row, at = seen.row, seen.received
        rule = f"fault/{TWICE}"
        quiet = self.contradictions[row] and at - int(self.contradicted_last[row]) >= HOUR_MS
        if quiet:
            self.contradictions[row] = 0
            self.contradicted_since[row] = self.contradicted_last[row] = NEVER
            yield from _closed(breaches, rule, plan.devices[row], at, "good_value")
        if not seen.conflict:
            return
        if not self.contradictions[row]:
            self.contradicted_since[row] = at
        self.contradictions[row] = min(int(self.contradictions[row]) + 1, _CONTRADICTIONS)
        self.contradicted_last[row] = at
        if self.contradictions[row] >= _CONTRADICTIONS:
            began = int(self.contradicted_since[row])
            found = _Begun(TWICE, began, at, reasons=("contradictions",))
            yield from _opened(plan, breaches, row, found)

    def remark(self, plan: Plan, breaches: Breaches, said: Remark) -> Iterator[Breach]:
        """Take in a remark; the events of the faults that it opens."""
        row = plan.row_of.get(said.device)
        if row is None:
            return
        count = sum(seen[0] for seen in said.names.values())
        first = min((seen[1] for seen in said.names.values()), default=said.received_at)
        if said.kind == UNKNOWN_KEY:
            known = self.unknown.get(said.device, ())
            self.unknown[said.device] = tuple(sorted({*known, *said.names}))
            if self.unknown_since[row] == NEVER:
                self.unknown_since[row] = first
        elif said.kind == REFUSED_CLOCK and count + int(self.clock_run[row]) >= _IN_A_ROW:
            found = _Begun(WRONG_CLOCK, first, said.received_at, reasons=(f"{CLOCK}_refused",))
            yield from _opened(plan, breaches, row, found)
        elif said.kind == REFUSED_CLOCK:
            self.clock_run[row] = min(int(self.clock_run[row]) + count, _IN_A_ROW)
            self.clock_since[row] = first if self.clock_since[row] == NEVER else self.clock_since[row]
        elif said.kind == IDENTITY:
            found = _Begun(TWICE, first, said.received_at, reasons=("identity_refused",))
            yield from _opened(plan, breaches, row, found)
            self.contradictions[row] = max(int(self.contradictions[row]), 1)
            self.contradicted_last[row] = said.received_at
        self._look_at([row])

    def fell_silent(self, plan: Plan, breaches: Breaches, rows: list[int], at: int) -> Iterator[Breach]:
        """End the faults of devices that went offline: of a silent device nobody knows more."""
        for row in rows:
            for rule in _rules():
                yield from _closed(breaches, rule, plan.devices[row], at, "device_silent")
            for column in (self.away_since, self.failing_since):
                column[:, row] = NEVER
            self.clock_run[row] = self.contradictions[row] = 0
            self.clock_since[row] = self.contradicted_since[row] = self.contradicted_last[row] = NEVER
        self._look_at(rows)

    def follow(self, change: PlanChange) -> None:
        """Move devices to their new rows; what a device is registered to measure is expected of it."""
        old = change.old_row
        self.expected = carried(self.expected, old, 0) | change.after.measures
        self.away_since = carried(self.away_since, old, NEVER)
        self.failing_since = carried(self.failing_since, old, NEVER)
        self.clock_run = carried(self.clock_run, old, 0)
        self.clock_since = carried(self.clock_since, old, NEVER)
        self.contradictions = carried(self.contradictions, old, 0)
        self.contradicted_since = carried(self.contradicted_since, old, NEVER)
        self.contradicted_last = carried(self.contradicted_last, old, NEVER)
        self.unknown_since = carried(self.unknown_since, old, NEVER)
        self.unknown = {name: keys for name, keys in self.unknown.items() if name in change.after.row_of}
        self._look_at(slice(None))

    def dump(self, pack: Packing) -> list[Any]:
        """JSON data of the state; its arrays go to `pack`."""
        return [
            pack.add_all(getattr(self, name) for name in _COLUMNS),
            sorted(map(list, self.unknown.items())),
        ]

    @classmethod
    def load(cls, data: list[Any], arrays: Unpacked, plan: object) -> DeviceFaults:
        """The inverse of `dump`."""
        columns, unknown = data
        made = cls.of(0)
        for name, column in zip(_COLUMNS, arrays.all_of(columns), strict=True):
            setattr(made, name, column)
        made.unknown = {name: tuple(keys) for name, keys in unknown}
        made._look_at(slice(None))
        return made


_COLUMNS = tuple(one.name for one in fields(DeviceFaults) if one.name not in ("unknown", "_odd"))


class _Begun(NamedTuple):
    """A fault that has lasted long enough to be told."""

    what: str
    began: int
    at: int
    pollutant: str | None = None
    reasons: tuple[str, ...] = ()  # empty: the fault itself

    @property
    def rule(self) -> str:
        """Name of the fault as breaches know it."""
        return f"fault/{self.what}" if self.pollutant is None else f"fault/{self.what}/{self.pollutant}"


def _opened(plan: Plan, breaches: Breaches, row: int, begun: _Begun) -> Iterator[Breach]:
    device = plan.devices[row]
    if breaches.is_open(begun.rule, FAULT, device):
        return
    reasons, title = begun.reasons or (begun.what,), FAULT_RULES[begun.what]
    # of a sensor that dies with all its pollutants people are told once
    alike = (f"fault/{begun.what}/{name}" for name in JUDGED)
    tell = not any(breaches.is_open(rule, FAULT, device) for rule in alike)
    found = FaultFound(
        begun.rule,
        plan.sites[row],
        device,
        begun.began,
        reasons,
        title,
        begun.pollutant,
        tell,
    )
    yield breaches.fault(found, begun.at, configuration=plan.id)


def _closed(breaches: Breaches, rule: str, device: str, at: int, reason: str) -> Iterator[Breach]:
    event = breaches.close((rule, FAULT, device), at, reason, end=at)
    if event is not None:
        yield event


def _rules() -> Iterator[str]:
    """The rules of all faults that a device can have."""
    for what in FAULT_RULES:
        if what in (ABSENT, FAILING):
            yield from (f"fault/{what}/{name}" for name in JUDGED)
        else:
            yield f"fault/{what}"
