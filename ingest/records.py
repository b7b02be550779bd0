"""Records of ingest: decoded values, batches of readings, ticks, background, signals, states, revisions.

A Kafka record of `dust.feed` is one of `Readings`, `Tick`, `Background`, `Signal`, `Status`, `Remark`,
`Revision`; its `schema` header names which (see `codec`). Instants are int milliseconds UTC, periods are int
milliseconds, values are int thousandths of the unit in `units.QUANTITIES`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ingest.codes import Code

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]

MISSING = int(np.iinfo(np.int64).min)  # in a value column: this reading has no such value

STATES = ("online", "offline", "")  # what a status topic may say; "" takes back what it said

# Codes that `dustwatch decode` promises, and the reasons that only the bridge or the store can find.
REJECTION_CODES: tuple[str, ...] = (
    "bad_crc",
    "bad_length",
    "bad_syntax",
    "bad_json",
    "bad_time",
    "bad_unit",
    "bad_value",
    "no_known_key",
    "too_large",
    "empty",
    "unknown_device",
    "unknown_station",
    "unknown_place",
    "unknown_topic",
    "store_refused",
    "not_allowed",
    "encrypted",
    "count",
)


class Rejected(NamedTuple):
    """A message or part of one that could not be decoded, and why; `code` is one of REJECTION_CODES."""

    code: str
    detail: str
    raw: bytes


class ValueAside(NamedTuple):
    """A value that can't be used, and why; the others of its reading stand without it."""

    raw: Any  # as sent: text, number, or what else JSON can say
    reason: str  # one of REJECTION_CODES
    key: str = ""  # under which it was sent, where that is not the quantity's own name


class DeviceNotice(NamedTuple):
    """A well-formed message that says something other than a measurement: a start, a state, an answer."""

    kind: str
    device: str | None  # the key that was sent
    raw: bytes


class Decoded(NamedTuple):
    """One reading as understood by a decoder; the device is still the key that was sent."""

    device: str | None
    time: int | None  # ms UTC; None: the payload names no time, receipt counts
    period: int  # ms; 0: an instant
    values: dict[str, int]  # thousandths; a missing value is absent
    flags: dict[str, str]  # device's own flag per quantity, "N" normal
    extras: dict[str, Any]
    tolerated: tuple[str, ...] = ()  # what was accepted although odd: "number_as_text", "modbus_crc", ...
    beside: Mapping[str, int] = {}  # of ingest.value_extras, thousandths
    set_aside: Mapping[str, ValueAside] = {}  # by quantity
    unknown: tuple[str, ...] = ()  # keys that no table names: what they mean nobody has said
    bad_time: Rejected | None = None  # what was sent as its time is none: refused, unless placed at receipt
    said_at: str = ""  # when a frame says that it was sent (HJ 212's QN), where that is not `time`

    def from_raw(self, raw: bytes) -> Decoded:
        """The same, decoded from these bytes: they are kept if its time is refused."""
        return self if self.bad_time is None else self._replace(bad_time=self.bad_time._replace(raw=raw))


class Noticed(NamedTuple):
    """A received message that says something other than a measurement: counted and kept."""

    received_at: int
    source: str  # bridge, gateway
    topic: str
    kind: str
    device: str | None  # of the register, if it is one's
    raw: bytes
    site: str | None = None  # of the device


@dataclass(frozen=True, slots=True)
class DeviceSecrets:
    """Secrets shared with a device; `fault` says why they can't be used, and then every frame is refused."""

    password: str | None = field(default=None, repr=False)  # HJ 212's PW; None: any is taken
    sm4_key: bytes | None = field(default=None, repr=False)
    fault: str | None = None


NO_SECRETS = DeviceSecrets()


class DevicePolicy(NamedTuple):
    """Settings a decoder needs for a device: its clock, units, codes, secrets, peculiarities of HJ 212."""

    clock: int | tzinfo = 8 * 3600  # of times without a zone: seconds ahead of UTC, or a zone
    units: Mapping[str, str] = {}
    modbus_crc: bool = False  # HJ 212 firmware that computes the true Modbus CRC
    minute_s: int = 60  # HJ 212 minute data (CN 2051): the window's length, which no frame names
    secrets: DeviceSecrets = NO_SECRETS
    codes: Mapping[str, Code] = {}  # of the county, beside those of the format
    label_end: bool = False  # the time of a period marks its end


@dataclass(slots=True, eq=False)
class Readings:
    """A batch of n readings in columns, all of one partition.

    `devices[i]` is at `sites[i]`; `codes` (n) indexes both. `values[q]` is (n) thousandths, MISSING where
    a reading has no value; `beside` likewise for what some devices send beside PM10 (`ingest.value_extras`),
    with a column only if one of the batch sends it. `flags`, `extras`, `marks`, `set_aside` are sparse: row
    -> text (flags `pm10=D;tsp=T`, only those other than N; extras JSON; marks such as `clock` or `retained`,
    comma-separated; what was set aside as JSON: quantity -> raw value and reason).
    """

    devices: Sequence[str]
    sites: Sequence[str]
    codes: Int32s
    time: Int64s
    period: Int64s
    received_at: Int64s
    values: dict[str, Int64s]
    flags: dict[int, str] = field(default_factory=dict)
    extras: dict[int, str] = field(default_factory=dict)
    marks: dict[int, str] = field(default_factory=dict)
    revision: str = ""
    beside: dict[str, Int64s] = field(default_factory=dict)
    set_aside: dict[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.codes)


@dataclass(frozen=True, slots=True)
class Tick:
    """The log's clock: nothing older than `received_at` is still on its way from this bridge."""

    received_at: int
    every: int  # ms of clock time between ticks of this bridge; a gap is judged against it
    bridge: str


@dataclass(frozen=True, slots=True)
class Background:
    """What a reference station measured over [start, end); `id` is the same in every partition."""

    id: str
    received_at: int
    station: str
    start: int
    end: int
    values: dict[str, int]


@dataclass(frozen=True, slots=True)
class Signal:
    """An order or notice from outside: alert, stage, permit, shutdown, maintenance, calibration, power, gap.

    `device`: the one monitor that a maintenance, calibration, shutdown or cut is for. `calibration`: its
    corrections, each with `from` (ms UTC), `pollutant`, `slope`, `offset` (ug/m3) and `factor`; one without
    `end` has no window in which nothing is judged. `author`, `reason`, `document`: who ordered it, why, by
    which document, where it says so.
    """

    id: str
    received_at: int
    place: str  # area or site
    kind: str
    level: str | None
    start: int
    end: int | None
    device: str | None = None
    calibration: list[dict[str, Any]] | None = None
    author: str | None = None
    reason: str | None = None
    document: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What the status topic of a device says of its connection: its own word, or its last will."""

    received_at: int
    device: str
    site: str
    state: str  # online | offline | "" (the word was taken back)
    retained: bool  # the broker had kept it: when it was said nobody knows


@dataclass(frozen=True, slots=True)
class Remark:
    """What the door of the log saw of a device: kind of `ingest.remarks`, name -> [count, first, last].

    The instants (ms) are those of receipt.
    """

    received_at: int
    device: str
    site: str
    kind: str
    names: dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class Revision:
    """A configuration in force from `effective` on; `body` is plain JSON data.

    `applied` says who put it into the log and why (keys `by`, `at`, `reason`, `before`, `difference`).
    No verdict depends on it, and the id is not made of it.
    """

    id: str
    received_at: int
    effective: int
    body: dict[str, Any]
    applied: dict[str, Any] = field(default_factory=dict)


FeedRecord = Readings | Tick | Background | Signal | Status | Remark | Revision
Headers = list[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Quarantined:
    """What could not be used: kept with raw bytes, place and reason, to be put through again."""

    received_at: int
    source: str  # bridge, gateway, store
    topic: str
    code: str
    detail: str
    raw: bytes
    retain: bool = False
    dup: bool = False
    part: int = -1  # which of the results of decoding `raw` this is; -1: all of them
    parts: tuple[int, ...] = ()  # several of them, where one message held many that can't be used
    device: str | None = None  # whose it is by topic or payload, and where that stands, if it is known
    site: str | None = None

    @property
    def count(self) -> int:
        """Number of decoding results that it stands for."""
        return len(self.parts) or 1
