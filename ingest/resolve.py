"""Resolver from a message to its outcomes for Kafka: decode, find the device, place in time. Pure; the
bridge, the gateway and replay all use it, so the same message has the same outcome everywhere.

When a reading was taken is decided in `placing`; one placed at receipt ends there.
Retained messages are marked `retained` and count only if the same (device, time, content) was not seen
before; if they would have to be placed at receipt they are dropped, and counted. A redelivery (DUP) of a
payload placed by receipt, with the same content within twice the device's interval, is a duplicate: a
heuristic, as a device that measures the same twice and is redelivered looks the same. With a (wrong) time in
the payload, the same content within that span is a duplicate with or without DUP.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from types import MappingProxyType
from typing import NamedTuple

from ingest.access import speakers
from ingest.access_form import device_secrets, network_fault
from ingest.batches import Row
from ingest.code_form import codes_of
from ingest.codes import Codes, with_own
from ingest.decoders import FORMATS, Decoder
from ingest.decoders.instants import SentInstant, instant_text
from ingest.decoders.notices import decode_background, decode_signal, decode_status
from ingest.durations import MINUTE_MS
from ingest.forms import Label
from ingest.orders import signal_of_notice
from ingest.placing import KEPT, SentTime, TimePolicy, is_near, placing_of
from ingest.records import (
    NO_SECRETS,
    Background,
    Decoded,
    DeviceNotice,
    DevicePolicy,
    Noticed,
    Quarantined,
    Rejected,
    Signal,
    Status,
)
from ingest.register import Device, Register
from ingest.topic_filters import BACKGROUND_FILTER, SIGNALS_FILTER, STATUS_FILTER, filters_of, matches
from ingest.units import Refused

_MOST_TOPICS = 20_000  # routes remembered; a client that invents topics must not fill the memory
_MOST_REMEMBERED = 200_000  # contents without a time
_MOST_RAW = 1024 * 1024  # bytes of a payload that quarantine keeps
_MOST_COPIES = 16  # of one payload in quarantine, for each code

# names that payloads give their device, beside the one that its format reads
ID_KEYS = frozenset(
    {"device", "device_id", "deviceId", "id", "mn", "MN", "serial", "serialno", "mac", "chipid", "esp8266id"}
)


class Duplicate(NamedTuple):
    """A message treated as a duplicate, and why."""

    reason: str


Outcome = Row | Quarantined | Background | Signal | Status | Duplicate | Noticed


class TopicRoute(NamedTuple):
    """Reading of a topic: its decoder, the format of its devices, and which of them may speak on it."""

    decode: Decoder
    format: str
    speakers: frozenset[str] | None  # None: all of the format
    codes: Codes = MappingProxyType({})  # of the filter
    label: Label | None = None


class KnownKey(NamedTuple):
    """Result of looking up a key: the device, or None, and how to read it."""

    device: Device | None
    policy: DevicePolicy
    time: TimePolicy


_BY_TCP = TopicRoute(FORMATS["hj212"].decode, "hj212", None)  # each frame names its device


@dataclass(slots=True)
class Arrival:
    """A message as received."""

    topic: str
    payload: bytes
    received_at: int
    retain: bool = False
    dup: bool = False
    peer: str | None = None  # address of who sent it over TCP; its topic in quarantine ends with it


@dataclass(slots=True)
class Resolver:
    """Turns messages into outcomes according to one register; remembers only what identifies duplicates."""

    register: Register
    source: str = "bridge"
    policy: TimePolicy = field(default_factory=TimePolicy)
    policies: Mapping[str, TimePolicy] = field(default_factory=dict)  # by device id
    orders: bool = True  # signals and background values are taken from MQTT
    secret: Callable[[str], str] | None = None  # value by name; None: recordings are taken as they came
    _routes: dict[str, TopicRoute | str | None] = field(default_factory=dict)
    _known: dict[str | None, KnownKey] = field(default_factory=dict)
    _newest_status: dict[str, int] = field(default_factory=dict)  # device -> `at` of its newest status
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
        policy_of = self.policy_of
        if route.codes or route.label:
            policy_of = partial(self._policy_on, route)
        results = route.decode(came.payload, topic, policy_of)
        if len(results) == 1:  # nearly always
            return [self._outcome(results[0], came, -1, route)]
        return [
            self._outcome(result, came, index, route)
            for index, result in enumerate(results)
            if not parts or index in parts
        ]

    def too_large(self, came: Arrival, missing: int) -> Quarantined:
        """Quarantine a message that was truncated because of its size; `missing` bytes were discarded."""
        size = len(came.payload) + missing
        detail = f"{size} bytes; the first {len(came.payload)} are kept, and can't be put through again"
        return self._refuse(came, "too_large", detail)

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

    def _policy_on(self, route: TopicRoute, key: str | None) -> DevicePolicy:
        """Policy of a device on a topic whose filter has codes or a label: the device's own come first."""
        known = self._known.get(key) or self._look_up(key)
        own = known.policy
        label = route.label if known.device is None or known.device.label is None else known.device.label
        return own._replace(codes=with_own(route.codes, own.codes), label_end=label == "end")

    def device_of(self, key: str | None) -> str | None:
        """Id of the registered device with this key."""
        device = (self._known.get(key) or self._look_up(key)).device
        return None if device is None else device.id

    def peer_fault(self, key: str | None, peer: str | None) -> str | None:
        """Reason to refuse a frame of the device with this key from this address; None if it is allowed."""
        device = (self._known.get(key) or self._look_up(key)).device
        return None if device is None else network_fault(device.networks, peer)

    def of_decoded(
        self, results: Iterable[Decoded | DeviceNotice | Rejected], came: Arrival
    ) -> list[Outcome]:
        """Outcomes of results decoded elsewhere (the gateway's frames)."""
        return [self._outcome(result, came, -1, _BY_TCP) for result in results]

    def _outcome(
        self, result: Decoded | DeviceNotice | Rejected, came: Arrival, part: int, route: TopicRoute
    ) -> Outcome:
        if isinstance(result, Rejected):
            refused = self._refuse(came, result.code, result.detail)
            # the decoder cut out the faulty part, or it could not
            return replace(refused, raw=result.raw[:_MOST_RAW]) if result.raw else replace(refused, part=part)
        if isinstance(result, DeviceNotice):
            return self._noticed(result, came)
        key, time, period, values, flags, extras, tolerated, beside, set_aside, unknown, bad_time, said = (
            result
        )
        known = self._known.get(key) or self._look_up(key)
        device = known.device
        if device is None:
            words = f"no device with id or alias {key!r} in devices.yaml" if key else "names no device"
            return replace(self._refuse(came, "unknown_device", words), part=part)
        if route.format != device.format or route.speakers is not None or extras:
            foreign = self._foreign(device, extras, route)
            if foreign:
                refused = self._refuse(came, "not_allowed", foreign)
                return replace(refused, part=part, device=device.id, site=device.site)
        received_at = came.received_at
        placed = KEPT
        if bad_time is not None or (time is not None and not is_near(time, period, received_at, known.time)):
            sent = SentTime(SentInstant(time, bad_time), period, received_at, said, came.retain)
            placed = placing_of(sent, known.time, known.policy.clock)
        marks = (*tolerated, *placed.marks)
        if placed.refused:
            refused = self._refuse(came, "bad_time", placed.refused)
            refused = replace(refused, device=device.id, site=device.site)
            raw = b"" if bad_time is None else bad_time.raw
            return replace(refused, raw=raw[:_MOST_RAW]) if raw else replace(refused, part=part)
        if placed.shift and time is not None:
            extras = {**extras, "time_sent": instant_text(time)}
            time += placed.shift
        if time is not None and not placed.at_receipt:
            if came.retain:
                marks = (*marks, "retained")
            if period and time + period > received_at + min(period // 2, MINUTE_MS):
                marks = (*marks, "label")
            at = time
        else:
            if came.retain:
                return Duplicate("retained_without_time")
            names_time = time is not None or bad_time is not None
            if self._is_repeated(came, device, part, names_time):
                return Duplicate("repeated_by_a_wrong_clock" if names_time else "redelivered_without_time")
            at = self._place(device.id, received_at) - period
        return Row(
            device.id,
            device.site,
            at,
            period,
            received_at,
            values,
            flags,
            extras,
            marks,
            beside,
            set_aside,
            unknown,
        )

    def _noticed(self, notice: DeviceNotice, came: Arrival) -> Noticed:
        device = (self._known.get(notice.device) or self._look_up(notice.device)).device
        id, site = (None, None) if device is None else (device.id, device.site)
        topic = f"{came.topic}/{came.peer}" if came.peer else came.topic
        return Noticed(came.received_at, self.source, topic, notice.kind, id, notice.raw[:_MOST_RAW], site)

    def _foreign(self, device: Device, extras: Mapping[str, object], route: TopicRoute) -> str | None:
        """Why the topic or the payload shows that another device speaks; None where nothing does.

        The bridge can't see who published: the broker's ACL decides who may use which topic.
        """
        if route.format != device.format:
            return f"{device.id} is a device of {device.format}, and this is a topic of {route.format}"
        if route.speakers is not None and device.id not in route.speakers:
            return f"the payload names {device.id}; this topic is of {', '.join(sorted(route.speakers))}"
        for name in ID_KEYS & extras.keys():
            other = self.register.device_of(str(extras[name]))
            if other is not None and other.id != device.id:
                return f"{name} of the payload names {other.id}, the topic {device.id}"
        return None

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
        if not self.orders and kind != "status":
            words = "signals and background values are not taken from MQTT here (signals: in ingest.yaml)"
            return self._refuse(came, "not_allowed", words)
        if kind == "background":
            value = decode_background(came.payload, came.topic, self.register.zone)
            if isinstance(value, Rejected):
                return self._refuse(came, value.code, value.detail)
            if not any(value.station in area.stations for area in self.register.county.background):
                words = f"no area of county.yaml lists the station {value.station!r}"
                return self._refuse(came, "unknown_station", words)
            return Background(value.id, came.received_at, *value[1:])
        if kind == "status":
            return self._status(came)
        order = decode_signal(came.payload, came.topic, self.register.zone)
        if isinstance(order, Rejected):
            return self._refuse(came, order.code, order.detail)
        try:
            return signal_of_notice(order, self.register, came.received_at)
        except Refused as refused:
            return self._refuse(came, refused.code, refused.detail)

    def _status(self, came: Arrival) -> Outcome:
        said = decode_status(came.payload, came.topic, self.register.zone)
        if isinstance(said, Rejected):
            return self._refuse(came, said.code, said.detail)
        device = (self._known.get(said.device) or self._look_up(said.device)).device
        if device is None:
            if came.retain:  # it comes again at every start of a bridge
                return Duplicate("retained_status_of_nobody")
            words = f"no device with id or alias {said.device!r} in devices.yaml"
            return self._refuse(came, "unknown_device", words)
        if said.at is not None:
            if said.at < self._newest_status.get(device.id, said.at):
                return Duplicate("overtaken_status")
            self._newest_status[device.id] = said.at
        return Status(came.received_at, device.id, device.site, said.state, came.retain)

    def _refuse(self, came: Arrival, code: str, detail: str) -> Quarantined:
        raw = came.payload
        if len(raw) > _MOST_RAW:
            detail += f" (of {len(raw)} bytes the first {_MOST_RAW} are kept)"
            raw = raw[:_MOST_RAW]
        topic = f"{came.topic}/{came.peer}" if came.peer else came.topic
        return Quarantined(came.received_at, self.source, topic, code, detail, raw, came.retain, came.dup)

    def _look_up(self, key: str | None) -> KnownKey:
        device = self.register.device_of(key) if key else None
        if device is None:
            return KnownKey(
                None, DevicePolicy(self.register.zone), self.policy
            )  # not remembered: anybody may invent keys
        secrets = NO_SECRETS
        if self.secret is not None:
            secrets = device_secrets(device.password_secret, device.sm4_secret, self.secret)
        policy = DevicePolicy(
            device.utc_offset_s if device.utc_offset else self.register.zone,
            device.units,
            device.modbus_crc,
            device.interval,
            secrets,
            codes_of(device.codes),
            device.label == "end",
        )
        known = KnownKey(device, policy, self.policies.get(device.id) or _time_policy(device) or self.policy)
        if len(self._known) >= _MOST_TOPICS:
            self._known.clear()
        self._known[key] = known
        return known

    def _route(self, topic: str) -> TopicRoute | str | None:
        route: TopicRoute | str | None = None
        if matches(BACKGROUND_FILTER, topic):
            route = "background"
        elif matches(SIGNALS_FILTER, topic):
            route = "signal"
        elif matches(STATUS_FILTER, topic):
            route = "status"
        else:
            for rule in self.register.ingest.filters:
                if matches(rule.filter, topic):
                    allowed = speakers(topic, rule.filter, self.register)
                    decode = FORMATS[rule.format].decode
                    route = TopicRoute(decode, rule.format, allowed, codes_of(rule.codes), rule.label)
                    break
        if len(self._routes) >= _MOST_TOPICS:
            self._routes.clear()
        self._routes[topic] = route
        return route


def _time_policy(device: Device) -> TimePolicy | None:
    clock = device.clock
    if clock is None:
        return None
    return TimePolicy(
        clock.ahead * 1000, clock.behind * 1000, clock.when_ahead, clock.when_behind, clock.when_wrong
    )


def gathered(outcomes: list[Outcome], payload: bytes, parts: Collection[int] = ()) -> list[Outcome]:
    """Merge a message's quarantined parts into one record per rejection code if there are many.

    `outcomes` are those of `resolve` with the same `parts`. It makes no difference whether a part carries the
    whole payload or was cut out of it: a backlog of 6,000 readings from an unregistered device would turn
    250 KB into 2 GB, and 10,000 elements that are no readings into as many records.
    """
    if len(outcomes) <= _MOST_COPIES:
        return outcomes
    alike: dict[str, list[tuple[int, Quarantined]]] = {}
    for part, one in zip(sorted(parts) or range(len(outcomes)), outcomes, strict=False):
        if isinstance(one, Quarantined):
            alike.setdefault(one.code, []).append((part, one))
    many = {code: found for code, found in alike.items() if len(found) > _MOST_COPIES}
    kept = [one for one in outcomes if not (isinstance(one, Quarantined) and one.code in many)]
    for found in many.values():
        first, numbers = found[0][1], tuple(part for part, _ in found)
        detail = f"{first.detail}; {len(numbers)} of its readings are refused so"
        kept.append(replace(first, detail=detail, raw=payload[:_MOST_RAW], part=-1, parts=numbers))
    return kept
