"""Intake: readings prepared for the fold, with plan rows, judged values, hashes of key and content. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from ingest.records import MISSING, Readings
from ingest.units import JUDGED
from processors.columns import ABSENT, Int32s, Int64s, Uint32s, Uint64s
from processors.plan import Plan
from processors.quality import Arrivals, RawValues, by_raw, by_reading, calibrated, codes_of, corrected_bits
from processors.windows import DRY, GREATEST, REFUSED, Columns, content_of, digest_of, key_of

Bits = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.intp]

FUTURE_MS = 3_600_000  # a value from further ahead is kept, but never judged
_PERIOD_MOST = 2**31 - 1
_LAG_MOST = 2**15 - 1  # nine hours


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    """The rows of a part of a batch that can be judged; all columns have the same length."""

    place: Positions  # row in the batch
    columns: Columns
    keys: Uint64s
    received: Int64s
    present: Bits  # bit q: the reading has judged pollutant q
    left_out: tuple[tuple[int, str], ...] = ()  # (row in the batch, why) of the others
    corrected: bool = False  # are some values other than the raw ones, by calibration?

    def __len__(self) -> int:
        return len(self.place)

    def without(self, positions: list[int]) -> Intake:
        """All rows except those at some positions."""
        if not positions:
            return self
        kept = np.delete(np.arange(len(self)), positions)
        return Intake(
            self.place[kept],
            self.columns.take(kept),
            self.keys[kept],
            self.received[kept],
            self.present[kept],
            (),
            self.corrected,
        )


def intake(batch: Readings, begin: int, end: int, plan: Plan) -> Intake:
    """Prepare rows [begin, end) of a batch under a plan."""
    place = np.arange(begin, end)
    rows = plan.rows_of(batch.devices)[batch.codes[begin:end]]
    known = (rows >= 0) & (batch.time[begin:end] <= batch.received_at[begin:end] + FUTURE_MS)
    left_out: tuple[tuple[int, str], ...] = ()
    if not known.all():
        left_out = tuple(
            (begin + i, "unknown_device" if rows[i] < 0 else "future")
            for i in np.flatnonzero(~known).tolist()
        )
        place, rows = place[known], rows[known]
    whole = len(place) == len(batch)
    at = slice(None) if whole else place
    named = {name: column[at] for name, column in batch.values.items()}
    time = batch.time[at]
    raw, present = _judged(named, len(place))
    values, odd = _calibrated(plan, rows, time, raw)
    flagged = _flagged(batch, place)
    codes = codes_of(dict(flagged), len(place), JUDGED) if flagged else None
    period = np.minimum(np.maximum(batch.period[at], 0), _PERIOD_MOST)
    keys = key_of(plan.digest[rows], time, period)
    content = _content(keys, named, present, flagged)
    content = (content & ~np.uint64(7)) | present.astype(np.uint64)
    received = batch.received_at[at]
    wet = named.get("humidity")
    none = np.zeros(values.shape, np.uint16)  # until the first flags are known
    packed = by_reading(plan.limits, Arrivals(rows, time - received, wet, codes))
    if odd is not None:
        packed |= odd
    columns = Columns(
        rows,
        time,
        period.astype(np.int32),
        content,
        values,
        packed,
        none,
        none,
        _percent(wet, len(place)),
        _lag(time, received),
    )
    return Intake(place, columns, keys, received, present, left_out, values is not raw)


def _content(
    keys: Uint64s, named: dict[str, Int64s], present: Bits, flagged: list[tuple[int, str]]
) -> Uint64s:
    """Hash of what is judged of each reading; of one with nothing to judge, of all that it has.

    A repeat with the same dust counts once whatever its weather says, or whether it says any; messages of
    weather alone at one instant are parts of one, and each is kept.
    """
    content = content_of(keys, {name: named[name] for name in JUDGED if name in named})
    bare = present == 0
    if bare.any():
        content[bare] = content_of(keys, named)[bare]
    for i, text in flagged:
        if told := text if bare[i] else _of_judged(text):
            content[i] ^= np.uint64(digest_of(told))
    return content


@lru_cache(maxsize=256)
def _of_judged(flags: str) -> str:
    """The flags of judged pollutants, of `pm10=D;temperature=M`."""
    return ";".join(one for one in flags.split(";") if one.partition("=")[0] in JUDGED)


def _percent(wet: Int64s | None, n: int) -> npt.NDArray[np.int8]:
    """Humidity in whole percent; DRY if absent or outside 0 to 127."""
    if wet is None:
        return np.full(n, DRY, np.int8)
    return np.where((wet >= 0) & (wet <= 127_000), wet // 1000, DRY).astype(np.int8)


def _lag(time: Int64s, received: Int64s) -> npt.NDArray[np.int16]:
    """Whole seconds from the device's time to the receipt, clipped to `_LAG_MOST`."""
    seconds: Int64s = np.clip((received - time) // 1000, -_LAG_MOST, _LAG_MOST)
    return seconds.astype(np.int16)


def _judged(named: dict[str, Int64s], n: int) -> tuple[Int32s, Bits]:
    """Judged values as (3, n) int32, and the pollutants present in each row, as bits."""
    values = np.full((len(JUDGED), n), ABSENT, np.int32)
    present = np.zeros(n, np.uint8)
    for q, name in enumerate(JUDGED):
        column = named.get(name)
        if column is None:
            continue
        here = column != MISSING
        odd = here & ((column > GREATEST) | (column < -GREATEST))
        np.copyto(values[q], column, where=here & ~odd, casting="unsafe")
        values[q][odd] = REFUSED
        present |= here.astype(np.uint8) << np.uint8(q)
    return values, present


def _calibrated(plan: Plan, rows: Int32s, time: Int64s, raw: Int32s) -> tuple[Int32s, Uint32s | None]:
    """(judged values, packed facts about the raw ones, if any); values are `raw` if nothing is calibrated."""
    values, odd = raw, None
    for q, table in enumerate(plan.corrections):
        if not len(table):
            continue
        here = raw[q] > REFUSED
        wide = calibrated(rows, time, np.where(here, raw[q], MISSING), table)
        new = np.where(np.abs(wide) > GREATEST, REFUSED, wide)
        if values is raw:
            values = raw.copy()
        np.copyto(values[q], new, where=here, casting="unsafe")
        # of sensors that are calibrated; by_value looks at the others and finds the same
        told = by_raw(plan.limits, RawValues(q, raw[q], plan.ceilings[q, rows]))
        told |= corrected_bits(q, here & (new != raw[q]))
        odd = told if odd is None else odd | told
    return values, odd


def _flagged(batch: Readings, place: Positions) -> list[tuple[int, str]]:
    """(position among the kept rows, flags as text) of rows that their device flagged."""
    if not batch.flags:
        return []
    position = {row: i for i, row in enumerate(place.tolist())}
    return [(position[row], text) for row, text in batch.flags.items() if row in position]
