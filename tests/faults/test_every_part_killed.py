"""kill -9 of every part of a running `up`, of `up` itself and of both alerts workers, under readings.

`make kills ROUNDS=200` is the long run of the same.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.kills.rounds import running
from tests.kills.stores import on_servers
from tests.kills.target import BOTH, SECOND, VICTIMS

SEED = 7


def _nothing_is_lost(folder: Path, victims: list[str], stores: Mapping[str, str]) -> None:
    said: list[str] = []
    with running(folder, SEED, said.append, stores) as campaign:
        found = campaign.run(victims)
    account = campaign.account(found)
    assert not account.broken, "\n".join([*said, *account.faults, *map(str, account.victims)])
    assert account.total.breaches > len(victims)
    assert account.total.poison > len(victims)
    assert {one.victim: one.kills for one in account.victims} == {
        name: victims.count(name) for name in victims
    }


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_a_round_of_each_part_loses_nothing_doubles_nothing_and_tells_everybody_once(tmp_path: Path) -> None:
    victims = random.Random(SEED).sample(VICTIMS, len(VICTIMS))
    _nothing_is_lost(tmp_path, victims, {})


@pytest.mark.servers
@pytest.mark.timeout(900)
def test_the_same_with_influxdb_postgresql_and_two_alerts_workers(tmp_path: Path) -> None:
    with on_servers(tmp_path) as stores:
        _nothing_is_lost(tmp_path, ["store", "alerts", SECOND, BOTH, "detect"], stores)
