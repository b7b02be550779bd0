"""How a monitor that speaks HJ 212 shows in `devices.yaml` that it is the one: networks, password, key.

Its number (MN) stands in clear in every frame: whoever has seen one can send as this monitor. Secrets are
named here and kept on the machine.
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
            "machine: DUSTWATCH_SECRET_NAME, or the file NAME in the folder that DUSTWATCH_SECRETS names"
        )
    return text


DeviceSecretName = Annotated[str, AfterValidator(_secret_name)]


def device_secrets(password: str | None, sm4_key: str | None, secret: Callable[[str], str]) -> DeviceSecrets:
    """The values of the secrets with these names; nothing lets a device in whose secrets can't be had."""
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
    """A key of SM4: 32 hexadecimal digits, or 16 characters. Raises ValueError, without the text."""
    key = bytes.fromhex(text) if _HEX_KEY.fullmatch(text) else text.encode()
    if len(key) != _KEY_BYTES:
        raise ValueError("a key of SM4 is 32 hexadecimal digits or 16 characters")
    return key


def network_fault(networks: tuple[str, ...], peer: str | None) -> str | None:
    """Why a frame from this address is not a device's of these networks, in words; None: it may be."""
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
