"""Which revision is in force, which wait: as the fold adopts them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deploy.county.revisions import prepared, standing, story
from ingest.records import Revision
from processors.fold.detector import Detector
from processors.plan.body import make_revision
from tests.logs import T0, local_rule, revision, tick

DAY = 86_400_000


def of(limit: int, at: int, effective: int | None = None) -> Revision:
    return revision(rules=[local_rule(limit=limit)], at=at, effective=effective)


def test_a_revision_from_next_month_waits_and_then_is_in_force() -> None:
    now, later = of(100, T0), of(80, T0 + 1, T0 + 30 * DAY)
    known = standing([now, later], T0 + DAY)
    assert (known.in_force, known.waiting) == (now, [later])
    assert [state for _, state in known.states] == ["in force", "waiting"]
    assert known.at(T0 + 31 * DAY) == later
    assert standing([now, later], T0 + 30 * DAY).in_force == later


def test_a_later_word_cancels_what_was_planned_after_it() -> None:
    log = [of(100, T0), of(80, T0 + 1, T0 + 30 * DAY), of(90, T0 + 2)]
    assert [state for _, state in standing(log, T0 + DAY).states] == ["replaced", "cancelled", "in force"]


def test_a_repeated_revision_is_known_as_the_same_and_keeps_who_applied_it() -> None:
    first = prepared(of(100, T0), standing([], T0), "li", "first")
    again = prepared(of(100, T0 + DAY), standing([first], T0 + DAY), "wang", "again")
    assert again.id == first.id
    assert again.applied == first.applied
    assert (again.received_at, again.effective) == (T0 + DAY, first.effective)
    assert len(standing([first, again], T0 + DAY).states) == 1


def test_who_and_when_change_neither_the_id_nor_what_is_hashed() -> None:
    plain = of(100, T0)
    assert (
        prepared(plain, standing([], T0), "li", "why").id == plain.id == make_revision(plain.body, T0 + 5).id
    )


def test_a_revision_keeps_who_when_why_and_what_it_changes() -> None:
    first = prepared(of(100, T0), standing([], T0), "li", "first")
    second = prepared(of(80, T0 + 1), standing([first], T0 + 1), "wang", "winter")
    assert second.applied["before"] == first.id
    assert second.applied["difference"] == ["~ rule local: limit 100 -> 80"]
    told = story(second, "in force")
    assert "by wang: winter" in told[0]
    assert told[1] == "    ~ rule local: limit 100 -> 80"


def test_a_revision_is_compared_with_what_will_be_in_force_when_it_comes_into_force() -> None:
    first = of(100, T0)
    planned = of(80, T0 + 1, T0 + 30 * DAY)
    made = prepared(of(70, T0 + 2, T0 + 60 * DAY), standing([first, planned], T0 + 2), "li", "")
    assert made.applied["difference"] == ["~ rule local: limit 80 -> 70"]


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(1, 5), st.sampled_from([0, 0, 3, 10, 40])),
        min_size=1,
        max_size=8,
    )
)
def test_what_is_in_force_and_waits_is_what_the_fold_holds(steps: list[tuple[int, int, int]]) -> None:
    detector, log, at = Detector.empty(), [], T0
    for limit, after, ahead in steps:
        at += after * 1000
        record = of(50 + limit, at, at + ahead * 1000)
        log.append(record)
        detector.fold(record)
        detector.fold(tick(at + 500))
        known = standing(log, at + 500)
        assert known.in_force is not None or detector.revision is None
        assert (known.in_force.id if known.in_force else None) == (
            detector.revision.id if detector.revision else None
        )
        assert [one.id for one in known.waiting] == [one.id for one in detector.configuration.waiting]
