"""Regional episodes on the board: those that last now, what is said of them, and that it comes and goes live."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alerts.people import Answering
from alerts.web.app import create_app
from alerts.web.board_drawing import drawn_of
from alerts.web.board_parts import DrawnBoard
from alerts.web.desk import Desk
from alerts.web.regional import lasting
from alerts.web.sources import Sources
from ingest.clock import ManualClock
from processors.history.context import Context, batches_of_context
from processors.records import RegionalEpisode
from tests.fakes.desk import HOUR, NOW, FakeCases, FakeHistory, example_register, floor_hour, outlook_said
from tests.fakes.people import messages_in, people_in

HERE = floor_hour(NOW)
REGISTER = example_register()
BEGAN = RegionalEpisode(
    "e1", "began", "county", "pm10", "ug/m3", HERE - 2 * HOUR, HERE - HOUR, 412.0, 412.0, 350.0, 2, 3,
    "downgrade", "unconfirmed", "county policy, not confirmed by a source", 1, HERE - HOUR, "c1",
)  # fmt: skip
GOES_ON = replace(BEGAN, event="amended", end=HERE, mean=530.0, peak=530.0, revision=2)
ENDED = replace(GOES_ON, event="ended", revision=3)
WITHDRAWN = replace(GOES_ON, event="withdrawn", revision=3)


def rows(*events: Context) -> list[dict[str, Any]]:
    return [row for batch in batches_of_context(list(events)) for row in batch.data.to_pylist()]


@pytest.mark.parametrize(
    ("events", "shown"),
    [
        ((), []),
        ((BEGAN,), [BEGAN]),
        ((GOES_ON, BEGAN), [GOES_ON]),
        ((BEGAN, ENDED, GOES_ON), []),
        ((BEGAN, WITHDRAWN), []),
        (
            (ENDED, replace(BEGAN, id="e2", start=HERE, end=NOW)),
            [replace(BEGAN, id="e2", start=HERE, end=NOW)],
        ),
        ((replace(BEGAN, start=NOW - 9 * HOUR, end=NOW - 3 * HOUR),), []),  # its feed is silent for too long
    ],
)
def test_an_episode_lasts_until_its_newest_event_ends_it_or_its_feed_is_silent(
    events: tuple[RegionalEpisode, ...], shown: list[RegionalEpisode]
) -> None:
    assert list(lasting(rows(*events), NOW)) == shown


def over(history: FakeHistory, folder: Path) -> Sources:
    """The stores of a desk over a history."""
    return Sources(history, FakeCases(REGISTER), people_in(folder), messages_in(folder))  # type: ignore[arg-type]


async def test_the_banner_comes_and_goes_with_the_stream_in_both_languages(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    history = FakeHistory(REGISTER, clock)
    app = create_app(over(history, tmp_path), REGISTER, clock, "http://desk.test")
    desk: Desk = app.state.desk

    async def drawn(language: str) -> DrawnBoard:
        desk.poller.forget()
        return drawn_of(desk, await desk.poller.fresh(), desk.words(language), Answering(None))

    before = await drawn("en")
    history.context = [BEGAN, GOES_ON]
    changed = (await drawn("en")).since(before.marks)
    for words in (
        "in the area county since 13:00", "PM10 background of the hour until 15:00: 530 µg/m³, above the mark of 350",
        "2 of 3 stations rose", "No verdict changes by it", "told and assessed a level lower", "not confirmed by a source",
    ):  # fmt: skip
        assert words in changed
    chinese = (await drawn("zh_CN")).parts["banner"]
    for words in (
        "区域性过程：区域 county，自 13:00 起",
        "3 个站点中有 2 个上升",
        "判定不因此改变",
        "县级政策，无来源确认",
    ):
        assert words in chinese
    history.context.append(ENDED)
    assert "区域性过程" not in (await drawn("zh_CN")).parts["banner"]


async def test_an_outlook_inside_an_episode_says_so_on_the_board(tmp_path: Path) -> None:
    clock = ManualClock(NOW)
    history = FakeHistory(REGISTER, clock)
    app = create_app(over(history, tmp_path), REGISTER, clock, "http://desk.test")
    desk: Desk = app.state.desk

    async def board() -> str:
        desk.poller.forget()
        drawn = drawn_of(desk, await desk.poller.fresh(), desk.words("en"), Answering(None))
        return "".join(drawn.parts.values())

    history.said = [outlook_said()]
    assert "inside a regional episode" not in await board()
    history.said = [outlook_said(regional={"area": "county", "policy": "downgrade"})]
    assert "inside a regional episode" in await board()


async def test_where_no_area_has_episodes_history_is_not_asked_for_any(tmp_path: Path) -> None:
    county = REGISTER.county
    off = [
        area.model_copy(update={"regional": area.regional.model_copy(update={"policy": "off"})})
        for area in county.background
    ]
    register = replace(REGISTER, county=county.model_copy(update={"background": tuple(off)}))
    history = FakeHistory(register, ManualClock(NOW))
    history.context = [GOES_ON]
    app = create_app(over(history, tmp_path), register, ManualClock(NOW), "http://desk.test")
    assert (await app.state.desk.poller.fresh()).regional == ()
