"""kill -9 of alerts workers and of who acts at cases, in a storm: nothing is lost, nothing done or told twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select

from alerts.lifecycle.states import OPEN_STATES
from alerts.lifecycle.trail import first_flaw, time_in_states
from alerts.store import CaseStore
from alerts.store.life_tables import case_actions
from tests.kills.desk_worker import events_of
from tests.shares import SHARE

ROOT = Path(__file__).parents[2]
NUMBER, SITES = 240, 12
KILLS = max(6, 50 // SHARE)
WORKERS = ("alerts", "alerts", "person")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/cases.sqlite"
    return str(request.getfixturevalue("postgres").create_database(f"desk_killed_{time.time_ns()}"))


@pytest.mark.long
@pytest.mark.timeout(900)
def test_workers_and_persons_killed_in_a_storm_lose_nothing_and_do_nothing_twice(
    url: str, tmp_path: Path
) -> None:
    began = round(time.time() * 1000)
    CaseStore(url).close()  # the tables are there

    def start(what: str) -> subprocess.Popen[bytes]:
        told = [what, url, str(tmp_path), str(began), str(NUMBER), str(SITES)]
        with (tmp_path / f"{what}.log").open("ab") as log:
            command = [sys.executable, "-m", "tests.kills.desk_worker", *told]
            return subprocess.Popen(command, cwd=ROOT, env={**os.environ}, stdout=log, stderr=log)

    running = [start(what) for what in WORKERS]
    chance = Random(11)
    try:
        for _ in range(KILLS):
            victim = chance.randrange(len(running))
            # at any point of what they do: when they have got so far, or all waits for a lease
            _until(lambda until=_done(tmp_path) + chance.randrange(400): _done(tmp_path) > until, 5.0)
            running[victim].kill()
            running[victim].wait()
            running[victim] = start(WORKERS[victim])
        (tmp_path / "enough").touch()
        for process in running:
            assert process.wait(300) == 0
    finally:
        for process in running:
            process.kill()
            process.wait()
    _account(url, tmp_path, began)


def _account(url: str, folder: Path, began: int) -> None:
    store = CaseStore(url)
    try:
        events = events_of(NUMBER, SITES, began)
        ids = {one.id: store.life.find_id(one.id) for one in events}
        assert None not in ids.values()
        placed: Counter[str] = Counter()
        for id in sorted(set(ids.values())):
            file = store.life.file(id)
            life = file.kept.life
            assert first_flaw(file.trail) is None
            spent = {s: ms for s, ms in life.times_at(life.updated_at).items() if ms}
            assert spent == {s: ms for s, ms in time_in_states(file.trail, life.updated_at).items() if ms}
            assert life.state in OPEN_STATES
            assert life.deadline is not None, "its stop watch runs"
            assert [r.command for r in file.trail].count("sign") >= 1
            placed.update(one.breach for one in file.placed)
        assert placed == Counter(ids.keys())

        with store._database.reading() as connection:
            forms = Counter(connection.execute(select(case_actions.c.form)).scalars())
        assert set(forms.values()) == {1}
        assert set(_lines(folder, "taken")) <= forms.keys(), "what was confirmed to a person is kept"

        states = store.tellings.states()
        keys = Counter((t.case, t.round, t.step, t.number, t.recipient.id, t.recipient.way)
                       for t in (one.telling for one in states))  # fmt: skip
        assert set(keys.values()) == {1}
        assert all((one.message is None) != (one.withheld_by is None) for one in states)
        received = _lines(folder, "received")
        first = {id for id, repeat in received if not repeat}
        assert {one.message for one in states if one.message} == {id for id, _ in received}
        assert Counter(id for id, repeat in received if not repeat) == Counter(first), "a repeat says so"
    finally:
        store.close()


def _done(folder: Path) -> int:
    return sum((folder / name).stat().st_size for name in ("received", "taken") if (folder / name).exists())


def _lines(folder: Path, name: str) -> list:
    return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]


def _until(condition, within: float) -> None:
    deadline = time.monotonic() + within
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
