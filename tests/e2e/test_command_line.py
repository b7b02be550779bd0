"""What an operator reads when something is missing or wrong: which address, what to do, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from deploy.cli import first_lines, program
from deploy.embedded.ports import free_port

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
    own["DUSTWATCH_HEALTH_PORT"] = str(free_port())  # a demo of another test has the usual ones
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


@pytest.mark.parametrize(
    ("service", "variable", "value"),
    [
        ("bridge", "DUSTWATCH_MQTT", "broker.example:1883"),
        ("bridge", "DUSTWATCH_MQTT", "mqtt://broker:port"),
        ("bridge", "DUSTWATCH_MQTT_CA", "/no/such/ca.pem"),
        ("bridge", "DUSTWATCH_LOG_LEVEL", "loud"),
        ("bridge", "DUSTWATCH_HEALTH_PORT", "99999"),
        ("desk", "DUSTWATCH_DESK_PORT", "99999"),
        ("alerts", "DUSTWATCH_CASES", "mysql://127.0.0.1/cases"),
        ("store", "DUSTWATCH_HISTORY", "postgres://127.0.0.1/history"),
    ],
)
def test_a_setting_that_no_restart_mends_ends_the_service_with_2_and_its_name(
    service: str, variable: str, value: str
) -> None:
    own = {"DUSTWATCH_CONFIG": str(EXAMPLE), "DUSTWATCH_HEALTH_PORT": str(free_port()), variable: value}
    done = dustwatch("run", service, **{**NOWHERE, **own})
    assert done.returncode == 2, done.stderr
    said = done.stderr.splitlines()[-1]
    assert variable in said or "history URL" in said
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("demo", "--speed", "0"),
        ("demo", "--speed", "-60"),
        ("demo", "--port", "99999"),
        ("demo", "--for", "0s"),
        ("demo", "--for", "soon"),
        ("up", str(EXAMPLE), "--kafka-port", "0"),
        ("up", str(EXAMPLE), "--mqtt-port", "70000"),
    ],
    ids=" ".join,
)
def test_an_option_out_of_its_range_is_refused_by_name_before_anything_starts(
    arguments: tuple[str, ...],
) -> None:
    done = CliRunner().invoke(program, arguments)
    assert done.exit_code == 2, done.output
    assert f"Invalid value for '{arguments[-2]}'" in done.output or arguments[-2] in done.output
    assert "Kafka at" not in done.output


def test_a_data_folder_that_cannot_be_is_refused_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for command in (("demo", "--for", "1s"), ("up", str(EXAMPLE))):
        done = dustwatch(*command, "--port", str(free_port()), "--data", str(tmp_path / "file"))
        assert done.returncode == 2
        assert "--data" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_clock_that_is_none_is_refused_with_the_forms_that_are() -> None:
    done = dustwatch("apply", str(EXAMPLE), DUSTWATCH_CLOCK="half past eight")
    assert done.returncode == 2
    assert "half past eight" in done.stderr
    assert "wall" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_has_help_with_an_example() -> None:
    for name in first_lines():
        done = CliRunner().invoke(program, [name, "--help"])
        assert done.exit_code == 0, done.output
        assert "Example" in done.output, name
