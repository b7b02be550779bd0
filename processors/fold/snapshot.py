"""The state of a partition as bytes, and back.

Format: magic, length of what suspicion keeps, that (it is packed already), length of the raw body, then
zstd of (length of the JSON head, head, arrays back to back). The head names the version and each array's
type and shape.
"""

from __future__ import annotations

import struct
from dataclasses import asdict, fields
from typing import Any, TypeVar

import numpy as np
import orjson
import pyarrow as pa

from ingest.records import Revision
from processors.breaches import Breaches
from processors.columns import Array
from processors.fold.memory import Memory
from processors.fold.suspicion import Suspecting
from processors.fold.wind import Winds
from processors.measuring.clock_hours import Hour, Key
from processors.measuring.reopened import ReopenedWindows
from processors.measuring.stations import AreaMean, Backgrounds
from processors.outlook.levels import Recent
from processors.outlook.short_windows import OutlookMemory
from processors.outlook.states import WindowStates
from processors.plan.calibrations import Calibrations
from processors.plan.orders import Orders
from processors.plan.plan import Plan, sites_of_partition
from processors.plan.rule_in_force import Admission, Former
from processors.quality.newest import NewestValues
from processors.silence.connections import Connections
from processors.silence.deadman import Deadman
from processors.silence.device_gaps import DeviceGaps
from processors.silence.heard import Heard
from processors.silence.own_outage import Outage
from processors.suspicion.hour_sums import HourSums
from processors.verdicts.answers import Held
from processors.verdicts.days import DayHeld, Days
from processors.verdicts.judge import Judge
from processors.verdicts.single_values import Instants
from processors.windows.calendar import Track
from processors.windows.row_log import BUCKET_MS, Bucket, Columns, RowLog

VERSION = 2
_MAGIC = b"dustwatch-detect\x02"
_MAGIC_BEFORE = b"dustwatch-detect\x01"  # what suspicion keeps is one of the arrays
_LENGTH = struct.Struct("<Q")


class _Pack:
    """Arrays on their way to bytes; each gets a number that the head mentions, the same array the same."""

    def __init__(self) -> None:
        self.arrays: list[Array] = []
        self._numbers: dict[int, int] = {}

    def add(self, array: Array) -> int:
        self.arrays.append(np.ascontiguousarray(array))
        return len(self.arrays) - 1

    def shared(self, array: Array) -> int:
        """For an array that others hold too."""
        number = self._numbers.get(id(array))
        if number is None:
            number = self._numbers[id(array)] = self.add(array)
        return number


Some = TypeVar("Some", bound=Memory)


def dump(memory: Memory) -> bytes:
    """The whole state of a partition; the same state gives the same bytes."""
    pack = _Pack()
    silence, judge, days, log = memory.silence, memory.judge, memory.days, memory.log
    head: dict[str, Any] = {
        "version": VERSION,
        "partition": [memory.partition, memory.partitions],
        "now": memory.now,
        "outage": asdict(memory.outage),
        "revision": _plain(memory.revision) if memory.revision else None,
        "former": [list(one) for one in memory.plan.former],
        "waiting": [_plain(revision) for revision in memory.waiting],
        "backgrounds": memory.backgrounds.dump(),
        "breaches": memory.breaches.dump(),
        "signals": sorted(memory.signals.items()),
        "gaps": memory.gaps,
        "orders": memory.orders.dump(),
        "calibrations": memory.calibrations.dump(),
        "closed": [[*track, end] for track, end in sorted(memory.closed.items())],
        "since": memory.since,
        "late": memory.late.dump(),
        "hours": [
            [start, *key, [pack.add(a) for a in (hour.mean, hour.code, hour.greatest)]]
            for start, hours in sorted(memory.hours.held.items())
            for key, hour in sorted(hours.items())
        ],
        "ahead": _dump_ahead(memory.ahead, pack),
        "newest": [pack.add(a) for a in memory.newest.columns],
        "checked": [
            [period, [pack.add(a) for a in newest.columns]]
            for period, newest in sorted(memory.checked.before.items())
        ],
        "winds": memory.winds.dump(pack.add),
        "beside": _dump_beside(memory.suspecting, pack),
        "silence": [pack.add(a) for a in (silence.last_seen, silence.since, silence.sent, silence.offline)],
        "connections": [pack.add(a) for a in (memory.connections.word, memory.connections.at)],
        "deadman": pack.add(memory.deadman.tell_at),
        "holes": [
            memory.holes.looked,
            [pack.add(getattr(memory.holes, name)) for name in ("last", "begin", "until", "bits")],
        ],
        "log": _dump_log(log, pack),
        "held": [
            [
                name,
                start,
                held.end,
                _dump_held(held, pack),
                [[a, *mean] for a, mean in sorted(held.used.items())],
            ]
            for name, starts in sorted(judge.held.items())
            for start, held in sorted(starts.items())
        ],
        "pending": [[name, start, due] for (name, start), due in sorted(judge.pending.items())],
        "day_next": sorted(days.next.items()),
        "days": [
            [name, start, [pack.add(a) for a in (day.state, day.count, day.revision)]]
            for name, settled in sorted(days.settled.items())
            for start, day in sorted(settled.items())
        ],
        "above": [[name, pack.add(newest)] for name, newest in sorted(memory.instants.above.items())],
        "opened": sorted(memory.instants.opened.items()),
    }
    head["arrays"] = [[array.dtype.str, list(array.shape)] for array in pack.arrays]
    text = orjson.dumps(head)
    raw = b"".join([_LENGTH.pack(len(text)), text, *(array.tobytes() for array in pack.arrays)])
    packed = pa.compress(raw, codec="zstd", asbytes=True)
    kept = memory.suspecting.dump()
    return b"".join([_MAGIC, _LENGTH.pack(len(kept)), kept, _LENGTH.pack(len(raw)), packed])


def _plain(revision: Revision) -> dict[str, Any]:
    """Without the deep copy of `asdict`: the body holds every device, and this runs every few seconds."""
    return {field.name: getattr(revision, field.name) for field in fields(revision)}


def _dump_ahead(ahead: OutlookMemory, pack: _Pack) -> dict[str, Any]:
    return {
        "due": ahead.due,
        "recent": _dump_recent(ahead.recent, pack),
        "watches": _dump_watches(ahead.watches, pack),
        "quarters": [
            [start, q, *admits, [pack.add(a) for a in sums]]
            for (start, q, admits), sums in sorted(ahead.quarters.items())
        ],
        "hourly": _dump_recent(ahead.further.recent, pack),
        "further": _dump_watches(ahead.further.watches, pack),
        "days": _dump_watches(ahead.days.watches, pack),
    }


def _dump_recent(held: dict[int, Recent], pack: _Pack) -> list[Any]:
    return [
        [q, [pack.add(a) for a in (recent.count, recent.last, recent.level, recent.spread)]]
        for q, recent in sorted(held.items())
    ]


def _dump_watches(held: dict[tuple[str, int], WindowStates], pack: _Pack) -> list[Any]:
    return [[*key, [pack.add(a) for a in (w.state, w.turn)]] for key, w in sorted(held.items())]


def _dump_held(held: Held, pack: _Pack) -> list[int]:
    own = [pack.add(a) for a in (held.state, held.bits, held.revision, held.measured)]
    source = [] if held.source is None else [pack.add(held.source)]
    return [*own, pack.shared(held.total), pack.shared(held.covered), *source]


def _dump_beside(suspecting: Suspecting, pack: _Pack) -> list[Any]:
    return [[hour, [pack.add(array) for array in arrays]] for hour, arrays in suspecting.hour_sums.dump()]


def _dump_log(log: RowLog, pack: _Pack) -> dict[str, Any]:
    opened = []
    for number, bucket in sorted(log.open.items()):
        rows = bucket.filled()
        offset = (rows.time - number * BUCKET_MS).astype(np.int32)  # half the bytes of the instant
        came = rows.lag + offset // 1000  # the second of receipt: rows that came together share it
        columns = (rows.row, offset, rows.period, rows.hash, rows.values, rows.packed, rows.wet, came)
        flagged = np.flatnonzero((rows.fail | rows.suspect).any(axis=0)).astype(np.int32)  # few are
        flags = (flagged, rows.fail[:, flagged], rows.suspect[:, flagged])
        opened.append([number, [pack.add(column) for column in (*columns, *flags)]])
    return {
        "until": log.closed_until,
        "by_receipt": True,
        "open": opened,
        "closed": [[number, pack.add(hashes)] for number, hashes in sorted(log.closed.items())],
        "straggled": [
            [number, pack.add(np.array(sorted(found), np.uint64))]
            for number, found in sorted(log.straggled.items())
            if found
        ],
    }


# ----------------------------------------------------------------------------------------- from bytes


def load(data: bytes, memory: Some) -> Some:
    """Fill an empty memory with a saved state. Raises ValueError for bytes of another version."""
    head, arrays, suspecting = _unpack(data)
    memory.partition, memory.partitions = head["partition"]
    memory.now = head["now"]
    memory.outage = Outage(**head["outage"])
    memory.waiting = [Revision(**revision) for revision in head["waiting"]]
    memory.backgrounds = Backgrounds.load(head["backgrounds"])
    memory.breaches = Breaches.load(head["breaches"])
    memory.signals = dict(head["signals"])
    memory.orders = Orders.load(head["orders"])
    memory.calibrations = Calibrations.load(head.get("calibrations", []))
    memory.gaps = [(start, end) for start, end in head["gaps"]]
    memory.closed = {Track(window, step): end for window, step, end in head["closed"]}
    memory.since = head["since"]
    memory.late = ReopenedWindows.load(head["late"])
    for start, q, fail, suspect, columns in head["hours"]:
        mean, code, greatest = (arrays[i] for i in columns)
        memory.hours.held.setdefault(start, {})[Key(q, fail, suspect)] = Hour(mean, code, greatest)
    _load_ahead(memory.ahead, head["ahead"], arrays)
    memory.newest = NewestValues(*(arrays[i] for i in head["newest"]))
    for period, columns in head["checked"]:
        memory.checked.before[period] = NewestValues(*(arrays[i] for i in columns))
    if head["revision"] is None:
        return memory
    memory.revision = Revision(**head["revision"])
    former = tuple(Former(*one) for one in head.get("former", []))
    mine = sites_of_partition(memory.partition, memory.partitions)
    plan = Plan.of(memory.revision, mine, former)
    memory.plan = memory.calibrations.plan(plan, memory.revision)
    last_seen, since, sent, offline = (arrays[i] for i in head["silence"])
    memory.silence = Heard(last_seen, since, sent, offline)
    everyone = np.arange(len(memory.plan), dtype=np.int32)
    # snapshots from before these were kept: nothing was known
    memory.connections = Connections.of(len(everyone))
    if "connections" in head:
        memory.connections = Connections(*(arrays[i] for i in head["connections"]))
    memory.deadman = Deadman.of(len(everyone))
    if "deadman" in head:
        memory.deadman = Deadman(arrays[head["deadman"]]).moved(everyone)
    memory.holes = DeviceGaps.of(len(everyone))
    if "holes" in head:
        looked, columns = head["holes"]
        last, begin, until, bits = (arrays[i] for i in columns)
        memory.holes = DeviceGaps(last, begin, until, bits, looked)
    memory.winds = Winds.load(head.get("winds", []), arrays)
    memory.suspecting = Suspecting.load(suspecting, len(memory.plan))
    beside = [(hour, [arrays[i] for i in own]) for hour, own in head.get("beside", [])]
    memory.suspecting.hour_sums = HourSums.load(beside)
    memory.log = _load_log(head["log"], arrays, memory.plan)
    above = {name: arrays[i] for name, i in head["above"]}
    memory.instants = Instants(memory.plan, above, dict(head.get("opened", [])))
    judge = memory.judge = Judge(memory.plan)
    days = memory.days = Days(memory.plan)
    for name, start, end, columns, used in head["held"]:
        means = {area: AreaMean(nano, tuple(ids), complete) for area, nano, ids, complete in used}
        state, bits, revision, measured, total, covered, *source = (arrays[i] for i in columns)
        judge.held.setdefault(name, {})[start] = Held(
            end, state, bits, revision, total, covered, measured, means, source[0] if source else None
        )
    judge.pending = {(name, start): due for name, start, due in head["pending"]}
    days.next = dict(head["day_next"])
    for name, start, columns in head["days"]:
        days.settled.setdefault(name, {})[start] = DayHeld(*(arrays[i] for i in columns))
    return memory


def _load_ahead(ahead: OutlookMemory, head: dict[str, Any], arrays: list[Array]) -> None:
    ahead.due = head["due"]
    # an older version's snapshot has none of hours and days
    for recent, levels in (("recent", ahead.recent), ("hourly", ahead.further.recent)):
        for q, columns in head.get(recent, ()):
            levels[q] = Recent(*(arrays[i] for i in columns))
    for watched, watches in (
        ("watches", ahead.watches),
        ("further", ahead.further.watches),
        ("days", ahead.days.watches),
    ):
        for name, instant, columns in head.get(watched, ()):
            watches[name, instant] = WindowStates(*(arrays[i] for i in columns))
    for start, q, fail, suspect, columns in head["quarters"]:
        total, covered = (arrays[i] for i in columns)
        ahead.quarters[start, q, Admission(fail, suspect)] = total, covered


def _unpack(data: bytes) -> tuple[dict[str, Any], list[Array], bytes]:
    """(head, arrays, what suspicion keeps)."""
    if not data.startswith((_MAGIC, _MAGIC_BEFORE)):
        raise ValueError(
            f"a snapshot of detect must begin with {_MAGIC!r}, this one begins with {data[:16]!r}; "
            "was it saved by another version? Start from a clean stop of that version"
        )
    start, suspecting = len(_MAGIC), b""
    if data.startswith(_MAGIC):
        (kept,) = _LENGTH.unpack_from(data, start)
        start += _LENGTH.size
        suspecting, start = data[start : start + kept], start + kept
    (size,) = _LENGTH.unpack_from(data, start)
    start += _LENGTH.size
    raw = pa.decompress(data[start:], decompressed_size=size, codec="zstd", asbytes=True)
    (length,) = _LENGTH.unpack_from(raw)
    at = _LENGTH.size + length
    head: dict[str, Any] = orjson.loads(raw[_LENGTH.size : at])
    if head["version"] != VERSION:
        raise ValueError(f"a snapshot of version {head['version']}; this program reads version {VERSION}")
    arrays: list[Array] = []
    for dtype, shape in head["arrays"]:
        count = int(np.prod(shape))
        array = np.frombuffer(raw, np.dtype(dtype), count, at).reshape(shape).copy()
        arrays.append(array)
        at += array.nbytes
    if "suspecting" in head:
        suspecting = arrays[head["suspecting"]].tobytes()
    return head, arrays, suspecting


def _load_log(head: dict[str, Any], arrays: list[Array], plan: Plan) -> RowLog:
    log = RowLog(head["until"])
    for number, columns in head["open"]:
        row, offset, period, hashes, values, packed, wet, lag, flagged, *flags = (arrays[i] for i in columns)
        fail, suspect = np.zeros(values.shape, np.uint16), np.zeros(values.shape, np.uint16)
        fail[:, flagged], suspect[:, flagged] = flags
        time = offset.astype(np.int64) + number * BUCKET_MS
        if head.get("by_receipt"):
            lag = (lag - offset // 1000).astype(np.int16)
        rows = Columns(row, time, period, hashes, values, packed, fail, suspect, wet, lag)
        bucket = Bucket(rows, len(rows))
        bucket.learn(number, plan.digest)
        log.open[number] = bucket
    log.closed = {number: arrays[i] for number, i in head["closed"]}
    log.straggled = {number: set(arrays[i].tolist()) for number, i in head["straggled"]}
    return log
