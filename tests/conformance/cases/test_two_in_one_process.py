"""A process may open a case store twice: what it holds of a SQLite file stays held."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path

import pytest

from alerts.store import CaseStore
from alerts.store.people_store import PeopleStore
from ingest.private import make_private
from tests.fakes.alerts import NIGHT, apply, breach, planner
from tests.fakes.people import account

PLAN = planner()
_ELSEWHERE = (
    "import sys; from alerts.store import CaseStore; s = CaseStore(sys.argv[1]); s.counts(); s.close()"
)
_LOCKED = """import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(7)
"""


def test_a_file_that_is_there_is_not_opened_so_that_its_locks_stay(tmp_path: Path) -> None:
    """Of POSIX locks: a process loses all that it has on a file as soon as it closes that file anywhere."""
    path = tmp_path / "store"
    make_private(path)
    assert path.stat().st_mode & 0o777 == 0o600
    with path.open("r+b") as held:
        fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        make_private(path)
        other = subprocess.run([sys.executable, "-c", _LOCKED, str(path)], check=False)
    assert other.returncode == 7, "somebody else could lock the file"


def test_another_process_that_opens_and_closes_the_store_takes_nothing_from_those_at_work(url: str) -> None:
    store = CaseStore(url)
    apply(store, breach(id="b1"), PLAN, NIGHT)
    people = PeopleStore(url)  # the second in this process
    account(people, "office")
    for n in range(2, 5):
        subprocess.run([sys.executable, "-c", _ELSEWHERE, url], check=True)
        if url.startswith("sqlite"):
            assert Path(url.removeprefix("sqlite:///") + "-wal").exists(), "the log of who is at work is gone"
        assert apply(store, breach(id=f"b{n}", device=f"dev-{n}"), PLAN, NIGHT + n).new
        assert len(people.accounts()) == 1
    assert len(store.cases()) == 4
    for one in (people, store):
        one.close()
    again = CaseStore(url)
    assert len(again.cases()) == 4
    again.close()


@pytest.mark.parametrize("closes", ["the first", "the second"])
def test_of_two_in_one_process_either_may_be_closed(url: str, closes: str) -> None:
    store, people = CaseStore(url), PeopleStore(url)
    apply(store, breach(id="b1"), PLAN, NIGHT)
    account(people, "office")
    (store if closes == "the first" else people).close()
    subprocess.run([sys.executable, "-c", _ELSEWHERE, url], check=True)
    if closes == "the first":
        account(people, "auditor")
        people.close()
    else:
        apply(store, breach(id="b2", device="dev-2"), PLAN, NIGHT)
        store.close()
