"""A site without power, from the fold to the messages: who is told how often."""

from __future__ import annotations

from pathlib import Path

import pytest

from alerts.store import CaseStore
from tests.fakes.alerts import apply, planner
from tests.logs import MINUTE, T0, Run, minutes, revision, ticking

DEVICES = [{"id": f"dev-{n}", "site": "site-1"} for n in (1, 2, 3)]
SECOND = 1000


@pytest.fixture
def store(tmp_path: Path):
    opened = CaseStore(f"sqlite:///{tmp_path}/cases.sqlite")
    yield opened
    opened.close()


def told(store: CaseStore, run: Run, until: int) -> list[tuple[str, str, str]]:
    """(device, step, who) of all messages, when holds are looked at every ten seconds."""
    plan, events = planner(), sorted(run.breaches, key=lambda b: b.at)
    for now in range(T0, until, 10 * SECOND):
        while events and events[0].at <= now:
            apply(store, events.pop(0), plan, now)
        store.release_holds(plan, now)
    assert not events
    files = [store.case(case.id) for case in store.cases()]
    return sorted(
        (file.case.device, sent.message.step, sent.message.recipient.line)
        for file in files
        if file is not None
        for sent in file.messages
    )


def test_everybody_hears_once_of_a_site_and_once_of_its_return(store: CaseStore) -> None:
    rows = [r for n in (1, 2, 3) for r in minutes(T0, T0 + (10 + n) * MINUTE, 1, f"dev-{n}")]
    rows += [r for n in (1, 2, 3) for r in minutes(T0 + (40 + n) * MINUTE, T0 + 60 * MINUTE, 1, f"dev-{n}")]
    run = Run(revision(DEVICES), *ticking(rows, T0 + 60 * MINUTE))
    assert len(run.breaches) == 10  # three devices and their site open and close; two of them are labelled
    lines = ("sector", "site", "territorial")
    assert told(store, run, T0 + 60 * MINUTE) == [
        ("", step, who) for step in ("opened", "recovered") for who in lines
    ]


def test_a_device_that_stays_away_when_its_site_is_back_is_told_by_itself(store: CaseStore) -> None:
    rows = [r for n in (1, 2, 3) for r in minutes(T0, T0 + 10 * MINUTE, 1, f"dev-{n}")]
    rows += [r for n in (1, 2) for r in minutes(T0 + 40 * MINUTE, T0 + 70 * MINUTE, 1, f"dev-{n}")]
    run = Run(revision(DEVICES), *ticking(rows, T0 + 70 * MINUTE))
    found = told(store, run, T0 + 70 * MINUTE)
    assert {(device, step) for device, step, _ in found} == {
        ("", "opened"),
        ("", "recovered"),
        ("dev-3", "opened"),
    }
    assert len(found) == 9
