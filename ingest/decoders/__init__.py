"""What a payload says, one protocol a module: bytes in, readings or reasons out, nothing else touched.

A decoder never raises, whatever the bytes. One payload may give several results, in its order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ingest.decoders import airgradient, airrohr, hj212, json_v1, qingping, thingsboard
from ingest.records import Decoded, DevicePolicy, Rejected


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
