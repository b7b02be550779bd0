"""What closed windows had in time: enough to add what comes late, long after their readings are gone.

A window that was full takes nothing more, and an empty one is made of what comes late alone: for both a code
is enough. One that was partly covered keeps its sum, which slots were covered, and the greatest value.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ingest.units import JUDGED
from processors.columns import (
    HOUR_MS,
    NEVER,
    Bools,
    Int8s,
    Int32s,
    Int64s,
    PackedGroups,
    Packing,
    Uint8s,
    Unpacked,
    carried,
    read_blocks,
)
from processors.measuring.clock_hours import Key
from processors.measuring.meter import Measured
from processors.plan import Plan, PlanChange
from processors.windows import Horizons, Means, Track

_GROUP_MS = 8 * HOUR_MS  # of windows that are packed together
EMPTY, PARTLY, FULL = range(3)
_NO_LINES = (
    np.zeros(0, np.int32),
    np.zeros(0, np.int64),
    np.zeros(0, np.int32),
    np.zeros(0, np.int32),
    np.zeros((0, 0), np.uint8),
)
_COVER, _REFUSED = 3, 4  # bits of a code: what was covered; values came that were not admitted


@dataclass(frozen=True, slots=True, eq=False)
class InTime:
    """One pollutant over one window: a code a device row, and k lines of those partly covered, by row."""

    code: Int8s
    row: Int32s
    total: Int64s  # 1e-9 unit
    count: Int32s  # admitted values
    greatest: Int32s  # thousandths
    slots: Uint8s  # (k, bytes): a bit a covered slot, the first one highest

    @classmethod
    def of(cls, means: Means, slots: Int64s) -> InTime:
        """What the means of a window say; `slots`: of the window, by device row."""
        if not len(means.row):
            return cls(np.zeros(len(slots), np.int8), *_NO_LINES)
        covered, most = means.covered, slots[means.row]
        full = (covered > 0) & (covered >= most)
        partly = (covered > 0) & ~full
        code = np.zeros(len(slots), np.int8)
        cover = np.where(full, FULL, np.where(partly, PARTLY, EMPTY))
        code[means.row] = cover | np.where(means.refused > 0, _REFUSED, 0)
        if not partly.any():
            return cls(code, *_NO_LINES)
        row = means.row[partly]
        bits = np.zeros((len(row), int(most[partly].max(initial=0))), bool)
        mine = np.isin(means.slot_row, row)
        bits[np.searchsorted(row, means.slot_row[mine]), means.slot[mine]] = True
        return cls(
            code,
            row,
            means.total[partly],
            means.count[partly].astype(np.int32),
            means.greatest[partly].astype(np.int32),
            np.packbits(bits, axis=1),
        )

    def replaced(self, newer: InTime, rows: Int32s) -> InTime:
        """These lines, but for some rows those of another."""
        kept, code = ~np.isin(self.row, rows), self.code.copy()
        code[rows] = newer.code[rows]
        width = max(self.slots.shape[1], newer.slots.shape[1])
        row = np.concatenate([self.row[kept], newer.row])
        order = np.argsort(row)
        slots = np.concatenate([_wide(self.slots[kept], width), _wide(newer.slots, width)])
        total, count, greatest = (
            np.concatenate([getattr(self, name)[kept], getattr(newer, name)])[order]
            for name in ("total", "count", "greatest")
        )
        return InTime(code, row[order], total, count, greatest, slots[order])

    def moved(self, change: PlanChange) -> InTime:
        """The same for devices' new rows; one that has another interval now takes nothing more."""
        code = carried(self.code, change.old_row, EMPTY)
        stays = np.flatnonzero(change.old_row >= 0)
        same = change.before.interval[change.old_row[stays]] == change.after.interval[stays]
        code[stays[~same]] = FULL
        row = change.new_row[self.row]
        kept = np.flatnonzero((row >= 0) & (code[row] & _COVER == PARTLY))
        kept = kept[np.argsort(row[kept])]
        return InTime(
            code, row[kept], self.total[kept], self.count[kept], self.greatest[kept], self.slots[kept]
        )

    def with_late(self, late: Means) -> Means:
        """The window with what came late: a line a device to which it adds something.

        A slot that had an admitted value in time keeps it. Slots are given where nothing came in time; of the
        rest no other statistic than the mean can be made.
        """
        cover = self.code[late.row] & _COVER
        partly = cover == PARTLY
        place = np.where(partly, np.searchsorted(self.row, late.row), 0)
        line = np.searchsorted(late.row, late.slot_row)
        new = (cover == EMPTY)[line] | (partly[line] & ~self._covers(place[line], late.slot, partly[line]))
        added = np.bincount(line[new], minlength=len(late.row)).astype(np.int64)
        total = np.zeros(len(late.row), np.int64)
        np.add.at(total, line[new], late.slot_mean[new])
        greatest = late.greatest.copy()
        if len(self.row):
            had = np.unpackbits(self.slots, axis=1).sum(axis=1).astype(np.int64)
            total += np.where(partly, self.total[place], 0)
            covered = added + np.where(partly, had[place], 0)
            count = np.where(partly, self.count[place] + added, late.count)
            known = np.where(added > 0, np.maximum(greatest, self.greatest[place]), self.greatest[place])
            greatest = np.where(partly, known, greatest)
        else:
            covered, count = added, late.count
        refused = late.refused + (self.code[late.row] & _REFUSED > 0)
        news = (added > 0) | ((cover != FULL) & (late.refused > 0))
        mine = new & (news & (cover == EMPTY))[line]
        return Means(
            late.row[news],
            total[news],
            covered[news],
            count[news],
            greatest[news],
            refused[news],
            late.slot_row[mine],
            late.slot_mean[mine],
            late.slot[mine],
        )

    def _covers(self, place: Int64s, slot: Int64s, asked: Bools) -> Bools:
        """True for each slot that was covered in time; only where `asked`."""
        found = np.zeros(len(slot), bool)
        at = np.flatnonzero(asked & (slot >> 3 < self.slots.shape[1]))
        byte = self.slots[place[at], slot[at] >> 3].astype(np.int64)
        found[at] = byte >> (7 - (slot[at] & 7)) & 1 == 1
        return found


@dataclass(slots=True, eq=False)
class InTimeWindows:
    """`held`: window -> key -> what it had in time; the windows that are measured from readings."""

    held: dict[tuple[Track, int], dict[Key, InTime]] = field(default_factory=dict)
    _packed: PackedGroups = field(default_factory=PackedGroups)
    _forgotten: int = NEVER  # no window is held that ends before it

    def put(self, track: Track, end: int, measured: Measured, plan: Plan) -> None:
        """Note a window that has just closed."""
        self.held[track, end] = _of(measured, plan.slots(track.window))
        self._forgotten = min(self._forgotten, end)
        self._packed.changed(end // _GROUP_MS)

    def replace(self, track: Track, end: int, measured: Measured, plan: Plan, rows: Int32s) -> None:
        """Note the rows of a window that were measured again, as long as its readings were there."""
        held = self.held.get((track, end), {})
        self._packed.changed(end // _GROUP_MS)
        for key, newer in _of(measured, plan.slots(track.window)).items():
            if key in held:
                held[key] = held[key].replaced(newer, rows)

    def with_late(self, track: Track, end: int, late: Measured) -> Measured:
        """The means of a window with what came late, by admission; nothing where it was not kept."""
        held, made = self.held.get((track, end), {}), {}
        for admits, by_pollutant in late.items():
            keys = [Key(q, *admits) for q in range(len(JUDGED))]
            made[admits] = tuple(
                held[key].with_late(means) if key in held else Means.nothing(means.row[:0])
                for key, means in zip(keys, by_pollutant, strict=True)
            )
        return made

    def forget(self, until: Horizons) -> None:
        """Forget windows to which nothing can be added any more."""
        least = until.late // _GROUP_MS * _GROUP_MS  # whole groups, so that none is packed again
        if self._forgotten < least:
            self._forgotten = least
            self.held = {window: held for window, held in self.held.items() if window[1] >= least}

    def follow(self, change: PlanChange) -> None:
        """Move devices to their new rows."""
        self._packed = PackedGroups()
        moved: dict[int, InTime] = {}
        for held in self.held.values():
            for key, one in held.items():
                if id(one) not in moved:
                    moved[id(one)] = one.moved(change)
                held[key] = moved[id(one)]

    def dump(self, pack: Packing) -> list[str]:
        """Names of blocks: all of the state is in them, and one changes when a window closes."""
        groups: dict[int, list[tuple[Track, int]]] = {}
        for window in sorted(self.held):
            groups.setdefault(window[1] // _GROUP_MS, []).append(window)

        def saved(group: int, own: Packing) -> list[Any]:
            shared = SharedColumns(own)
            return [
                [
                    *track,
                    end,
                    [[*key, shared.add(self.held[track, end][key])] for key in sorted(self.held[track, end])],
                ]
                for track, end in groups[group]
            ]

        return self._packed.bring_up(pack, groups, saved)

    @classmethod
    def load(cls, data: list[Any], arrays: Unpacked, plan: object) -> InTimeWindows:
        """The inverse of `dump`."""
        made = cls()
        for windows, own, block in read_blocks(arrays, data):
            known: dict[int, InTime] = {}
            for window, step, end, held in windows:
                for *key, columns in held:
                    if columns[0] not in known:
                        known[columns[0]] = InTime(*own.all_of(columns))
                    made.held.setdefault((Track(window, step), end), {})[Key(*key)] = known[columns[0]]
                made._packed.of[end // _GROUP_MS] = block
        return made


@dataclass(slots=True)
class SharedColumns:
    """Columns of a block; what several keys have in common is there once."""

    pack: Packing
    known: dict[int, list[int]] = field(default_factory=dict)

    def add(self, one: InTime) -> list[int]:
        """Numbers of its columns."""
        if id(one) not in self.known:
            columns = (one.code, one.row, one.total, one.count, one.greatest, one.slots)
            self.known[id(one)] = self.pack.add_all(columns)
        return self.known[id(one)]


def _of(measured: Measured, slots: Int64s) -> dict[Key, InTime]:
    known: dict[int, InTime] = {}
    made = {}
    for admits, by_pollutant in measured.items():
        for q, means in enumerate(by_pollutant):
            if id(means) not in known:
                known[id(means)] = InTime.of(means, slots)
            made[Key(q, *admits)] = known[id(means)]
    return made


def _wide(slots: Uint8s, width: int) -> Uint8s:
    return np.pad(slots, ((0, 0), (0, width - slots.shape[1])))
