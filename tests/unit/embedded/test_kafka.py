"""How the embedded Kafka is started: what no test with a random id would show every time."""

from __future__ import annotations

from pathlib import Path

from deploy.embedded.kafka import format_arguments


def test_a_cluster_id_that_begins_with_a_dash_is_no_option_of_its_own():
    words = format_arguments("-kfA1b2C3d4E5f6G7h8I9w", Path("server.properties"))
    assert "--cluster-id=-kfA1b2C3d4E5f6G7h8I9w" in words
    assert not any(word.startswith("-kfA") for word in words)
