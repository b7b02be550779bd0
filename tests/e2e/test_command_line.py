"""What an operator reads when something is missing or wrong: which address, what to do, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.cli import COMMANDS, program

EXAMPLE = Path(__file__).parent.parent.parent / "deploy" / "example"
NOWHERE = {"DUSTWATCH_KAFKA": "127.0.0.1:1", "DUSTWATCH_MQTT": "mqtt://127.0.0.1:1"}


def dustwatch(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "deploy.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **env},
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("apply", str(EXAMPLE)),
        ("apply", "--status"),
        ("run", "detect"),
        ("run", "alerts"),
        ("quarantine", "list"),
    ],
    ids=" ".join,
)
def test_a_missing_kafka_is_named_with_its_address_and_exit_3(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    own = {"DUSTWATCH_CASES": f"sqlite:///{tmp_path}/c.sqlite", "DUSTWATCH_CONFIG": str(EXAMPLE)}
    done = dustwatch(*arguments, **NOWHERE, **own)
    assert done.returncode == 3, done.stderr
    assert "127.0.0.1:1" in done.stderr
    assert "DUSTWATCH_KAFKA" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_setting_that_is_no_number_is_named_with_its_value_and_exit_2() -> None:
    done = dustwatch("status", DUSTWATCH_PARTITIONS="many")
    assert done.returncode == 2
    assert "DUSTWATCH_PARTITIONS" in done.stderr
    assert "many" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_clock_that_is_none_is_refused_with_the_forms_that_are() -> None:
    done = dustwatch("apply", str(EXAMPLE), DUSTWATCH_CLOCK="half past eight")
    assert done.returncode == 2
    assert "half past eight" in done.stderr
    assert "wall" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_has_help_with_an_example() -> None:
    for name in COMMANDS:
        done = CliRunner().invoke(program, [name, "--help"])
        assert done.exit_code == 0, done.output
        assert "Example" in done.output, name
