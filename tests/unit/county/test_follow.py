"""A service that runs takes on what was checked and applied, and nothing else."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from alerts.current_planner import CurrentPlanner
from alerts.planner import CasePlanner
from alerts.records import CaseContext
from alerts.routing import load_routing
from alerts.store import CaseStore
from alerts.web.app import create_app
from alerts.web.sources import Sources
from deploy.county.compile import revision_of_folder
from deploy.county.follow import (
    ASK_EVERY,
    BROKEN,
    EDITED,
    LOG_AWAY,
    NOT_APPLIED,
    SAME,
    TAKEN,
    WAITS,
    Follower,
    Newest,
)
from ingest.clock import parse_clock
from ingest.register import load_register
from ingest.telemetry import Telemetry
from processors.history import open_history
from tests.fakes.alerts import breach
from tests.fakes.people import messages_in, people_in
from tests.unit.config.golden import SMALLEST

CONTACTS = "contacts: [{name: 值班员, channels: [{kind: file}]}]"
SECOND = (
    "- {id: site-2, name: 二号工地, kind: building, stage: earthwork, zone: urban, township: town-east, "
    f"department: housing, location: [39.91, 116.41], {CONTACTS}}}\n"
)


@dataclass
class Rig:
    """A folder, a log that holds a revision, and what was taken on."""

    folder: Path
    newest: Newest | None
    taken: list[int] = field(default_factory=list)  # sites
    away: str = ""
    refuses: str = ""

    async def ask(self) -> Newest | None:
        if self.away:
            raise ConnectionError(self.away)
        return self.newest

    async def adopt(self) -> None:
        if self.refuses:
            raise ValueError(self.refuses)
        self.taken.append(len(load_register(self.folder).sites))

    def apply(self, effective: int = 0) -> None:
        self.newest = Newest(revision_of_folder(self.folder, 0).id, effective)

    def add_a_site(self, text: str = SECOND) -> None:
        with (self.folder / "sites.yaml").open("a", encoding="utf-8") as file:
            file.write(text)


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    folder = tmp_path / "county"
    shutil.copytree(SMALLEST, folder)
    made = Rig(folder, None)
    made.apply()
    return made


def follower(rig: Rig) -> Follower:
    return Follower(rig.folder, rig.ask, rig.adopt, parse_clock("wall"), Telemetry("follow"))


async def settled(one: Follower) -> str:
    """What comes of the folder once it has stayed the same for a look."""
    first = await one.look()
    assert first == EDITED
    return await one.look()


async def test_a_site_is_taken_on_once_it_is_applied_and_not_before(rig: Rig) -> None:
    one = follower(rig)
    assert await one.look() == SAME
    rig.add_a_site()
    assert await settled(one) == NOT_APPLIED
    assert rig.taken == []
    rig.apply()
    came = [await one.look() for _ in range(ASK_EVERY + 1)]
    assert came[-1] == TAKEN
    assert set(came[:-1]) == {NOT_APPLIED}  # the log is not asked at every look
    assert rig.taken == [2]
    assert await one.look() == SAME


async def test_people_and_routes_need_no_new_revision(rig: Rig) -> None:
    one = follower(rig)
    text = (rig.folder / "departments.yaml").read_text(encoding="utf-8")
    (rig.folder / "departments.yaml").write_text(text.replace("值班室", "夜班"), encoding="utf-8")
    assert await settled(one) == TAKEN
    assert rig.taken == [1]


async def test_a_broken_folder_leaves_the_old_in_force_and_its_repair_is_taken(rig: Rig) -> None:
    one = follower(rig)
    rig.add_a_site("- {id: site-2, nam: x}\n")
    assert await settled(one) == BROKEN
    assert rig.taken == []
    shutil.copy(SMALLEST / "sites.yaml", rig.folder / "sites.yaml")
    rig.add_a_site()
    rig.apply()
    assert await settled(one) == TAKEN
    assert rig.taken == [2]


async def test_a_revision_of_next_month_a_log_that_is_away_and_a_missing_secret_change_nothing(
    rig: Rig,
) -> None:
    rig.add_a_site()
    for change, came in (
        (lambda: rig.apply(effective=9_000_000_000_000), WAITS),
        (lambda: setattr(rig, "away", "no broker"), LOG_AWAY),
        (lambda: (rig.apply(), setattr(rig, "refuses", "no secret")), BROKEN),
    ):
        rig.away = ""
        one = follower(rig)
        one.held = one.seen = ()
        change()
        assert await settled(one) == came
        assert rig.taken == []


async def test_a_folder_that_is_being_copied_is_left_alone_until_it_stays_the_same(rig: Rig) -> None:
    one = follower(rig)
    for number in range(3):
        rig.add_a_site(f"# {number}\n")
        assert await one.look() == EDITED
    assert await one.look() == TAKEN


def test_a_breach_of_a_site_that_came_later_is_told_to_its_people(rig: Rig) -> None:
    def planner() -> CasePlanner:
        register = load_register(rig.folder)
        return CasePlanner(register, load_routing(rig.folder, register), "http://desk.test")

    current = CurrentPlanner(planner())
    event = breach(site="site-2", device="dev-2")
    names = [m.recipient.line for m in current.breach(event, CaseContext(), event.at)[0].tellings]
    assert "site" not in names
    rig.add_a_site()
    current.planner = planner()
    names = [m.recipient.line for m in current.breach(event, CaseContext(), event.at)[0].tellings]
    assert "site" in names


async def test_the_desk_shows_a_site_that_came_later_under_elements_that_stay(
    rig: Rig, tmp_path: Path
) -> None:
    clock = parse_clock("wall")
    register = load_register(rig.folder)
    history, cases = open_history(f"sqlite:///{tmp_path}/h.db"), CaseStore(f"sqlite:///{tmp_path}/c.db")
    app = create_app(
        Sources(history, cases, people_in(tmp_path), messages_in(tmp_path)),
        register,
        clock,
        "http://desk.test",
    )
    desk = app.state.desk
    first = desk.dom("site-1")
    rig.add_a_site(SECOND.replace("site-2", "site-0"))
    await desk.adopt(load_register(rig.folder))
    assert desk.poller.board.site("site-0") is not None
    assert desk.dom("site-1") == first
    assert desk.dom("site-0") not in (first, "s-none")
    assert {"site-0", "site-1"} == set(desk.register.sites)
    history.close()
    cases.close()
