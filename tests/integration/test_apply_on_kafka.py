"""`dustwatch apply` and `diff` on a real Kafka: what the log remembers of revisions, also of older versions."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.county.apply import apply_revision, revisions_in_log
from deploy.county.compile import revision_of_folder
from deploy.embedded.kafka import KafkaNode
from ingest.admin import ensure_topics
from tests.counties import device, write_county


@pytest.fixture
def node(tmp_path: Path) -> Iterator[KafkaNode]:
    """A Kafka of its own: the topics have fixed names."""
    own = KafkaNode(tmp_path / "kafka").start()
    yield own
    own.stop()


def dustwatch(node: KafkaNode, *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DUSTWATCH_")}
    return subprocess.run(
        [sys.executable, "-m", "deploy.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**kept, "DUSTWATCH_KAFKA": node.bootstrap, "DUSTWATCH_PARTITIONS": "3"},
    )


def test_the_log_remembers_what_was_applied_by_whom_and_what_waits(node: KafkaNode, tmp_path: Path) -> None:
    first = str(write_county(tmp_path / "a", [device("dev-1")]))
    second = str(write_county(tmp_path / "b", [device("dev-1", interval=300)]))
    broken = str(write_county(tmp_path / "c", [device("dev-1")], packs=["no-such-pack"]))
    # as a version did that remembered nothing: the feed itself is asked
    revision = revision_of_folder(tmp_path / "a", received_at=1)

    async def before() -> list[str]:
        await ensure_topics(node.options, 3)
        await apply_revision(node.options, revision, 3, remember=())
        return [one.id for one in await revisions_in_log(node.options)]

    assert asyncio.run(before()) == [revision.id]
    assert dustwatch(node, "diff", first).returncode == 0

    changed = dustwatch(
        node, "apply", second, "--by", "li", "--reason", "slower", "--effective", "2099-01-01"
    )
    assert changed.returncode == 0, changed.stderr
    refused = dustwatch(node, "apply", broken)
    assert refused.returncode == 2
    assert "no such pack" in refused.stderr
    told = dustwatch(node, "apply", "--history")
    assert f"{revision.id}  in force" in told.stdout
    assert "waiting" in told.stdout
    assert "by li: slower" in told.stdout
    assert "~ device dev-1: interval 60 -> 300" in told.stdout
    status = dustwatch(node, "apply", "--status")
    assert status.returncode == 0
    assert "waiting: revision" in status.stdout
    again = dustwatch(node, "apply", second, "--by", "wang")
    assert "is in the log already and waits until" in again.stderr
    assert "--cancel-waiting" in again.stderr
    assert len(asyncio.run(revisions_in_log(node.options))) == 2
