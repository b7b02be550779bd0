"""Fixtures that every kind of test may use: one Kafka node for the whole run."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

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
