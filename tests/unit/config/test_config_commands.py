"""The commands check, who and schema: exit codes, words, and never a traceback."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from alerts.service import run_alerts
from deploy.cli import program
from deploy.county.check import check_folder
from deploy.schemas import names, schema_of
from deploy.settings import Settings
from ingest.register import load_register
from ingest.strict_yaml import ConfigError, read
from ingest.telemetry import Telemetry
from tests.unit.config.golden import SMALLEST, expected, folders, laid_over_the_smallest

EXAMPLE = Path(__file__).parents[3] / "deploy" / "example"


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(program, [str(argument) for argument in arguments])


def _program(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The real program in a process of its own: what an operator sees."""
    words = [sys.executable, "-m", "deploy.cli", *(str(argument) for argument in arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def test_check_of_a_valid_folder_ends_with_0_and_says_what_it_holds() -> None:
    result = _run("check", SMALLEST)
    assert result.exit_code == 0
    *windows, last = result.stdout.splitlines()
    assert last == "示范县: 2 departments, 1 site, 1 device; in order"
    assert windows == [
        "1 h by the clock (hebei-db13-2934-2019-pm10): adds at most 3861 bytes a device to the state"
    ]


@pytest.mark.parametrize("case", folders("broken"), ids=lambda case: case.name)
def test_check_of_a_broken_folder_ends_with_2_and_one_problem_a_line(case: Path, tmp_path: Path) -> None:
    result = _run("check", laid_over_the_smallest(case, tmp_path / "county"))
    assert result.exit_code == 2
    problems = [line for line in expected(case).splitlines() if not line.startswith("warning: ")]
    assert result.stdout.splitlines() == problems
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    "words", [["apply"], ["up", "--data", "data"], ["demo", "--data", "data", "--config"]]
)
def test_what_check_refuses_for_reaching_nobody_is_never_put_into_force(words, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUSTWATCH_KAFKA", "127.0.0.1:1")
    case = next(case for case in folders("broken") if case.name == "nobody-at-night")
    result = _program(*words, laid_over_the_smallest(case, tmp_path / "county"))
    assert result.returncode == 2, result.stderr
    assert "site `site-1` reaches nobody" in result.stderr
    assert not (tmp_path / "data" / "kafka").exists()


def test_alerts_never_run_for_a_county_in_which_a_site_reaches_nobody(tmp_path: Path) -> None:
    case = next(case for case in folders("broken") if case.name == "nobody-at-night")
    settings = Settings(
        config=laid_over_the_smallest(case, tmp_path / "county"), cases=f"sqlite:///{tmp_path}/cases.sqlite"
    )
    with pytest.raises(ConfigError, match="reaches nobody"):
        run_alerts(settings, Telemetry("alerts"))
    assert not (tmp_path / "cases.sqlite").exists()


def test_warnings_go_to_the_error_stream_and_fail_nothing() -> None:
    result = _run("check", EXAMPLE)
    assert result.exit_code == 0
    assert "is recalled from memory" in result.stderr
    assert "DUSTWATCH_REPLICATION is 1" in result.stderr
    assert "warning" not in result.stdout


def test_links_that_open_on_this_machine_only_are_a_warning_once_messages_leave_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "county"
    shutil.copytree(SMALLEST, folder)
    assert "DUSTWATCH_BASE_URL" not in _run("check", folder).stderr
    (folder / "routing.yaml").write_text(
        "operator: [{name: 平台, channels: [{kind: webhook, url: 'https://ops.example/x'}]}]\n",
        encoding="utf-8",
    )
    result = _run("check", folder)
    assert result.exit_code == 0
    assert "DUSTWATCH_BASE_URL is http://127.0.0.1:8400" in result.stderr
    monkeypatch.setenv("DUSTWATCH_BASE_URL", "https://dust.county.example")
    assert "DUSTWATCH_BASE_URL" not in _run("check", folder).stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(
            ("check", "/no/such/folder"), "/no/such/folder:1:1: .: no such folder", id="check: no such folder"
        ),
        pytest.param(
            ("who", "/no/such/folder", "site-1"),
            "/no/such/folder:1:1: .: no such folder",
            id="who: no such folder",
        ),
        pytest.param(("who", SMALLEST, "site-2"), "no site `site-2`", id="no such site"),
        pytest.param(("who", SMALLEST, "site-1", "--at", "yesterday"), "is no instant", id="no instant"),
        pytest.param(
            ("who", SMALLEST, "site-1", "--at", "9999-12-31T23:59:59-12:00"),
            "is no instant",
            id="an instant past the calendar",
        ),
        pytest.param(
            ("who", SMALLEST, "site-1", "--kind", "smell"), "'smell' is not one of", id="no such kind"
        ),
        pytest.param(
            ("who", SMALLEST, "site-1", "--level", "violatoin"),
            "did you mean `violation`?",
            id="a level misspelt",
        ),
        pytest.param(("schema", "config-sits"), "did you mean `config-sites`?", id="a schema misspelt"),
        pytest.param(("check",), "Missing argument", id="check: no folder named"),
    ],
)
def test_wrong_usage_ends_with_2_and_without_traceback(arguments: tuple[object, ...], words: str) -> None:
    result = _program(*arguments)
    assert result.returncode == 2
    assert words in result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr


def test_who_refuses_a_broken_folder_with_its_problems(tmp_path: Path) -> None:
    folder = tmp_path / "county"
    shutil.copytree(SMALLEST, folder)
    (folder / "county.yaml").write_text("name: no\n", encoding="utf-8")
    result = _program("who", folder, "site-1")
    assert result.returncode == 2
    assert result.stderr.startswith("county.yaml:1:7: name: unquoted `no`")


def test_who_names_all_three_lines_with_their_reasons() -> None:
    result = _run("who", SMALLEST, "site-1", "--at", "2026-11-23T12:00")
    assert result.exit_code == 0
    for words in ("住建局 值班室", "城东镇 网格员", "一号工地 项目经理", "2026-11-23 12:00 Asia/Shanghai"):
        assert words in result.stdout
    assert result.stdout.count("because of default route") == 3


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-11-23T21:59", "渣土管理科"),
        ("2026-11-23T22:00", "夜间值班"),
        ("2026-11-23T21:30:00Z", "夜间值班"),
    ],
)
def test_who_asks_the_duty_hours_in_the_county_zone(at: str, told: str) -> None:
    both = {"渣土管理科", "夜间值班"}
    result = _run("who", EXAMPLE, "site-06", "--at", at)
    assert {name for name in both if name in result.stdout} == {told}


def test_a_suspicion_is_not_told_to_the_site_itself() -> None:
    result = _run("who", EXAMPLE, "site-01", "--kind", "suspicion")
    assert "生态环境分局" in result.stdout
    assert "周建国" not in result.stdout


@pytest.mark.parametrize("name", names())
def test_every_schema_is_one(name: str) -> None:
    Draft202012Validator.check_schema(json.loads(_run("schema", name).stdout))


def test_schema_without_a_name_lists_them() -> None:
    assert _run("schema").stdout.split() == names()


@pytest.mark.parametrize(
    "file", ["county", "departments", "sites", "devices", "ingest", "rules", "routing", "channels"]
)
def test_the_example_follows_the_published_schemas(file: str) -> None:
    document, problems = read(EXAMPLE / f"{file}.yaml")
    assert problems == []
    Draft202012Validator(schema_of(f"config-{file}")).validate(document.value)


def test_the_example_is_the_demo_s_county() -> None:
    problems, warnings = check_folder(EXAMPLE)
    assert problems == []
    few = [str(warning) for warning in warnings if "recalled from memory" not in str(warning)]
    assert len(few) == 1
    assert "site `site-08` has 3 monitors on 31000 m2, at least 4 are asked for" in few[0]
    register = load_register(EXAMPLE)
    lines = [department.line for department in register.departments.values()]
    assert (lines.count("territorial"), len(register.sites), len(register.devices)) == (3, 12, 40)
    formats = [device.format for device in register.devices.values()]
    counts = {name: formats.count(name) for name in formats}
    assert counts == {"json_v1": 22, "hj212": 8, "airgradient": 5, "airrohr": 5}
    assert len({site.kind for site in register.sites.values()}) >= 7
