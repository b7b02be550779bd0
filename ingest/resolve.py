"""Resolver from a message to its outcomes for Kafka: decode, find the device, place in time. Pure; the
bridge, the gateway and replay all use it, so the same message has the same outcome everywhere.

Decision on when a reading was taken (`TimePolicy`: a device's `clock` in devices.yaml, or the default):
- no time in the payload: time of receipt; if several from one device are waiting (the backlog after an
  outage comes in one burst), each is placed 1 ms after the one before, so that they stay distinct;
- ahead of receipt by more than `ahead_ms` (5 min): the device's clock is wrong; by default placed at
  receipt and marked `clock`;
- behind receipt by more than `behind_ms` (7 days): by default refused as `bad_time`: a clock that starts
  in 1970 after a power cut would write into windows judged long ago. It waits in quarantine and can be
  resubmitted under another policy.
Retained messages are marked `retained` and count only if the same (device, time, content) was not seen
before; if they would have to be placed at receipt they are dropped, and counted. A redelivery (DUP) of a
payload placed by receipt, with the same content within twice the device's interval, is a duplicate: a
heuristic, as a device that measures the same twice and is redelivered looks the same. With a (wrong) time in
the payload, the same content within that span is a duplicate with or without DUP.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Literal, NamedTuple

from ingest.batches import Row
from ingest.decoders import FORMATS, Decoder
from ingest.decoders.notices import decode_background, decode_signal, decode_status
from ingest.durations import DAY_MS, MINUTE_MS
from ingest.records import Background, Decoded, DevicePolicy, Quarantined, Rejected, Signal, Status
from ingest.register import Device, Register

BACKGROUND_FILTER = "dust/v1/background/+"
SIGNALS_FILTER = "dust/v1/signals/+"
STATUS_FILTER = "dust/v1/+/status"
_MOST_TOPICS = 20_000  # routes remembered; a client that invents topics must not fill the memory
_MOST_REMEMBERED = 200_000  # contents without a time
_MOST_RAW = 1024 * 1024  # bytes of a payload that quarantine keeps
_MOST_COPIES = 16  # of one payload in quarantine, for each code

Action = Literal["receipt", "keep", "refuse"]


@dataclass(frozen=True, slots=True)
class TimePolicy:
    """Clock tolerance of a device, and the policy beyond it."""

    ahead_ms: int = 5 * MINUTE_MS
    behind_ms: int = 7 * DAY_MS
    when_ahead: Action = "receipt"
    when_behind: Action = "refuse"


class Duplicate(NamedTuple):
    """A message treated as a duplicate, and why."""

    reason: str


Outcome = Row | Quarantined | Background | Signal | Status | Duplicate


class KnownKey(NamedTuple):
    """Result of looking up a key: the device, or None, and how to read it."""

    device: Device | None
    policy: DevicePolicy
    time: TimePolicy


@dataclass(slots=True)
class Arrival:
    """A message as received."""

    topic: str
    payload: bytes
    received_at: int
    retain: bool = False
    dup: bool = False


@dataclass(slots=True)
class Resolver:
    """Turns messages into outcomes according to one register; remembers only what identifies duplicates."""

    register: Register
    source: str = "bridge"
    policy: TimePolicy = TimePolicy()
    policies: Mapping[str, TimePolicy] = field(default_factory=dict)  # by device id
    _routes: dict[str, Decoder | str | None] = field(default_factory=dict)
    _known: dict[str | None, KnownKey] = field(default_factory=dict)
    _seen: dict[bytes, int] = field(default_factory=dict)  # content -> until when a DUP of it is one
    # device -> (receipt, time) of the last reading placed by receipt
    _placed: dict[str, tuple[int, int]] = field(default_factory=dict)

    def resolve(self, came: Arrival, parts: Collection[int] = ()) -> list[Outcome]:
        """Outcomes of a message; `parts` selects some of the results, as a Quarantined names them."""
        topic = came.topic
        try:
            route = self._routes[topic]
        except KeyError:
            route = self._route(topic)
        if route is None:
            return [self._refuse(came, "unknown_topic", f"no filter of ingest.yaml matches {topic!r}")]
        if isinstance(route, str):
            return [self._notice(came, route)]
        results = route(came.payload, topic, self.policy_of)
        if len(results) == 1:  # nearly always
            return [self._outcome(results[0], came, -1)]
        return [
            self._outcome(result, came, index)
            for index, result in enumerate(results)
            if not parts or index in parts
        ]

    def use(self, register: Register) -> None:
        """Resolve by another register from now on; what tells duplicates apart is kept."""
        self.register = register
        self._routes.clear()
        self._known.clear()

    def reads(self, topic: str) -> bool:
        """Whether any filter matches a topic. Callable from any thread."""
        filters = (*filters_of(self.register), STATUS_FILTER)
        return any(matches(name, topic) for name in filters)

    def policy_of(self, key: str | None) -> DevicePolicy:
        """Policy for decoding messages of the device with this key."""
        known = self._known.get(key)
        return (known or self._look_up(key)).policy

    def of_decoded(self, results: Iterable[Decoded | Rejected], came: Arrival) -> list[Outcome]:
        """Outcomes of results decoded elsewhere (the gateway's frames)."""
        return [self._outcome(result, came, -1) for result in results]

    def _outcome(self, result: Decoded | Rejected, came: Arrival, part: int) -> Outcome:
        if isinstance(result, Rejected):
            refused = self._refuse(came, result.code, result.detail)
            # the decoder cut out the faulty part, or it could not
            return replace(refused, raw=result.raw[:_MOST_RAW]) if result.raw else replace(refused, part=part)
        key, time, period, values, flags, extras, tolerated, beside = result
        known = self._known.get(key) or self._look_up(key)
        device = known.device
        if device is None:
            words = f"no device with id or alias {key!r} in devices.yaml" if key else "names no device"
            return replace(self._refuse(came, "unknown_device", words), part=part)
        received_at, marks = came.received_at, tolerated
        if time is not None:
            ahead = time - received_at
            action: Action = "keep"
            if ahead > known.time.ahead_ms:
                action = known.time.when_ahead
            elif -ahead > known.time.behind_ms:
                action = known.time.when_behind
            else:
                if came.retain:
                    marks = (*marks, "retained")
                return Row(
                    device.id, device.site, time, period, received_at, values, flags, extras, marks, beside
                )
            if action == "refuse":
                words = f"the payload's time is {_span(ahead)} receipt; more than is accepted of {device.id}"
                return replace(self._refuse(came, "bad_time", words), part=part)
            marks = (*marks, "clock")
            if action == "keep":
                return Row(
                    device.id, device.site, time, period, received_at, values, flags, extras, marks, beside
                )
        if came.retain:
            return Duplicate("retained_without_time")
        if self._is_repeated(came, device, part, names_time=time is not None):
            return Duplicate("redelivered_without_time" if time is None else "repeated_by_a_wrong_clock")
        at = self._place(device.id, received_at)
        return Row(device.id, device.site, at, period, received_at, values, flags, extras, marks, beside)

    def _place(self, device: str, received_at: int) -> int:
        """Time of a reading that has none: its receipt, or 1 ms after the one before.

        A receipt before the previous one (resubmitted from quarantine) is not part of a burst, and is kept.
        """
        before, last = self._placed.get(device, (received_at, received_at - 1))
        time = last + 1 if before <= received_at <= last else received_at
        self._placed[device] = received_at, time
        return time

    def _is_repeated(self, came: Arrival, device: Device, part: int, names_time: bool) -> bool:
        """True if the same payload, also placed by receipt, came shortly before.

        The fold can't tell: each has another receipt. One with its own (wrong) time is a duplicate by
        (device, time, content) whatever its DUP: a device's own repetition reaches us without that flag.
        """
        content = b"%d %d %s " % (part, len(came.topic), came.topic.encode()) + came.payload
        digest = blake2b(content, digest_size=16).digest()
        until = self._seen.get(digest)
        if (came.dup or names_time) and until is not None and came.received_at <= until:
            return True
        if len(self._seen) >= _MOST_REMEMBERED:
            self._seen = {k: v for k, v in self._seen.items() if v >= came.received_at}
            if len(self._seen) >= _MOST_REMEMBERED:
                self._seen.clear()
        self._seen[digest] = came.received_at + 2 * device.interval * 1000
        return False

    def _notice(self, came: Arrival, kind: str) -> Outcome:
        if kind == "background":
            value = decode_background(came.payload, came.topic, self._offset_s(came.received_at))
            if isinstance(value, Rejected):
                return self._refuse(came, value.code, value.detail)
            if not any(value.station in area.stations for area in self.register.county.background):
                words = f"no area of county.yaml lists the station {value.station!r}"
                return self._refuse(came, "unknown_station", words)
            return Background(value.id, came.received_at, *value[1:])
        if kind == "status":
            return self._status(came)
        order = decode_signal(came.payload, came.topic, self._offset_s(came.received_at))
        if isinstance(order, Rejected):
            return self._refuse(came, order.code, order.detail)
        if not self._is_place(order.place):
            words = f"{order.place!r} is no area of county.yaml, township, or site of sites.yaml"
            return self._refuse(came, "unknown_place", words)
        device = None if order.device is None else self.register.device_of(order.device)
        if order.device is not None and (device is None or device.site != order.place):
            return self._refuse(came, "unknown_device", f"{order.device!r} is no monitor of {order.place!r}")
        at = came.received_at
        start = at if order.start is None else order.start
        corrections = [
            {**one, "from": start if one["from"] is None else one["from"]} for one in order.calibration
        ]
        return Signal(
            order.id,
            at,
            order.place,
            order.kind,
            order.level,
            start,
            order.end,
            None if device is None else device.id,
            corrections or None,
        )

    def _status(self, came: Arrival) -> Outcome:
        said = decode_status(came.payload, came.topic)
        if isinstance(said, Rejected):
            return self._refuse(came, said.code, said.detail)
        device = (self._known.get(said.device) or self._look_up(said.device)).device
        if device is None:
            if came.retain:  # it comes again at every start of a bridge
                return Duplicate("retained_status_of_nobody")
            words = f"no device with id or alias {said.device!r} in devices.yaml"
            return self._refuse(came, "unknown_device", words)
        return Status(came.received_at, device.id, device.site, said.state, came.retain)

    def _offset_s(self, at_ms: int) -> int:
        """The county's offset from UTC, for times that stations and offices send without a zone."""
        offset = datetime.fromtimestamp(at_ms / 1000, self.register.zone).utcoffset()
        return int(offset.total_seconds()) if offset else 0

    def _is_place(self, name: str) -> bool:
        register = self.register
        areas = (area.area for area in register.county.background)
        return name in register.sites or name in register.departments or name == "county" or name in areas

    def _refuse(self, came: Arrival, code: str, detail: str) -> Quarantined:
        raw = came.payload
        if len(raw) > _MOST_RAW:
            detail += f" (of {len(raw)} bytes the first {_MOST_RAW} are kept)"
            raw = raw[:_MOST_RAW]
        return Quarantined(
            came.received_at, self.source, came.topic, code, detail, raw, came.retain, came.dup
        )

    def _look_up(self, key: str | None) -> KnownKey:
        device = self.register.device_of(key) if key else None
        if device is None:
            return KnownKey(None, DevicePolicy(), self.policy)  # not remembered: anybody may invent keys
        policy = DevicePolicy(device.utc_offset_s, device.units, device.modbus_crc, device.interval)
        known = KnownKey(device, policy, self.policies.get(device.id) or _time_policy(device) or self.policy)
        if len(self._known) >= _MOST_TOPICS:
            self._known.clear()
        self._known[key] = known
        return known

    def _route(self, topic: str) -> Decoder | str | None:
        route: Decoder | str | None = None
        if matches(BACKGROUND_FILTER, topic):
            route = "background"
        elif matches(SIGNALS_FILTER, topic):
            route = "signal"
        elif matches(STATUS_FILTER, topic):
            route = "status"
        else:
            for rule in self.register.ingest:
                if matches(rule.filter, topic):
                    route = FORMATS[rule.format].decode
                    break
        if len(self._routes) >= _MOST_TOPICS:
            self._routes.clear()
        self._routes[topic] = route
        return route


def _time_policy(device: Device) -> TimePolicy | None:
    clock = device.clock
    if clock is None:
        return None
    return TimePolicy(clock.ahead * 1000, clock.behind * 1000, clock.when_ahead, clock.when_behind)


def gathered(outcomes: list[Outcome]) -> list[Outcome]:
    """Merge a message's quarantined parts into one record per rejection code.

    Each would carry the whole payload: a backlog of 6,000 readings from an unregistered device would turn
    250 KB into 2 GB.
    """
    if len(outcomes) <= _MOST_COPIES:
        return outcomes
    alike: dict[str, list[Quarantined]] = {}
    for one in outcomes:
        if isinstance(one, Quarantined) and one.part >= 0:
            alike.setdefault(one.code, []).append(one)
    many = {code: found for code, found in alike.items() if len(found) > _MOST_COPIES}
    kept = [o for o in outcomes if not (isinstance(o, Quarantined) and o.part >= 0 and o.code in many)]
    for found in many.values():
        first, parts = found[0], tuple(one.part for one in found)
        detail = f"{first.detail}; {len(parts)} of its readings are refused so"
        kept.append(replace(first, detail=detail, part=-1, parts=parts))
    return kept


def matches(pattern: str, topic: str) -> bool:
    """True if an MQTT topic filter matches a topic (MQTT 5.0, section 4.7)."""
    if topic.startswith("$") and pattern[:1] in "+#":
        return False
    wanted, levels = pattern.split("/"), topic.split("/")
    for index, level in enumerate(wanted):
        if level == "#":
            return True
        if index >= len(levels) or level not in ("+", levels[index]):
            return False
    return len(wanted) == len(levels)


def filters_of(register: Register) -> list[str]:
    """The topic filters whose messages the resolver reads."""
    return list(
        dict.fromkeys([*(rule.filter for rule in register.ingest), BACKGROUND_FILTER, SIGNALS_FILTER])
    )


def _span(ahead_ms: int) -> str:
    seconds = abs(ahead_ms) // 1000
    side = "after" if ahead_ms > 0 else "before"
    return f"{seconds // 86400} d {seconds % 86400 // 3600} h {seconds % 3600 // 60} min {side}"
