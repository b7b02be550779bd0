"""The Compose file as text: every reference resolves, every setting exists, no secret is in it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.health import PORTS
from deploy.settings import DESK_PORT, Settings
from processors.history import HistoryUnusable, open_history

FOLDER = Path(__file__).parents[2] / "deploy" / "compose"
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
ONCE = {"apply", "broker"}  # they end
RUNNING = {name: service for name, service in OURS.items() if name not in ONCE}


def volumes_of(service: dict[str, Any]) -> list[str]:
    return [re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text).split(":")[0] for text in service.get("volumes", [])]


def test_all_services_of_the_way_are_there_beside_the_servers() -> None:
    assert set(RUNNING) == {*PORTS, "desk"}
    assert set(SERVICES) - set(OURS) == {"mosquitto", "kafka", "influxdb", "postgres", "grafana"}


def test_every_volume_is_declared_or_a_path_that_exists() -> None:
    named = {v for s in SERVICES.values() for v in volumes_of(s) if not v.startswith(".")}
    assert named == set(COMPOSE["volumes"])
    paths = {v for s in SERVICES.values() for v in volumes_of(s) if v.startswith(".")} - {
        "./secrets/channels",
        "./secrets/background",
    }
    assert all((FOLDER / path).exists() for path in paths), paths


def test_every_secret_that_is_used_is_declared_and_every_declared_one_is_used() -> None:
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert used == set(COMPOSE["secrets"])


def test_a_file_under_run_secrets_is_one_that_the_service_is_given() -> None:
    for name, service in SERVICES.items():
        text = str(service.get("environment", "")) + str(service.get("command", ""))
        assert set(re.findall(r"/run/secrets/(\w+)", text)) == set(service.get("secrets", [])), name


def test_what_a_service_waits_for_exists_and_can_become_what_it_waits_for() -> None:
    for name, service in SERVICES.items():
        for other, wish in service.get("depends_on", {}).items():
            if wish["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other], (name, other)
            else:
                assert wish["condition"] == "service_completed_successfully"
                assert SERVICES[other]["restart"] == "no", (name, other)


def test_every_lasting_service_restarts_and_tells_of_its_health() -> None:
    for name, service in SERVICES.items():
        if name not in ONCE:
            assert service["restart"] == "unless-stopped", name
            assert service["healthcheck"]["test"][0] == "CMD", name


@pytest.mark.parametrize("name", RUNNING)
def test_our_services_are_asked_for_their_health_at_their_own_port(name: str) -> None:
    probe = RUNNING[name]["healthcheck"]["test"][-1]
    assert f":{ {**PORTS, 'desk': DESK_PORT}[name] }/healthz" in probe
    assert RUNNING[name]["command"] == ["dustwatch", "run", name]


@pytest.mark.parametrize("name", OURS)
def test_every_setting_of_ours_exists_and_its_value_is_accepted(name: str) -> None:
    environment = {
        key: re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value) for key, value in OURS[name]["environment"].items()
    }
    fields = {f"DUSTWATCH_{field.upper()}" for field in Settings.model_fields}
    read_elsewhere = {"DUSTWATCH_SECRETS", "DUSTWATCH_BACKGROUND_SECRETS", "DUSTWATCH_SETTINGS", "PGPASSWORD"}
    assert {key.removesuffix("_FILE") for key in environment} <= fields | read_elsewhere
    own = {key.removeprefix("DUSTWATCH_").lower(): value for key, value in environment.items()}
    Settings(**{key: value for key, value in own.items() if key in Settings.model_fields})


def test_the_history_url_is_one_that_open_history_reads() -> None:
    with pytest.raises(HistoryUnusable, match="token_file cannot be read"):
        open_history(SERVICES["store"]["environment"]["DUSTWATCH_HISTORY"])


def test_our_containers_have_no_rights_that_they_don_t_need() -> None:
    for service in OURS.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_images_are_pinned_and_ours_is_built_from_what_is_here() -> None:
    for name, service in SERVICES.items():
        assert re.search(r":(\d|local$)", service["image"]), name
    build = OURS["bridge"]["build"]
    assert (FOLDER / build["context"] / build["dockerfile"]).is_file()


def test_the_image_is_made_from_the_lock_file_and_runs_as_nobody_special() -> None:
    root = FOLDER.parents[1]
    text = (FOLDER / "Dockerfile").read_text()
    assert "uv sync --frozen" in text
    assert re.search(r"^USER [1-9]\d*:", text, re.MULTILINE)
    for sources in re.findall(r"^COPY (?!--from)(?:--\S+ )?(.+) \S+$", text, re.MULTILINE):
        assert all((root / source).exists() for source in sources.split()), sources
    for pin in re.findall(r"uv==(\S+)", text):
        assert f"uv=={pin}" in (root / "Makefile").read_text()


def test_the_secrets_are_made_once_and_are_all_that_the_file_names(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    script = str(FOLDER / "make-secrets.sh")
    subprocess.run([script, str(folder)], check=True)
    made = {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}
    named = {Path(secret["file"]).name for secret in COMPOSE["secrets"].values()}
    assert set(made) == named
    assert len(set(made.values())) == len(made)
    assert all(re.fullmatch(r"[0-9a-f]{48}", text) for text in made.values())
    assert folder.stat().st_mode & 0o077 == 0
    subprocess.run([script, str(folder)], check=True)
    assert {path.name: path.read_text() for path in folder.iterdir() if path.is_file()} == made


def test_the_entry_point_reads_secrets_from_files(tmp_path: Path) -> None:
    (tmp_path / "one").write_text("secret one\n")
    (tmp_path / "two").write_text("two $HOME 'quoted'")
    env = {"PATH": os.environ["PATH"], "DUSTWATCH_FILES": "kept"}
    env |= {"DUSTWATCH_MQTT_PASSWORD_FILE": str(tmp_path / "one"), "PGPASSWORD_FILE": str(tmp_path / "two")}
    done = subprocess.run(
        [str(FOLDER / "entrypoint.sh"), "env"], env=env, capture_output=True, text=True, check=True
    )
    seen = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert seen["DUSTWATCH_MQTT_PASSWORD"] == "secret one"
    assert seen["PGPASSWORD"] == "two $HOME 'quoted'"
    assert seen["DUSTWATCH_FILES"] == "kept"
    assert "PGPASSWORD_FILE" not in seen


def test_a_secret_that_is_not_there_is_the_operators_error() -> None:
    env = {"PATH": os.environ["PATH"], "DUSTWATCH_MQTT_PASSWORD_FILE": "/no/such/file"}
    done = subprocess.run(
        [str(FOLDER / "entrypoint.sh"), "env"], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "make-secrets.sh" in done.stderr
