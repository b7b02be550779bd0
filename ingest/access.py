"""Access to the MQTT broker: every user of a county, the topics it may publish on, the filters it may read.

One table; `deploy.brokers` writes it down for each broker. A device without an entry in `users:` is its
own user. Topics of devices are exact: the wildcard of a filter is the device's key (its id, its aliases).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from ingest.ingest_form import User, UserKind
from ingest.register import Device, Register
from ingest.topic_filters import BACKGROUND_FILTER, SIGNALS_FILTER, STATUS_FILTER, filters_of, matches

BRIDGE, SIMULATOR = "bridge", "simulator"
_NATIVE = "dust/v1/"


class Access(NamedTuple):
    """What one user may do: topics or filters it may publish on, filters it may subscribe to."""

    user: str
    kind: UserKind
    publish: tuple[str, ...] = ()
    subscribe: tuple[str, ...] = ()


def access_of(register: Register, more: Iterable[User] = ()) -> list[Access]:
    """All users of a county, by name; `more` are users that no file names (the simulator of a demo)."""
    entries = {user.name: user for user in (*register.ingest.users, *more)}
    spoken_for = {device for user in entries.values() for device in user.devices}
    for device in register.devices.values():
        if device.id not in spoken_for and device.id not in entries and _topics(device, register):
            entries[device.id] = User.model_construct(
                name=device.id, kind="device", devices=(device.id,), filters=()
            )
    if not any(user.kind == BRIDGE for user in entries.values()):
        entries[BRIDGE] = User(name=BRIDGE, kind="bridge")
    return sorted(_access(user, register) for user in entries.values())


def speakers(topic: str, pattern: str, register: Register) -> frozenset[str] | None:
    """Devices that may speak on a topic of this filter; None: any of the filter's format.

    Those that the levels under its wildcards name; else those for whom its gateways speak.
    """
    wanted, levels = pattern.split("/"), topic.split("/")
    wild = [level for place, level in enumerate(levels) if wanted[min(place, len(wanted) - 1)] in ("+", "#")]
    named = [device.id for key in (*wild, topic) if (device := register.device_of(key)) is not None]
    if named:
        return frozenset(named)
    devices: set[str] = set()
    for user in register.ingest.users:
        if any(matches(one, topic) for one in _access(user, register).publish):
            if not user.devices:
                return None
            devices |= {*user.devices}
    return frozenset(devices) or None


def _access(user: User, register: Register) -> Access:
    publish, subscribe = _KINDS[user.kind](user, register)
    return Access(user.name, user.kind, _ordered(publish), _ordered(subscribe))


Rights = tuple[Iterable[str], Iterable[str]]


def _device(user: User, register: Register) -> Rights:
    """A monitor, or a gateway: the topics of its devices, and their commands."""
    devices = [register.devices[name] for name in user.devices or (user.name,) if name in register.devices]
    publish = [topic for device in devices for topic in _topics(device, register)]
    commands = [f"{_NATIVE}{key}/commands" for device in devices for key in _keys(device)]
    return [*publish, *user.filters], commands


def _station(user: User, register: Register) -> Rights:
    if not register.ingest.signals.mqtt:
        return (), ()
    stations = user.devices or (() if user.filters else (user.name,))
    return [*(BACKGROUND_FILTER.replace("+", name) for name in stations), *user.filters], ()


def _office(user: User, register: Register) -> Rights:
    return (user.filters or (SIGNALS_FILTER,)) if register.ingest.signals.mqtt else (), ()


def _bridge(user: User, register: Register) -> Rights:
    # and all else, so that a topic that no filter matches leaves a trace
    return (), [*filters_of(register), STATUS_FILTER, "#"]


def _simulator(user: User, register: Register) -> Rights:
    return user.filters or [*filters_of(register), STATUS_FILTER], ()


def _tool(user: User, register: Register) -> Rights:
    return (), user.filters or ("#",)


_KINDS: Mapping[UserKind, Callable[[User, Register], Rights]] = {
    "device": _device,
    "gateway": _device,
    "station": _station,
    "office": _office,
    "bridge": _bridge,
    "simulator": _simulator,
    "tool": _tool,
}


def _topics(device: Device, register: Register) -> list[str]:
    """Where a device publishes readings and its status; nothing where no filter is for its format."""
    readings = [
        topic
        for rule in register.ingest.filters
        if rule.format == device.format
        for key in (device.id, *device.aliases)
        if (topic := _filled(rule.filter, key)) is not None
    ]
    return [*readings, *(STATUS_FILTER.replace("+", key) for key in _keys(device))] if readings else []


def _keys(device: Device) -> Iterator[str]:
    """The names that a topic level may call a device by."""
    yield device.id
    yield from (alias for alias in device.aliases if "/" not in alias)


def _filled(pattern: str, key: str) -> str | None:
    """A filter with the device's key in its last wildcard; None where nothing in it tells devices apart.

    An alias may be a whole topic.
    """
    if "/" in key:
        return key if matches(pattern, key) else None
    levels = pattern.split("/")
    places = [place for place, level in enumerate(levels) if level in ("+", "#")]
    if not places:
        return None
    return "/".join([*levels[: places[-1]], key, *levels[places[-1] + 1 :]])


def _ordered(topics: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(topics))
