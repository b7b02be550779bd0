"""What every kind of test may use: one Kafka node for the whole run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from deploy.embedded.kafka import KafkaNode
from tests.counties import DATA
from tests.recordings import PRESENT, PUBLISHED, Recordings

# A node of a test lives for seconds: code that the slower compiler makes faster is never run often enough.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")

pytest_plugins = ("tests.servers.fixtures",)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaNode]:
    """A real Apache Kafka node on loopback, shared: use topics and group names of your own."""
    node = KafkaNode(tmp_path_factory.mktemp("kafka")).start()
    yield node
    node.stop()


@pytest.fixture(scope="session", params=PRESENT, ids=[one.name for one in PRESENT])
def recordings(request: pytest.FixtureRequest) -> Recordings:
    """Series with the traits of real ones: generated everywhere, published where their folder is present."""
    found: Recordings = request.param
    return found


@pytest.fixture(scope="session")
def published() -> Recordings:
    """The published recordings, for the figures that belong to them alone."""
    if PUBLISHED not in PRESENT:
        pytest.skip(f"{DATA} is absent: what was published of its recordings can't be compared")
    return PUBLISHED


# What runs on the shared node: in one worker, for each worker would start a node of its own.
ON_THE_NODE = ("tests/integration/shell/", "tests/e2e/test_missing_servers.py")


class ByFile(LoadFileScheduling):  # type: ignore[misc]
    """A file a worker (`--dist loadfile`), but all that needs the shared node in one."""

    def _split_scope(self, nodeid: str) -> str:
        return "kafka" if nodeid.startswith(ON_THE_NODE) else str(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile | None:
    """Distribute as above wherever a file is to stay in one worker."""
    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None
