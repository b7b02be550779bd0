"""What each child process gets of our environment: a secret goes only to the service that uses it."""

from __future__ import annotations

from collections.abc import Mapping

_ALL = frozenset({"bridge", "gateway", "background", "detect", "store", "alerts", "desk"})
# Variables that begin so -> the services that read them; a server that we bring along reads none.
_READERS: tuple[tuple[str, frozenset[str]], ...] = (
    ("DUSTWATCH_DEVICE_SECRET", frozenset({"bridge", "gateway"})),
    ("DUSTWATCH_BACKGROUND_SECRET", frozenset({"background"})),
    ("DUSTWATCH_SECRET", frozenset({"alerts"})),  # values by name, and DUSTWATCH_SECRETS, the folder of files
    ("DUSTWATCH_MQTT_PASSWORD", frozenset({"bridge"})),
    ("DUSTWATCH_KAFKA_PASSWORD", _ALL),
    ("DUSTWATCH_INFLUX_TOKEN", frozenset({"store", "desk"})),
    ("DUSTWATCH_HISTORY", frozenset({"store", "desk"})),  # addresses, which may hold a password
    ("DUSTWATCH_CASES", frozenset({"alerts", "desk"})),
)


def environment_of(child: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without what is another's business; `child`: the name of a service, or any other."""
    kept = {}
    for name, value in environment.items():
        readers = next((readers for start, readers in _READERS if name.startswith(start)), None)
        if readers is None or child in readers:
            kept[name] = value
    return kept
