"""The data folder of one machine's county: nobody takes it from another, a demo deletes only a demo's."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.machine.folder import MARK, FolderError, hold_folder
from deploy.machine.stack import Stack


def test_a_new_folder_is_made_with_its_parents_and_can_be_held_again_after_release(tmp_path: Path) -> None:
    for _ in range(2):
        hold_folder(tmp_path / "var" / "demo", "demo").release()
    assert (tmp_path / "var" / "demo" / MARK).read_text().startswith("demo\nprocess ")


@pytest.mark.parametrize("purpose", ["demo", "up"])
def test_a_folder_in_use_is_refused_with_its_holder_and_a_way_out(tmp_path: Path, purpose: str) -> None:
    held = hold_folder(tmp_path, purpose)  # type: ignore[arg-type]
    with pytest.raises(FolderError, match=r"in use by another `dustwatch \w+` \(process \d+\).*--data"):
        hold_folder(tmp_path, purpose)  # type: ignore[arg-type]
    held.release()


def test_a_second_demo_leaves_the_data_of_the_running_one_alone(tmp_path: Path) -> None:
    held = hold_folder(tmp_path, "demo")
    (tmp_path / "history.sqlite").write_text("readings")
    second = Stack(tmp_path, tmp_path, "wall", 1, print, purpose="demo")
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
