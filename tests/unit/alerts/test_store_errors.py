"""A case store that can't be used says which, why, and what to do, and never shows a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.store import CaseStore, StoreError
from tests.fakes.servers import closed_port
from tests.stored_stores import execute, put_stored


def words(url: str, exit_code: int = 3) -> str:
    with pytest.raises(StoreError) as caught:
        CaseStore(url)
    assert caught.value.exit_code == exit_code  # a supervisor starts again after 3, never after 2
    return str(caught.value)


def test_an_address_that_is_none_is_told_with_the_forms_there_are():
    assert "write sqlite:///" in words("cases.sqlite", exit_code=2)
    assert "no case store of kind 'mysql'" in words("mysql://u:p@h/d", exit_code=2)


def test_a_server_that_is_not_there_is_told_without_the_password():
    said = words(f"postgresql://dust:s3cret@127.0.0.1:{closed_port()}/cases")
    assert "check DUSTWATCH_CASES" in said
    assert "s3cret" not in said


def test_a_file_that_is_no_database_is_told(tmp_path: Path):
    (tmp_path / "cases.sqlite").write_text("not a database at all, but long enough to look like one " * 20)
    assert "not a database" in words(f"sqlite:///{tmp_path}/cases.sqlite", exit_code=2)


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    assert "file" in words(f"sqlite:///{tmp_path}/file/cases.sqlite")


def test_tables_of_another_version_are_left_alone(tmp_path: Path):
    url = put_stored(f"sqlite:///{tmp_path}/cases.sqlite")
    execute(url, "UPDATE dustwatch_schema SET version = 99")
    said = words(url, exit_code=2)
    assert "tables of version 99" in said
    assert "space on its disk" not in said
