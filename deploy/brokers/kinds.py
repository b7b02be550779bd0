"""The kinds of brokers whose files can be written; another one is a module beside this and an entry here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from deploy.brokers import artemis, emqx, mosquitto
from deploy.brokers.listener import BrokerPlan


class BrokerProgram(NamedTuple):
    """A kind of broker: its files, and how it takes them up (`{out}`: their folder)."""

    files: Callable[[BrokerPlan], dict[str, str]]
    way_on: str


BROKERS: Mapping[str, BrokerProgram] = {
    "mosquitto": BrokerProgram(
        mosquitto.files, "start: mosquitto -c {out}/mosquitto.conf; after a change: kill -HUP its process"
    ),
    "artemis": BrokerProgram(
        artemis.files, "start it on {out} (deploy/docs/brokers.md); a change is taken up within seconds"
    ),
    "emqx": BrokerProgram(
        emqx.files,
        "include {out}/emqx.conf in EMQX' own; it loads users at its first start (not tried on an EMQX)",
    ),
}
