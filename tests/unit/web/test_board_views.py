"""What a reader asks the board for, and what is drawn and sent of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from alerts.people import Answering
from alerts.records import Case
from alerts.store.open_tasks import OpenTask
from alerts.web.app import create_app
from alerts.web.board import Board, compose
from alerts.web.board_drawing import drawn_of
from alerts.web.board_views import PAGE, BoardView, sites_of, steps_of, view_of
from alerts.web.desk import Desk
from alerts.web.plan import SitePlace, SitePlan, draw_plan
from alerts.web.plan_marks import ZOOMS
from alerts.web.sources import Sources
from ingest.clock import ManualClock
from ingest.register import Register
from tests.fakes.desk import (
    BLIND,
    DUSTY,
    HOUR,
    NOW,
    SMOKY,
    WATCHED,
    FakeCases,
    FakeHistory,
    example_register,
)
from tests.fakes.large_county import large_register
from tests.fakes.lives import lives_in
from tests.fakes.people import messages_in, people_in

REGISTER = example_register()
LARGE = large_register(60)


def plan_of(register: Register) -> SitePlan:
    sites = register.sites.values()
    return draw_plan([SitePlace(s.id, s.name, s.township, (s.location[0], s.location[1])) for s in sites])


def board_of(register: Register, *tasks: OpenTask, cases: tuple[Case, ...] = ()) -> Board:
    return compose(register, [], [], cases, NOW, (), tasks)


def task(number: int, site: str, **more: object) -> OpenTask:
    plain = OpenTask(
        number, site, "exceedance", "assigned", "warning", f"site:{site}", {"en": "x"}, "2026-11-23", NOW + HOUR, None
    )  # fmt: skip
    return replace(plain, **more)  # type: ignore[arg-type]


def ids(found: object) -> list[str]:
    return [one.site.id for one in found]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "view",
    [
        BoardView(),
        BoardView("overdue", "town-east", "工地 & <b>", 3),
        BoardView(zoom=8, x=512.5, y=300.0, page=2),
    ],
)
def test_an_address_leads_to_the_view_that_it_was_made_of(view: BoardView) -> None:
    assert view_of(view.asked, REGISTER) == (view, [])


@pytest.mark.parametrize(
    ("asked", "unknown"),
    [
        ({"which": "dusty"}, ["which=dusty"]),
        ({"town": "nowhere", "zoom": "3"}, ["town=nowhere", "zoom=3"]),
        ({"page": "-1", "x": "NaN", "y": "1e99", "zoom": "2"}, []),
    ],
)
def test_what_nobody_knows_is_named_and_left_out(asked: Mapping[str, str], unknown: list[str]) -> None:
    view, said = view_of(asked, REGISTER)
    assert said == unknown
    assert (view.which, view.town, view.page, view.x, view.y) == ("", "", 1, 0.0, 0.0)


def test_another_filter_begins_at_the_first_page() -> None:
    view = BoardView("exceeds", page=4)
    assert view.link(which="silent") == "/?which=silent"
    assert view.link(page=5) == "/?which=exceeds&page=5"
    assert view.link(which="") == "/"


def test_sites_are_found_by_township_name_builder_and_state() -> None:
    board, plan = board_of(REGISTER), plan_of(REGISTER)

    def found(**asked: str) -> set[str]:
        return set(ids(sites_of(board, BoardView(**asked), REGISTER, plan).listed))  # type: ignore[arg-type]

    east = {s.id for s in REGISTER.sites.values() if s.township == "town-east"}
    assert found(town="town-east") == east
    assert found(text="锦绣家园") == {DUSTY}
    assert found(text="示范建工") == {s.id for s in REGISTER.sites.values() if s.contractor == "示范建工集团"}
    assert found(text="示范建工", town="street-center") <= {s.id for s in REGISTER.sites.values()} - east
    assert found(which="silent") == set(REGISTER.sites)
    assert found(which="exceeds") == set()


def test_cases_decide_who_is_found_and_who_stands_first() -> None:
    late = task(1, SMOKY, deadline=NOW - 1, state="rectifying")
    board = board_of(REGISTER, late, task(2, WATCHED), task(3, BLIND, state="rectifying"))
    assert ids(board.sites)[:3] == [SMOKY, WATCHED, BLIND]  # overdue, not signed for, in work
    plan = plan_of(REGISTER)
    assert ids(sites_of(board, BoardView("overdue"), REGISTER, plan).listed) == [SMOKY]
    assert set(ids(sites_of(board, BoardView("open"), REGISTER, plan).listed)) == {SMOKY, WATCHED, BLIND}
    watched = board.site(WATCHED)
    assert watched is not None
    assert watched.unsigned == 1


def test_every_site_is_on_one_page_and_a_page_after_the_last_is_the_last() -> None:
    board, plan = board_of(LARGE), plan_of(LARGE)
    pages = [sites_of(board, BoardView(page=n), LARGE, plan) for n in (1, 2, 3)]
    assert [len(one.rows) for one in pages] == [PAGE, PAGE, 60 - 2 * PAGE]
    assert [id for one in pages for id in ids(one.rows)] == ids(board.sites)
    assert sites_of(board, BoardView(page=99), LARGE, plan) == pages[2]


def test_a_closer_look_lists_the_sites_that_it_shows_and_steps_lead_over_the_whole_plan() -> None:
    board, plan = board_of(LARGE), plan_of(LARGE)
    seen: set[str] = set()
    for row in along(BoardView(zoom=4), "south", plan):  # from the corner in the north-west
        for view in along(row, "east", plan):
            shown = sites_of(board, view, LARGE, plan)
            assert len(shown.listed) < len(shown.found)
            seen |= set(ids(shown.listed))
    assert seen == set(LARGE.sites)


def along(view: BoardView, way: str, plan: SitePlan) -> list[BoardView]:
    """A view, and those to which steps lead on one way."""
    found = [view]
    while way in (steps := steps_of(found[-1], plan)):
        found.append(follow(steps[way]))
        assert len(found) < 20
    return found


def follow(link: str) -> BoardView:
    asked = dict(part.split("=") for part in link.partition("?")[2].split("&"))
    view, unknown = view_of(asked, LARGE)
    assert unknown == []
    return view


def test_the_whole_plan_has_no_steps_but_closer_and_the_closest_none_closer() -> None:
    plan = plan_of(LARGE)
    assert set(steps_of(BoardView(), plan)) == {"in"}
    assert "in" not in steps_of(BoardView(zoom=ZOOMS[-1], x=500.0, y=300.0), plan)
    assert steps_of(BoardView(zoom=2, x=500.0, y=300.0), plan)["out"] == "/"


def test_a_unit_sees_its_own_cases_alone() -> None:
    board = board_of(REGISTER, task(1, SMOKY), task(2, DUSTY), task(3, "*", kind="system"))
    own = board.of(Answering(frozenset({DUSTY})))
    assert own.tasks is not None
    assert [one.number for one in own.tasks] == [2]
    assert [[one.number for one in site.tasks] for site in own.sites] == [[2]]
    assert board.of(Answering(None)) is board


def test_a_case_that_is_told_through_a_common_finding_is_listed_there() -> None:
    common = Case("common", "many_silent", "open", "", "", "", "12 台", NOW, NOW)
    member = Case("m1", "offline", "open", "offline", SMOKY, "dev-013", "", NOW, NOW, parent="common")
    board = board_of(REGISTER, task(1, SMOKY, kind="offline"), task(2, SMOKY), cases=(common, member))
    assert [one.number for one in board.listed_tasks] == [2]
    assert [[case.id for case in group] for group in board.case_groups] == [["common"]]


async def test_a_stream_sends_of_another_page_only_what_that_page_shows(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    history = FakeHistory(REGISTER, clock)
    people, messages = people_in(tmp_path), messages_in(tmp_path)
    app = create_app(
        Sources(history, FakeCases(REGISTER), people, messages, lives_in(tmp_path)),  # type: ignore[arg-type]
        REGISTER, clock, "http://desk.test",
    )  # fmt: skip
    desk: Desk = app.state.desk
    east, rest = BoardView(town="town-east"), BoardView(town="street-center")

    async def look(view: BoardView) -> object:
        return drawn_of(desk, await desk.poller.fresh(), desk.words("en"), Answering(None), view)

    before = {view: await look(view) for view in (east, rest)}
    history.lifted = {device.id: 500.0 for device in REGISTER.devices_at(DUSTY)}
    desk.poller.forget()
    changed = {view: (await look(view)).since(before[view].marks) for view in (east, rest)}  # type: ignore[attr-defined]
    assert "锦绣家园" in changed[east]
    assert 'id="marks"' not in changed[east]
    assert "锦绣家园" not in changed[rest]
    cases = (await look(east)).parts["cases"]  # type: ignore[attr-defined]
    assert 'href="/tasks/1"' in cases
    assert "No. 1" in cases
    people.close()


def test_the_open_cases_are_read_again_only_when_one_has_changed(tmp_path: Path) -> None:
    lives = lives_in(tmp_path)
    stands, found = lives.open_tasks()
    assert found is not None
    assert [(one.number, one.site, one.state, one.unit) for one in found] == [
        (1, DUSTY, "assigned", f"site:{DUSTY}")
    ]
    assert lives.open_tasks(stands) == (stands, None)
    assert lives.open_tasks((0, 0))[1] == found
