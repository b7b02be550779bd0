"""Every kind of channel of the table, behind it a peer that behaves as a test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from alerts.channels import CHANNEL_KINDS
from tests.fakes.channels import Opened, Peers, open_channel


@pytest.fixture(params=list(CHANNEL_KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind in turn."""
    return str(request.param)


@pytest.fixture
def opened(kind: str, tmp_path: Path) -> Iterator[Callable[[str], Opened]]:
    """Opens the channel before a peer of the behaviour asked for."""
    peers = Peers(tmp_path, [])
    yield lambda behaviour: open_channel(kind, behaviour, peers)
    for peer in peers.started:
        peer.stop()
