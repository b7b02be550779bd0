"""The data folder of one machine's county: nobody takes it from another, a demo deletes only a demo's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.embedded.process import ServerProcess
from deploy.machine.folder import MARK, FolderError, Patience, hold_folder, is_held
from deploy.machine.holders import holders
from deploy.machine.stack import Stack
from deploy.machine.stopping import StoppedEarly
from tests.pipeline import wait_for

AT_ONCE = Patience(within_s=0.0)


def test_a_new_folder_is_made_with_its_parents_and_can_be_held_again_after_release(tmp_path: Path) -> None:
    for _ in range(2):
        hold_folder(tmp_path / "var" / "demo", "demo").release()
    assert (tmp_path / "var" / "demo" / MARK).read_text().startswith("demo\nprocess ")


@pytest.mark.parametrize("purpose", ["demo", "up"])
def test_a_folder_in_use_is_refused_with_its_holder_and_a_way_out(tmp_path: Path, purpose: str) -> None:
    held = hold_folder(tmp_path, purpose)  # type: ignore[arg-type]
    with pytest.raises(FolderError, match=r"in use by another `dustwatch \w+` \(process \d+\).*--data"):
        hold_folder(tmp_path, purpose, AT_ONCE)  # type: ignore[arg-type]
    held.release()


def test_a_second_demo_leaves_the_data_of_the_running_one_alone(tmp_path: Path) -> None:
    held = hold_folder(tmp_path, "demo")
    (tmp_path / "history.sqlite").write_text("readings")
    second = Stack(tmp_path, tmp_path, "wall", 1, print, purpose="demo", free_within_s=0.0)
    with pytest.raises(FolderError, match="in use"):
        second.start_servers()
    second.stop()
    assert (tmp_path / "history.sqlite").read_text() == "readings"
    held.release()


def test_a_demo_refuses_a_folder_of_somebody_elses_files_and_deletes_nothing(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("three years")
    with pytest.raises(FolderError, match="nothing was deleted"):
        hold_folder(tmp_path, "demo")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(("first", "then"), [("up", "demo"), ("demo", "up")])
def test_a_demo_and_a_real_county_never_take_each_others_folder(
    tmp_path: Path, first: str, then: str
) -> None:
    hold_folder(tmp_path, first).release()  # type: ignore[arg-type]
    (tmp_path / "kept").write_text("x")
    with pytest.raises(FolderError, match=f"holds the data of `dustwatch {first}`"):
        hold_folder(tmp_path, then)  # type: ignore[arg-type]
    assert (tmp_path / "kept").exists()
    hold_folder(tmp_path, first).release()  # type: ignore[arg-type]


def test_emptying_keeps_the_mark_and_follows_no_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x")
    held = hold_folder(tmp_path / "demo", "demo")
    (held.path / "link").symlink_to(outside)
    (held.path / "kafka").mkdir()
    (held.path / "kafka" / "log").write_text("x")
    held.empty()
    assert [path.name for path in held.path.iterdir()] == [MARK]
    assert (outside / "kept").exists()
    held.release()


def test_a_file_in_place_of_the_folder_is_named_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(FolderError, match=r"can't be used \(\w.*--data"):
            hold_folder(path, "up")


@pytest.mark.parametrize("stays", [False, True], ids=["exec", "stay"])
def test_a_folder_is_free_exactly_when_the_last_of_its_servers_has_ended(tmp_path: Path, stays: bool) -> None:
    data = tmp_path / "data"
    held = hold_folder(data, "up")
    log = tmp_path / "log"
    servers = [ServerProcess("one", ["sh", "-c", "echo up; sleep 600"], log, stays=stays) for _ in range(2)]
    servers[0].wait_until(lambda: log.read_text().count("up") == 2, 20)
    held.release()  # as the end of this process would
    for server in servers:
        assert is_held(data)
        with pytest.raises(FolderError, match="in use"):
            hold_folder(data, "up", AT_ONCE)
        server.kill()
    wait_for("the folder is free", lambda: not is_held(data), 20, 0.02)
    hold_folder(data, "up", AT_ONCE).release()


@pytest.mark.skipif(sys.platform != "linux", reason="no /proc")
def test_servers_that_outlive_their_parent_are_named_with_a_way_out(tmp_path: Path) -> None:
    data = tmp_path / "data"
    held = hold_folder(data, "up")
    log = tmp_path / "log"
    server = ServerProcess("one", ["sh", "-c", "echo up; sleep 600; :"], log)
    server.wait_until(lambda: "up" in log.read_text(), 20)
    held.release()
    (data / MARK).write_text("up\nprocess 4194305\n")  # above the kernel's greatest pid
    with (data / MARK).open(), pytest.raises(FolderError) as refused:  # who has it open holds no lock
        hold_folder(data, "up", AT_ONCE)
    words = str(refused.value)
    assert "in use by servers of a `dustwatch up` (process 4194305) that has ended" in words
    pids = [one.pid for one in holders(data / MARK)]
    assert server.pid in pids
    assert f"{server.pid} (sh -c echo up; sleep 600; :)" in words
    assert f"`kill -9 {' '.join(map(str, pids))}`" in words
    assert "--data" in words
    server.kill()


def test_a_start_waits_for_the_servers_of_a_run_before_and_says_so(tmp_path: Path) -> None:
    data = tmp_path / "data"
    held = hold_folder(data, "up")
    server = ServerProcess("one", ["sleep", "600"], tmp_path / "log")
    held.release()
    said: list[str] = []
    looks = 0

    def end_it_at_the_third_look() -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            server.kill()

    hold_folder(data, "up", Patience(say=said.append, check=end_it_at_the_third_look)).release()
    assert looks >= 3
    assert said == [f"{data} is still held; waiting up to 15 s for it to be free"]


def test_whoever_waits_for_a_folder_can_be_stopped(tmp_path: Path) -> None:
    held = hold_folder(tmp_path, "up")

    def stop() -> None:
        raise StoppedEarly("stopped before all was ready")

    with pytest.raises(StoppedEarly):
        hold_folder(tmp_path, "up", Patience(check=stop))
    held.release()


def test_a_folder_that_nobody_holds_is_told_from_one_that_somebody_does(tmp_path: Path) -> None:
    assert not is_held(tmp_path)
    held = hold_folder(tmp_path, "up")
    assert is_held(tmp_path)
    command = [
        sys.executable,
        "-c",
        "import sys; from pathlib import Path; from deploy.machine.folder import is_held; ",
    ]
    command[-1] += "sys.exit(is_held(Path(sys.argv[1])))"
    assert subprocess.run([*command, str(tmp_path)], check=False).returncode == 1
    held.release()
    assert not is_held(tmp_path)
