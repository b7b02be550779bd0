"""Table of payload formats: how to read each, which units may be set for it, how its devices are received.

A new format is a module beside this one and an entry here; configuration, commands and checks read the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ingest.codes import Codes
from ingest.decoders import airgradient, airrohr, hj212, json_v1, qingping, thingsboard
from ingest.decoders.attributes import FREE_NAMES
from ingest.records import Decoded, DeviceNotice, DevicePolicy, Rejected
from ingest.units import QUANTITIES

PolicyOf = Callable[[str | None], DevicePolicy]  # by the key that was sent; the defaults for an unknown one


class Decoder(Protocol):
    """Reads one payload."""

    def __call__(
        self, payload: bytes, topic: str, policy_of: PolicyOf
    ) -> Sequence[Decoded | DeviceNotice | Rejected]: ...


@dataclass(frozen=True, slots=True)
class Format:
    """Properties of a payload format."""

    decode: Decoder
    # What a unit may be given for -> the quantity: our names, and the vendor's codes. A unit under any
    # other name would be looked up by nobody, and its values stored a factor 1000 wrong.
    unit_names: Mapping[str, str]
    # Reads input of any length, where payloads come as a stream and not one to a message.
    decode_stream: Callable[[bytes, PolicyOf], Iterable[Decoded | DeviceNotice | Rejected]] | None = None
    over_tcp: bool = False  # its devices may speak to the gateway, without MQTT
    dust: frozenset[str] | None = None  # all the dust that it can deliver; None: whatever a device measures


def _named(vendors: Mapping[str, str]) -> dict[str, str]:
    return {**dict(zip(QUANTITIES, QUANTITIES, strict=True)), **vendors}


def _quantities(codes: Codes) -> dict[str, str]:
    return {key: code.quantity for key, code in codes.items() if code.measures}


NATIVE = "json_v1"  # what is read where the county has no ingest.yaml
_PM10_AND_PM2_5 = frozenset({"pm10", "pm2_5"})
FORMATS: dict[str, Format] = {
    NATIVE: Format(json_v1.decode, _named({})),
    "hj212": Format(
        hj212.decode, _named(_quantities(hj212.CODES)), decode_stream=hj212.decode_stream, over_tcp=True
    ),
    "airgradient": Format(airgradient.decode, _named(_quantities(airgradient.CODES)), dust=_PM10_AND_PM2_5),
    "airrohr": Format(airrohr.decode, _named(_quantities(airrohr.CODES)), dust=_PM10_AND_PM2_5),
    "thingsboard": Format(thingsboard.decode, _named(_quantities(FREE_NAMES))),
    "qingping": Format(qingping.decode, _named(_quantities(FREE_NAMES))),
}
