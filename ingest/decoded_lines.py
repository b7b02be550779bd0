"""Output of `dustwatch decode`: decoded payloads as plain objects in normalised units."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from ingest.batches import aside_object
from ingest.decoders import FORMATS
from ingest.decoders.instants import instant_text
from ingest.recording import RecordingError, parse_line
from ingest.records import Decoded, DeviceNotice, DevicePolicy, Rejected
from ingest.units import QUANTITIES, THOUSAND

_ANY_INSTANT = instant_text(0)
_LOOKED_AT = 100  # lines looked at to see whether the input is a recording


def decode_lines(format: str, data: bytes, topic: str, policy: DevicePolicy) -> Iterator[dict[str, Any]]:
    """Yield one object for each reading or rejection in the input, in order.

    A recording (JSON Lines with `topic` and a payload) is decoded line by line with its own topics;
    anything else is one payload under `topic`, or a stream of any length if the format supports streams.
    Raises KeyError for an unknown format.
    """
    form = FORMATS[format]
    lines = data.splitlines()
    if any(_recorded(line) for line in lines[:_LOOKED_AT]):
        for number, line in enumerate(lines, 1):
            if line.strip():
                message = _message(line, number)
                if isinstance(message, Rejected):
                    yield _as_object(message)
                    continue
                for result in form.decode(message[1], message[0], lambda _: policy):
                    yield _as_object(result)
        return
    results: Iterable[Decoded | DeviceNotice | Rejected]
    if form.decode_stream is not None:
        results = form.decode_stream(data, lambda _: policy)
    else:
        results = form.decode(data, topic, lambda _: policy)
    for result in results:
        yield _as_object(result)


def _recorded(line: bytes) -> dict[str, Any] | None:
    """The line as an object if it belongs to a recording, else None."""
    try:
        message = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(message, dict) or not isinstance(message.get("topic"), str):
        return None
    return message if "payload" in message or "payload_base64" in message else None


def _message(line: bytes, number: int) -> tuple[str, bytes] | Rejected:
    """(topic, payload) of a recorded message; the time of receipt is irrelevant here."""
    body = _recorded(line)
    if body is None:
        return Rejected("bad_json", f"line {number}: no recorded message with topic and payload", line)
    try:
        message = parse_line(orjson.dumps({"received_at": _ANY_INSTANT, **body}), f"line {number}")
    except RecordingError as error:
        return Rejected("bad_json", str(error), line)
    return message.topic, message.payload


def _as_object(result: Decoded | DeviceNotice | Rejected) -> dict[str, Any]:
    if isinstance(result, Rejected):
        raw = base64.b64encode(result.raw).decode()
        return {"rejected": result.code, "detail": result.detail, "raw_base64": raw}
    if isinstance(result, DeviceNotice):
        raw = base64.b64encode(result.raw).decode()
        return {"notice": result.kind, "device": result.device, "raw_base64": raw}
    if result.bad_time is not None:
        return _as_object(result.bad_time)  # the policies of devices are not known here
    seconds, rest = divmod(result.period, THOUSAND)
    values = {
        name: {
            "value": result.values[name] / THOUSAND if name in result.values else None,
            "unit": quantity.unit,
            "flag": result.flags.get(name, "N"),
        }
        for name, quantity in QUANTITIES.items()
        if name in result.values or name in result.flags
    }
    listed: dict[str, Any] = {
        "device": result.device,
        "time": None if result.time is None else instant_text(result.time),
        "period": seconds if not rest else result.period / THOUSAND,
        "values": values,
        "extras": result.extras,
    }
    if result.set_aside:
        listed["set_aside"] = {name: aside_object(one) for name, one in result.set_aside.items()}
    if result.unknown:
        listed["unknown"] = list(result.unknown)
    if result.tolerated:
        listed["tolerated"] = list(result.tolerated)
    return listed
