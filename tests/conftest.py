"""What every kind of test may use: one Kafka node for the whole run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from deploy.embedded.kafka import KafkaNode

# A node of a test lives for seconds: code that the slower compiler makes faster is never run often enough.
os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")

pytest_plugins = ("tests.servers.fixtures",)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaNode]:
    """A real Apache Kafka node on loopback, shared: use topics and group names of your own."""
    node = KafkaNode(tmp_path_factory.mktemp("kafka")).start()
    yield node
    node.stop()


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
