"""`dustwatch diff` and `apply` with a log that is a list."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import deploy.county.apply
import ingest.admin
from deploy.commands import apply, diff
from deploy.county.apply import Applied, OtherCounty
from ingest.records import Revision
from ingest.strict_yaml import ConfigError
from tests.counties import device, write_county

NOW = 1_800_000_000_000
CLOCK = "2027-01-15T08:00:00Z x1"


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[Revision]:
    """Revisions that were applied."""
    held: list[Revision] = []

    async def put(_: str, revision: Revision, partitions: int, remember: list[Revision]) -> list[Applied]:
        held.extend(remember)
        return [Applied(p, revision.id, 7, revision.effective) for p in range(partitions)]

    async def read(bootstrap: str) -> list[Revision]:
        return list(held)

    async def topics(*_: Any) -> list[str]:
        return []

    monkeypatch.setattr(deploy.county.apply, "apply_revision", put)
    monkeypatch.setattr(deploy.county.apply, "revisions_in_log", read)
    monkeypatch.setattr(ingest.admin, "ensure_topics", topics)
    monkeypatch.setenv("DUSTWATCH_CLOCK", CLOCK)
    return held


def county(folder: Path, interval: int = 60, **more: Any) -> Path:
    return write_county(folder, [device("dev-1", interval=interval)], **more)


def run(command: Any, *arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_an_applied_folder_has_no_difference_to_the_log_and_another_has(
    log: list[Revision], tmp_path: Path
) -> None:
    folder = county(tmp_path / "a")
    assert run(diff.command, folder).exit_code == 1
    assert run(apply.command, folder, "--by", "li").exit_code == 0
    same = run(diff.command, folder)
    assert same.exit_code == 0, same.output
    assert "no difference" in same.output
    other = run(diff.command, county(tmp_path / "b", interval=300))
    assert other.exit_code == 1
    assert "~ device dev-1: interval 60 -> 300" in other.output


def test_two_folders_are_compared_without_any_log(tmp_path: Path) -> None:
    before, after = county(tmp_path / "a"), county(tmp_path / "b", interval=300)
    said = json.loads(run(diff.command, after, before, "--json").output)
    assert said["changes"] == [
        {
            "change": "changed",
            "what": "device",
            "id": "dev-1",
            "field": "interval",
            "before": 60,
            "after": 300,
        }
    ]
    assert run(diff.command, before, before).exit_code == 0


def test_a_rejected_folder_leaves_the_old_in_force(log: list[Revision], tmp_path: Path) -> None:
    folder = county(tmp_path / "a")
    run(apply.command, folder)
    broken = county(tmp_path / "b", packs=["no-such-pack"])
    done = run(apply.command, broken)
    assert isinstance(done.exception, ConfigError)  # exit 2, one problem a line
    assert len(log) == 1
    assert run(diff.command, folder).exit_code == 0


def test_the_history_says_who_when_why_and_what(log: list[Revision], tmp_path: Path) -> None:
    run(apply.command, county(tmp_path / "a"), "--by", "li", "--reason", "first")
    run(apply.command, county(tmp_path / "b", interval=300), "--by", "wang", "--reason", "slower")
    told = run(apply.command, "--history").output.splitlines()
    assert "replaced" in told[0]
    assert "by li: first" in told[0]
    assert any("in force" in line and "by wang: slower" in line for line in told)
    assert told[-1] == "    ~ device dev-1: interval 60 -> 300"


def test_the_login_name_is_kept_where_nobody_is_named(
    log: list[Revision], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "zhao")
    run(apply.command, county(tmp_path / "a"))
    assert log[0].applied["by"] == "zhao"


def test_a_configuration_of_next_month_waits_and_is_shown(log: list[Revision], tmp_path: Path) -> None:
    run(apply.command, county(tmp_path / "a"))
    planned = county(tmp_path / "b", interval=300)
    done = run(apply.command, planned, "--effective", "2027-02-01T00:00")
    assert done.exit_code == 0, done.output
    assert "effective 2027-01-31T16:00:00" in done.output
    assert "waiting" in run(apply.command, "--history").output
    now = run(diff.command, planned)
    assert now.exit_code == 1
    assert "waiting in the log" in now.output
    assert run(diff.command, planned, "--at", "2027-02-02").exit_code == 0


def test_what_waits_is_not_cancelled_by_applying_what_is_in_force_unless_asked(
    log: list[Revision], tmp_path: Path
) -> None:
    folder = county(tmp_path / "a")
    run(apply.command, folder)
    run(apply.command, county(tmp_path / "b", interval=300), "--effective", "2027-02-01T00:00")
    done = run(apply.command, folder)
    assert isinstance(done.exception, deploy.county.apply.WouldCancel)
    assert "--cancel-waiting" in str(done.exception)
    done = run(apply.command, folder, "--cancel-waiting")
    assert done.exit_code == 0
    assert "is cancelled" in done.output
    assert "cancelled" in run(apply.command, "--history").output


def test_an_effective_instant_in_the_past_is_refused(log: list[Revision], tmp_path: Path) -> None:
    done = run(apply.command, county(tmp_path / "a"), "--effective", "2026-01-01T00:00")
    assert done.exit_code == 2
    assert "lies in the past" in done.output
    assert log == []


def test_an_instant_that_a_repeated_apply_cannot_move_is_told_with_the_way_to_move_it(
    log: list[Revision], tmp_path: Path
) -> None:
    folder, planned = county(tmp_path / "a"), county(tmp_path / "b", interval=300)
    run(apply.command, folder)
    run(apply.command, planned, "--effective", "2027-02-01T00:00")
    same = run(apply.command, planned, "--effective", "2027-02-01T00:00")
    assert "waits until 2027-01-31T16:00:00.000Z: nothing changes" in same.output
    other = run(apply.command, planned, "--effective", "2027-03-01T00:00")
    assert "that instant stays" in other.output
    at_once = run(apply.command, planned)
    assert "that instant stays. To have it now, apply the folder in force" in at_once.output
    assert [len(one.applied["difference"]) for one in log] == [log[0].applied["differences"], 1]
    # the way that was told
    run(apply.command, folder, "--cancel-waiting")
    moved = run(apply.command, planned, "--effective", "2027-03-01T00:00")
    assert "effective 2027-02-28T16:00:00" in moved.output
    assert "waiting, effective 2027-02-28T16:00:00.000Z" in run(apply.command, "--history").output


def test_what_is_in_force_applied_again_for_another_instant_begins_nothing_and_says_so(
    log: list[Revision], tmp_path: Path
) -> None:
    folder = county(tmp_path / "a")
    run(apply.command, folder)
    again = run(apply.command, folder, "--effective", "2027-02-01T00:00")
    assert "is in force already" in again.output
    assert "nothing begins at 2027-01-31T16:00:00.000Z" in again.output
    assert "nothing changes" in run(apply.command, folder).output
    assert len(log) == 1


def test_another_countys_configuration_is_not_replaced_unasked(log: list[Revision], tmp_path: Path) -> None:
    first, other = county(tmp_path / "a"), county(tmp_path / "b")
    text = (other / "county.yaml").read_text(encoding="utf-8")
    assert "示范县" in text
    (other / "county.yaml").write_text(text.replace("示范县", "别县"), encoding="utf-8")
    assert run(apply.command, first).exit_code == 0
    refused = run(apply.command, other)
    assert isinstance(refused.exception, OtherCounty)
    assert refused.exception.exit_code == 2
    assert "'别县'" in str(refused.exception)
    assert "add --replace" in str(refused.exception)
    assert len(log) == 1
    assert run(apply.command, first).exit_code == 0, "the same county, as often as you like"
    assert run(apply.command, other, "--replace").exit_code == 0
    assert isinstance(run(apply.command, first).exception, OtherCounty)
