"""What a payload says, one protocol a module: bytes in, readings or reasons out, nothing else touched.

A decoder never raises, whatever the bytes. One payload may give several results, in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from ingest.decoders import airgradient, airrohr, hj212, json_v1, qingping, thingsboard
from ingest.decoders.attributes import FREE_NAMES, Names
from ingest.decoders.hj212.factors import FACTORS
from ingest.records import Decoded, DevicePolicy, Rejected
from ingest.units import QUANTITIES


class Decoder(Protocol):
    """`policy_of(key)` gives the policy of a device by the key that was sent, the defaults for others."""

    def __call__(
        self, payload: bytes, topic: str, policy_of: Callable[[str | None], DevicePolicy]
    ) -> list[Decoded | Rejected]: ...


DECODERS: dict[str, Decoder] = {
    "json_v1": json_v1.decode,
    "hj212": hj212.decode,
    "airgradient": airgradient.decode,
    "airrohr": airrohr.decode,
    "thingsboard": thingsboard.decode,
    "qingping": qingping.decode,
}


def _quantities(names: Names) -> dict[str, str]:
    return {name: quantity for name, (quantity, _) in names.items()}


# format -> what a unit may be given for -> the quantity: our names, and the vendor's codes. A unit under
# any other name would be looked up by nobody, and its values stored a factor 1000 wrong.
UNIT_NAMES: dict[str, Mapping[str, str]] = {
    format_: {**dict(zip(QUANTITIES, QUANTITIES, strict=True)), **vendors}
    for format_, vendors in {
        "json_v1": {},
        "hj212": FACTORS,
        "airgradient": _quantities(airgradient.NAMES),
        "airrohr": _quantities(airrohr.NAMES),
        "thingsboard": _quantities(FREE_NAMES),
        "qingping": _quantities(FREE_NAMES),
    }.items()
}
