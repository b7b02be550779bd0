"""Access of HJ 212 monitors in `devices.yaml`: allowed networks, password, and key of the encryption.

A monitor's number (MN) is in clear text in every frame: anyone who has seen one can send as this monitor.
The configuration names secrets; their values are kept on the machine.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator

from ingest.records import DeviceSecrets
from ingest.strict_yaml import ConfigError

IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_HEX_KEY = re.compile(r"[0-9A-Fa-f]{32}")
_KEY_BYTES = 16


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f'`{text}` is no network ({error}); write for example "10.1.0.0/16"') from None
    return text


Network = Annotated[str, AfterValidator(_network)]


def _secret_name(text: str) -> str:
    if _NAME.fullmatch(text) is None or _HEX_KEY.fullmatch(text):
        # the text is not told again: it may be the secret
        raise ValueError(
            "this is no name of a secret; write a name of letters, digits and `_`, and keep the value on the "
            "machine: DUSTWATCH_DEVICE_SECRET_NAME, or the file NAME in DUSTWATCH_DEVICE_SECRETS, a folder"
        )
    return text


DeviceSecretName = Annotated[str, AfterValidator(_secret_name)]


def device_secrets(password: str | None, sm4_key: str | None, secret: Callable[[str], str]) -> DeviceSecrets:
    """Look up the secrets with these names; the result has a `fault` if one of them is missing or invalid."""
    try:
        return DeviceSecrets(
            None if password is None else secret(password),
            None if sm4_key is None else key_of(secret(sm4_key)),
        )
    except ConfigError:
        return DeviceSecrets(fault="a secret that devices.yaml names for it is not on this machine")
    except ValueError as error:
        return DeviceSecrets(fault=f"its sm4_secret: {error}")


def key_of(text: str) -> bytes:
    """Parse an SM4 key: 32 hexadecimal digits, or 16 characters. Raises ValueError that omits the text."""
    key = bytes.fromhex(text) if _HEX_KEY.fullmatch(text) else text.encode()
    if len(key) != _KEY_BYTES:
        raise ValueError("a key of SM4 is 32 hexadecimal digits or 16 characters")
    return key


def network_fault(networks: tuple[str, ...], peer: str | None) -> str | None:
    """Reason to refuse a frame from this address for a device limited to these networks; None if allowed."""
    if not networks:
        return None
    try:
        address = ipaddress.ip_address(peer or "")
    except ValueError:
        return "where it came from is not known, and the device has `networks`"
    if any(address in network for network in map(_parsed, networks)):
        return None
    return f"it came from {address}, which is in none of the device's networks ({', '.join(networks)})"


@lru_cache(4096)
def _parsed(network: str) -> IpNetwork:
    return ipaddress.ip_network(network)
