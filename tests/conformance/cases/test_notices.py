"""Notices of alerts in every store: one for each working site, told once, ended with the alert."""

from __future__ import annotations

import threading

from alerts.casework.emergency import AlertOrder, NoticePlan, alert_orders, shipped_emergency
from alerts.lifecycle import Actor, LifeCommand
from alerts.store import CaseStore
from alerts.store.life_store import LifeAction, salted
from ingest.records import Signal
from tests.fakes.alerts import HOUR, NIGHT, planner

PLAN = planner()
NOTICES = NoticePlan(PLAN.life, shipped_emergency())
ORANGE = AlertOrder("o-1", "county", "orange", NIGHT, None, "示范县〔2026〕7号")
ENDED = ORANGE._replace(end=NIGHT + 5 * HOUR)


def _follow(store: CaseStore, *orders: AlertOrder, at: int = NIGHT + 60_000) -> tuple[int, int]:
    return store.notices.follow(orders, NOTICES, at)


def _rows(store: CaseStore):
    return store.notices.notices(NIGHT, None)


def _sign(store: CaseStore, id: str, site: str) -> None:
    version = store.life.file(id).kept.life.version
    actor = Actor("site", f"site:{site}", salted("a-1 项目经理"))
    command = LifeCommand("sign", NIGHT + HOUR, version, actor)
    assert store.life.act(id, LifeAction(command, "a-1", "项目经理"), PLAN.life.facts()).accepted


def _told(store: CaseStore, at: int) -> list[tuple[str, str]]:
    store.life.tell(PLAN.steps, store.tellings, at)
    return [(one.telling.step, one.telling.recipient.id) for one in store.tellings.states()]


def test_an_alert_is_one_notice_for_each_working_site_however_often_it_is_looked_at(store: CaseStore) -> None:
    assert _follow(store, ORANGE) == (2, 0)
    assert _follow(store, ORANGE, at=NIGHT + HOUR) == (0, 0)
    first, second = _rows(store)
    life = first.kept.life
    assert (life.site, second.kept.life.site) == ("site-1", "site-2")
    assert (life.track, life.state, life.level, life.source) == ("sign", "assigned", "orange", "above")
    assert first.kept.title["zh"].startswith("重污染天气橙色预警：停止土石方作业")
    opened = store.life.file(life.id).trail[0]
    assert "no_mixing" in opened.values["measures"]
    assert opened.refs["document"] == "示范县〔2026〕7号"
    assert {one.urgent for one in _told_states(store)} == {True}


def _told_states(store: CaseStore):
    store.life.tell(PLAN.steps, store.tellings, NIGHT + HOUR)
    return [one.telling for one in store.tellings.states()]


def test_looked_at_by_four_at_once_it_is_one_notice_a_site(store: CaseStore) -> None:
    found = []
    threads = [threading.Thread(target=lambda: found.append(_follow(store, ORANGE))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(opened for opened, _ in found) == 2
    assert len(found) == 4
    assert len(_rows(store)) == 2


def test_who_has_not_signed_is_seen_and_the_end_of_the_alert_ends_all_and_is_told_once(
    store: CaseStore,
) -> None:
    _follow(store, ORANGE)
    first, second = _rows(store)
    _sign(store, first.kept.life.id, "site-1")
    assert [(row.kept.life.site, row.signed) for row in _rows(store)] == [("site-1", True), ("site-2", False)]
    end = NIGHT + 6 * HOUR
    assert _follow(store, ENDED, at=end) == (0, 2)
    assert _follow(store, ENDED, at=end + HOUR) == (0, 0)
    for row in _rows(store):
        assert (row.kept.life.state, row.kept.life.archived_as) == ("archived", "alert_lifted")
    told = _told(store, end + HOUR)
    assert told == _told(store, end + 2 * HOUR)
    assert sorted(whom for step, whom in told if step == "lift").count("site:site-2/项目经理") == 1
    states = [store.life.file(row.kept.life.id).findings[0].state for row in (first, second)]
    assert states == ["closed", "recovered"]


def test_an_order_that_nobody_knows_of_any_more_ends_nothing(store: CaseStore) -> None:
    _follow(store, ORANGE)
    assert _follow(store, at=NIGHT + 6 * HOUR) == (0, 0)
    assert _follow(store, ORANGE._replace(id="o-2", place="site-1"), at=NIGHT + 6 * HOUR) == (1, 0)
    assert {row.kept.life.state for row in _rows(store)} == {"assigned"}


def test_an_alert_that_is_raised_is_signed_for_anew(store: CaseStore) -> None:
    _follow(store, ORANGE)
    assert _follow(store, ORANGE._replace(level="red"), at=NIGHT + HOUR) == (2, 2)
    assert [row.level for row in _rows(store) if row.lifted_at is None] == ["red", "red"]


def test_an_alert_of_one_township_or_not_begun_yet_concerns_no_other_site(store: CaseStore) -> None:
    assert _follow(store, ORANGE._replace(place="town-west")) == (0, 0)
    assert _follow(store, ORANGE._replace(start=NIGHT + HOUR)) == (0, 0)
    assert _follow(store, ORANGE._replace(place="site-2", level="大风")) == (1, 0)
    (row,) = _rows(store)
    assert row.level == "wind"


def test_orders_stand_as_their_newest_version_says() -> None:
    def signal(id: str, received: int, level: str, start: int, end: int | None, document: str | None = None):
        return Signal(id, received, "county", "alert", level, start, end, document=document)

    found = alert_orders(
        [
            signal("a", NIGHT, "yellow", NIGHT, None, "7号"),
            signal("a", NIGHT + HOUR, "orange", NIGHT + HOUR, NIGHT + 5 * HOUR),
            signal("b", NIGHT, "red", NIGHT, NIGHT + HOUR),
        ]
    )
    assert found == (
        AlertOrder("a", "county", "orange", NIGHT, NIGHT + 5 * HOUR, "7号"),
        AlertOrder("b", "county", "red", NIGHT, NIGHT + HOUR, ""),
    )
