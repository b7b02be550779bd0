"""Cases with a life in a store of their own, for desks over a simulated county."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from alerts.planner import CasePlanner
from alerts.routing import load_routing
from alerts.store import CaseStore
from alerts.store.life_store import LifeStore
from alerts.store.notice_store import NoticeStore
from alerts.store.problem_store import ProblemStore
from processors.records import Breach
from tests.fakes.alerts import HOUR, apply, breach
from tests.fakes.desk import DUSTY, EXAMPLE, NOW, example_register

DUSTY_HOUR = replace(
    breach(level="violation", deadline_h=4.0),
    site=DUSTY,
    device="dev-001",
    at=NOW - HOUR,
    opened_at=NOW - HOUR,
    start=NOW - 2 * HOUR,
    end=NOW - HOUR,
)


def problems_in(folder: Path) -> ProblemStore:
    """Problems beside the lives in a folder."""
    return CaseStore(f"sqlite:///{folder}/people.sqlite").problems


def notices_in(folder: Path) -> NoticeStore:
    """Notices of alerts beside the lives in a folder."""
    return CaseStore(f"sqlite:///{folder}/people.sqlite").notices


def lives_in(folder: Path, *events: Breach) -> LifeStore:
    """The lives of what these events open, one case by itself: a violation at the dusty site."""
    register = example_register()
    store = CaseStore(f"sqlite:///{folder}/people.sqlite")
    plan = CasePlanner(register, load_routing(EXAMPLE, register), "http://desk.test")
    for event in events or (DUSTY_HOUR,):
        apply(store, event, plan, event.at)
    return store.life
