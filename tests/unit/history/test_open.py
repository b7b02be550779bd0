"""Opening a history by URL: what is understood, and what an operator is told otherwise."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from processors.history import HistoryUnusable, Point, open_history
from processors.history.sqlite import SqliteHistory

POINT = Point("readings", {"device": "d", "site": "s"}, {"pm10": 1.0, "received_at": 1}, 1)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgres://x/y", "scheme 'postgres' is not known"),
        ("sqlite://", "path after three slashes"),
        ("sqlite://history.db", "path after three slashes"),
        ("influx+http://h:8086?org=o", "bucket= is missing"),
        ("influx+http://h:8086?bucket=b", "org= is missing"),
        ("influx+http://h:8086?org=o&bucket=b&token=abc", "unknown option 'token'"),
        ("influx+http://h:8086?org=o&bucket=b&token_env=NO_SUCH_VARIABLE", "NO_SUCH_VARIABLE holds no token"),
        ("influx+http://h:8086?org=o&bucket=b&token_file=/no/such/file", "token_file cannot be read"),
        ("influx+http://h:8086?org=o&bucket=b&timeout_s=soon", "timeout_s='soon'"),
    ],
)
def test_a_wrong_url_says_what_is_wrong_with_it_and_what_is_expected(url: str, words: str) -> None:
    with pytest.raises(HistoryUnusable) as caught:
        open_history(url)
    assert words in str(caught.value)
    assert "expected sqlite:///" in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_file_that_cannot_be_written_is_the_operators_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(HistoryUnusable, match="writable disk") as caught:
        open_history(f"sqlite:///{tmp_path}/file/history.db")
    assert caught.value.exit_code == 2


def test_a_file_that_is_no_database_is_the_operators_error(tmp_path: Path) -> None:
    (tmp_path / "history.db").write_text("no database at all" * 100)
    with pytest.raises(HistoryUnusable, match="not a database"):
        open_history(f"sqlite:///{tmp_path}/history.db")


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/folder/history.db"
    first = open_history(url)
    first.write([POINT])
    first.close()
    assert open_history(url).count("readings") == 1


def test_another_process_reads_while_we_write(tmp_path: Path) -> None:
    writer, reader = (open_history(f"sqlite:///{tmp_path}/history.db") for _ in range(2))
    writer.write([POINT])
    assert reader.count("readings") == 1


def test_a_full_disk_keeps_the_points_says_why_and_takes_them_when_there_is_room(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    points = [POINT._replace(time=i, fields={"pm10": 1.0, "extras": "x" * 500}) for i in range(2000)]
    tight = SqliteHistory(path, max_pages=60)
    outcome = tight.write(points)
    assert (outcome.accepted, outcome.rejected, outcome.kept_points) == (0, [], points)
    assert f"the disk of {path} is full" in outcome.why
    tight.close()
    roomy = SqliteHistory(path)
    assert roomy.write_batches(outcome.kept).accepted == roomy.count("readings") == 2000


def test_a_locked_file_keeps_the_points(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "history.db"
    history = SqliteHistory(path, busy_s=0.05)
    other = sqlite3.connect(path)
    other.execute("BEGIN IMMEDIATE")
    outcome = history.write([POINT])
    assert outcome.kept_points == [POINT]
    assert "locked" in outcome.why
    other.rollback()
    assert history.write_batches(outcome.kept).accepted == 1


def test_a_table_of_an_older_version_gets_the_tag_that_it_lacks_and_keeps_what_it_holds(
    tmp_path: Path,
) -> None:
    path = tmp_path / "history.db"
    SqliteHistory(path).close()
    with sqlite3.connect(path) as file:
        file.execute("DROP TABLE outlooks")
        key = "device, time, pollutant, rule, site"
        columns = "time INTEGER, device TEXT, pollutant TEXT, rule TEXT, site TEXT, id TEXT, state TEXT"
        file.execute(f"CREATE TABLE outlooks ({columns}, background_known INTEGER, PRIMARY KEY ({key}))")
        file.execute("CREATE INDEX outlooks_time ON outlooks (time)")
        file.execute("INSERT INTO outlooks VALUES (5, 'd', 'pm10', 'r', 's', 'o1', 'warning', 1)")
    for _ in range(2):  # opened again there is nothing to do
        history = SqliteHistory(path)
        (row,) = history.outlooks(start_ms=0, end_ms=10)
        assert (row["id"], row["kind"], row["at"], row["background_known"]) == ("o1", "interval", 5, True)
        history.close()
