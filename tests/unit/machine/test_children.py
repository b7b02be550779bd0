"""Children get of our environment what they need; a channel's secret reaches the alerts service only."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from deploy.child_environment import environment_of
from deploy.embedded.process import ServerProcess
from deploy.machine.folder import hold_folder
from deploy.machine.stack import BACKGROUND, SERVICES, Stack
from deploy.settings import load_settings

SECRETS = {
    "DUSTWATCH_SECRET_wecom": "alerts",
    "DUSTWATCH_SECRETS": "alerts",
    "DUSTWATCH_DEVICE_SECRET_pw": "bridge gateway",
    "DUSTWATCH_DEVICE_SECRETS": "bridge gateway",
    "DUSTWATCH_BACKGROUND_SECRET_air": "background",
    "DUSTWATCH_BACKGROUND_SECRETS": "background",
    "DUSTWATCH_MQTT_PASSWORD": "bridge",
    "DUSTWATCH_KAFKA_PASSWORD": "bridge gateway background detect store alerts desk",
    "DUSTWATCH_INFLUX_TOKEN": "store desk",
    "DUSTWATCH_CASES": "alerts desk",
    "DUSTWATCH_HISTORY": "store desk",
}
_SHOW = "import json, os; print(json.dumps(dict(os.environ)))"


@pytest.mark.parametrize("child", [*SERVICES, BACKGROUND, "Kafka", "MQTT broker"])
def test_a_secret_goes_to_its_readers_and_to_nobody_else(
    child: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, f"MARK of {name}")
    monkeypatch.setenv("DUSTWATCH_LOG_LEVEL", "debug")
    process = ServerProcess(child, [sys.executable, "-c", _SHOW], tmp_path / "log")
    assert process.ended() == 0
    given = json.loads(process.log.read_text())
    assert {name for name in SECRETS if name in given} == {
        name for name, readers in SECRETS.items() if child in readers.split()
    }
    assert given["DUSTWATCH_LOG_LEVEL"] == "debug", "what is no secret is inherited as ever"


def test_what_up_itself_names_follows_the_same_table(tmp_path: Path) -> None:
    stack = Stack(tmp_path, tmp_path, "wall", 1, print)
    for service in SERVICES:
        given = environment_of(service, stack.env(service))
        assert ("DUSTWATCH_MQTT_PASSWORD" in given) == (service == "bridge")
        assert ("DUSTWATCH_CASES" in given) == (service in ("alerts", "desk"))
    assert "DUSTWATCH_CASES" in stack.env("")


def test_what_up_starts_takes_the_kafka_that_comes_along_whatever_another_one_asks_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Stack(tmp_path, tmp_path, "wall", 1, print)
    monkeypatch.chdir(tmp_path)
    another = "KAFKA_TLS=on\nKAFKA_CA=ca.pem\nKAFKA_USERNAME=u\nKAFKA_PASSWORD=p\n"
    (tmp_path / ".env").write_text(another.replace("KAFKA", "DUSTWATCH_KAFKA"))
    for name, value in stack.env("detect").items():
        monkeypatch.setenv(name, value)
    assert load_settings().kafka_options == stack.kafka.options


def test_folder_log_and_settings_are_their_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        held = hold_folder(tmp_path / "new" / "data", "up")
        stack = Stack(held.path, tmp_path, "wall", 1, print)
        stack._write_settings()
        process = ServerProcess("x", [sys.executable, "-c", ""], held.path / "log" / "x.log")
        process.ended()
        held.release()
    finally:
        os.umask(before)
    for path in (held.path, *held.path.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_folder_of_a_version_before_is_closed_to_others_and_one_of_strange_files_is_left(
    tmp_path: Path,
) -> None:
    hold_folder(tmp_path / "data", "up").release()
    (tmp_path / "data").chmod(0o755)
    hold_folder(tmp_path / "data", "up").release()
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0
    strange = tmp_path / "strange"
    strange.mkdir()
    strange.chmod(0o755)
    (strange / "thesis.txt").write_text("x")
    hold_folder(strange, "up").release()
    assert strange.stat().st_mode & 0o777 == 0o755
