"""Decoders of the native topics for background values, signals and states; times become [start, end)."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from ingest.calibration_form import Correction
from ingest.codes import Code
from ingest.decoders import json_text
from ingest.decoders.instants import BadTime, Clock, parse_instant
from ingest.decoders.values import Values
from ingest.plain_text import one_line
from ingest.records import STATES, Rejected
from ingest.units import QUANTITIES, WEATHER, Refused, number_of, shortly

_BACKGROUND = "dust/v1/background/"
_SIGNALS = "dust/v1/signals/"
KINDS = ("alert", "stage", "permit", "shutdown", "maintenance", "calibration", "power")
OF_A_MONITOR = ("maintenance", "calibration", "shutdown", "power")  # may name one device of the place
_MOST_CORRECTIONS = 100
_NATIVE, _STATUS = "dust/v1/", "/status"
_HOUR_S = 3600
_LONGEST_S = 31 * 86400
_LONGEST_ID = 200
_LONGEST_WORDS = 500


class BackgroundNotice(NamedTuple):
    """Measurement of a reference station over [start, end), ms UTC; values in thousandths."""

    id: str
    station: str
    start: int
    end: int
    values: dict[str, int]


class SignalNotice(NamedTuple):
    """An order from outside; `start` None: from its receipt on; `end` None: until it is revoked."""

    id: str
    place: str
    kind: str
    level: str | None
    start: int | None
    end: int | None
    device: str | None = None  # key of the monitor that it is for
    calibration: tuple[dict[str, Any], ...] = ()  # corrections; `from` None: from the window's end on
    author: str | None = None
    reason: str | None = None
    document: str | None = None  # its number


def decode_background(payload: bytes, topic: str, clock: Clock = 8 * 3600) -> BackgroundNotice | Rejected:
    """`dust/v1/background/<station>`. `label` says whether `time` is the window's start or its end.

    Without `label` it is the start, as everywhere in the native format; without `period`, an hour.
    """
    try:
        station = _last_segment(topic, _BACKGROUND)
        sent = json_text.load_object(payload)
        start, end = _window(sent, clock)
        values = _values(sent)
        notice_id = _id(sent) or _hash("background", station, start, end, values)
    except Refused as refused:
        return json_text.rejected(refused, payload)
    except BadTime as bad:
        return Rejected("bad_time", f"time: {bad}", payload)
    return BackgroundNotice(notice_id, station, start, end, values)


def decode_signal(payload: bytes, topic: str, clock: Clock = 8 * 3600) -> SignalNotice | Rejected:
    """`dust/v1/signals/<area or site>`.

    `at` is when the order was given: it begins then where it has no `from`. `author`, `reason` and `document`
    are kept with it. The same `id` with other content replaces the order; without `from` its beginning stays.

    A `calibration` names a `device` of the site; `from` and `until` are the window in which its values
    don't represent the air; `calibration` is a list of corrections as in `devices.yaml`, each with an
    instant `from`.
    """
    try:
        place = _last_segment(topic, _SIGNALS)
        sent = json_text.load_object(payload)
        kind = sent.get("kind")
        if kind not in KINDS:
            raise Refused("bad_value", f"kind: {str(kind)[:40]!r} is none of {', '.join(KINDS)}")
        level = sent.get("level")
        if level is not None and (isinstance(level, bool) or not isinstance(level, str | int)):
            raise Refused("bad_value", f"level: {str(level)[:40]!r} is neither a text nor a whole number")
        given, start, end = (_optional_instant(sent, key, clock) for key in ("at", "from", "until"))
        if start is None:
            start = given  # when it was given, not when it arrived: brokers may change places
        if start is not None and end is not None and end <= start:
            raise BadTime(f"until {sent['until']!r} is not after from {sent['from']!r}")
        level = None if level is None else str(level)
        content: list[object] = ["signal", place, kind, level, start, end]
        device: str | None = None
        calibration: tuple[dict[str, Any], ...] = ()
        if kind in OF_A_MONITOR:
            device = _device(sent)
        if kind == "calibration":
            calibration = _calibration(sent, end, clock)
            if device is None:
                raise Refused("bad_value", "device: missing; a calibration is that of one monitor")
            if end is None and not calibration:
                raise Refused("bad_value", "neither until (a window) nor calibration (a correction) is there")
        if device is not None:
            content += [device, calibration]
        said = [_words(sent, key) for key in ("author", "reason", "document")]
        if any(words is not None for words in said):
            content += said
        notice_id = _id(sent) or _hash(*content)
    except Refused as refused:
        return json_text.rejected(refused, payload)
    except BadTime as bad:
        return Rejected("bad_time", str(bad), payload)
    return SignalNotice(notice_id, place, kind, level, start, end, device, calibration, *said)


def _words(sent: dict[str, Any], key: str) -> str | None:
    found = sent.get(key)
    if found is None or (type(found) is str and not found.strip()):
        return None
    if type(found) is not str or len(found) > _LONGEST_WORDS:
        raise Refused(
            "bad_value", f"{key}: {str(found)[:40]!r} is no text of at most {_LONGEST_WORDS} characters"
        )
    return one_line(found)


def _device(sent: dict[str, Any]) -> str | None:
    device = sent.get("device")
    if device is not None and (type(device) is not str or not 0 < len(device) <= _LONGEST_ID):
        raise Refused("bad_value", f"device: {str(device)[:40]!r} is no id of a monitor")
    return device


def _calibration(sent: dict[str, Any], end: int | None, clock: Clock) -> tuple[dict[str, Any], ...]:
    found = sent.get("calibration")
    if found is None:
        return ()
    if type(found) is not list or len(found) > _MOST_CORRECTIONS:
        raise Refused(
            "bad_value", 'calibration: expected a list such as [{"pollutant": "pm10", "factor": 1.1}]'
        )
    made = []
    for place, one in enumerate(found):
        if type(one) is not dict:
            raise Refused("bad_value", f"calibration {place}: not an object")
        since = _optional_instant(one, "from", clock)
        try:
            correction = Correction.model_validate({k: v for k, v in one.items() if k != "from"})
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise Refused("bad_value", f"calibration {place}: {where}: {first['msg']}"[:200]) from None
        made.append({"from": end if since is None else since, **correction.model_dump()})
    if len({(one["pollutant"], one["from"]) for one in made}) < len(made):
        raise Refused("bad_value", "calibration: two of one pollutant from one instant on")
    return tuple(made)


class StatusNotice(NamedTuple):
    """Connection state reported for a device; `state` is one of STATES."""

    device: str
    state: str
    at: int | None = None  # when the connection was made that it speaks of, ms


def decode_status(payload: bytes, topic: str, clock: Clock = 8 * 3600) -> StatusNotice | Rejected:
    """`dust/v1/<device>/status`: `online` or `offline` as plain text, in any case, maybe as a JSON string.

    Or an object `{"state": "online", "at": INSTANT}`: a will that is overtaken by the next connection's
    `online` is told by its `at`. An empty payload clears what the broker has retained (MQTT 5.0, 3.3.1.3).
    """
    device = topic.removeprefix(_NATIVE).removesuffix(_STATUS)
    if payload.lstrip()[:1] == b"{":
        return _status_object(payload, device, clock)
    said = payload[:_LONGEST_ID].decode("utf-8", "replace").strip().strip('"').lower()
    if said not in STATES or len(payload) > _LONGEST_ID:
        return Rejected("bad_value", f"status: {said[:40]!r} is neither online nor offline", payload)
    return StatusNotice(device, said)


def _status_object(payload: bytes, device: str, clock: Clock) -> StatusNotice | Rejected:
    try:
        sent = json_text.load_object(payload)
        state = str(sent.get("state")).strip().lower()
        if not state or state not in STATES:
            raise Refused("bad_value", f"status: {state[:40]!r} is neither online nor offline")
        return StatusNotice(device, state, _optional_instant(sent, "at", clock))
    except Refused as refused:
        return json_text.rejected(refused, payload)
    except BadTime as bad:
        return Rejected("bad_time", str(bad), payload)


def _last_segment(topic: str, prefix: str) -> str:
    name = topic.removeprefix(prefix)
    if not topic.startswith(prefix) or not name or "/" in name:
        code = "unknown_station" if prefix == _BACKGROUND else "unknown_place"
        raise Refused(code, f"topic {topic[:80]!r} is not {prefix}<name>")
    return name


def _window(sent: dict[str, Any], clock: Clock) -> tuple[int, int]:
    label = sent.get("label", "start")
    if label not in ("start", "end"):
        raise Refused("bad_value", f"label: {str(label)[:40]!r} is neither start nor end")
    if sent.get("time") is None:
        raise BadTime("missing; a background value without its hour can't be used")
    at = parse_instant(sent["time"], clock)
    period = sent.get("period")
    if period is None:
        period = _HOUR_S
    if isinstance(period, str):
        period = number_of(period)
    elif type(period) not in (int, float):
        raise Refused("bad_value", f"period: {str(period)[:40]!r} is not a number of seconds")
    if not 0 < period <= _LONGEST_S:
        raise Refused("bad_value", f"period: {shortly(period)} s is not between 0 and 31 days")
    length = round(period * 1000)
    start = at - length if label == "end" else at
    return start, start + length


def _values(sent: dict[str, Any]) -> dict[str, int]:
    units = sent.get("units") or {}
    if not isinstance(units, dict):
        raise Refused("bad_unit", 'units: expected an object such as {"pm10": "ug/m3"}')
    if not any(name in sent for name in QUANTITIES):
        raise Refused("no_known_key", f"none of {', '.join(QUANTITIES)} is among the keys")
    values = Values()
    for name in QUANTITIES:
        unit = units.get(name)
        if sent.get(name) is None:
            continue
        if unit is not None and not isinstance(unit, str):
            why = Refused("bad_unit", f"units: that of {name} is {str(unit)[:40]!r}, not a text")
            values.put_aside(name, name, sent[name], why)
        else:
            values.take(Code(name), name, sent[name], unit)
            if values.of.get(name, 0) < 0 and name not in WEATHER:  # stations publish what was checked
                del values.of[name]
                why = Refused("bad_value", f"{name}: {sent[name]} is no concentration of a station")
                values.put_aside(name, name, sent[name], why)
    values.refuse_if_useless({})
    return values.of


def _optional_instant(sent: dict[str, Any], key: str, clock: Clock) -> int | None:
    if sent.get(key) is None:
        return None
    try:
        return parse_instant(sent[key], clock)
    except BadTime as bad:
        raise BadTime(f"{key}: {bad}") from None


def _id(sent: dict[str, Any]) -> str | None:
    given = sent.get("id")
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, str | int) or not 0 < len(str(given)) <= _LONGEST_ID:
        raise Refused("bad_value", f"id: {str(given)[:40]!r} is no text of 1 to {_LONGEST_ID} characters")
    return str(given)


def _hash(*content: object) -> str:
    """Id shared by all deliveries of the same notice."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:32]
