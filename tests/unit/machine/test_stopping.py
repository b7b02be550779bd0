"""How `up` and `demo` take being told to stop."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from deploy.machine.stopping import SIGNALS, Stop, StoppedEarly


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    kept = {name: signal.getsignal(name) for name in SIGNALS}
    yield
    for name, handler in kept.items():
        signal.signal(name, handler)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_ctrl_c_a_supervisor_and_a_closed_terminal_all_stop_in_order(name: str) -> None:
    told = Stop()
    told.listen()
    told.check()
    os.kill(os.getpid(), signal.Signals[name])
    assert told.event.is_set()
    with pytest.raises(StoppedEarly, match="before all was ready"):
        told.check()


def test_the_second_time_is_told_from_the_first() -> None:
    told = Stop()
    told.ask()
    told.ask()
    assert told.times == 2
