"""What is left of a day's allowance: which intervals are too many, how surely, and what is said of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ingest.records import Headers
from processors.outlook.day_allowance import DayAllowances
from processors.outlook.warning_states import WindowStates
from processors.plan.plan import Plan
from processors.records.outlooks import (
    CERTAIN,
    IF_MEASURED,
    OUTLOOK,
    OUTLOOKS,
    QUIET,
    UNDETERMINABLE,
    WARNING,
    Outlook,
    decode_outlook,
    decode_outlooks,
    encode_outlook,
    encode_outlooks,
)
from processors.verdicts.answers import IS_COMPLIANT, IS_EXCEEDING, IS_UNDETERMINED, NONE, PENDING, Answers
from tests.logs import HOUR, MIDNIGHT, local_rule, revision

DAY = 24 * HOUR
NOON = MIDNIGHT + 12 * HOUR
LISTED = ["d1", {"id": "d2", "site": "s2"}]
RULE = local_rule(allowance=2)


def answers(*states: int) -> dict[int, Answers]:
    """Of the second device, an hour each from midnight on; the first one has no answers."""
    nothing = np.zeros(2, np.int64)
    return {
        MIDNIGHT + n * HOUR: Answers(
            MIDNIGHT + (n + 1) * HOUR, np.array([NONE, state], np.int8), nothing.astype(np.int16),
            nothing.astype(np.int16), nothing, nothing.astype(np.int32), nothing.astype(np.int16),
        )
        for n, state in enumerate(states)
    }  # fmt: skip


def watched(**states: int) -> dict[tuple[str, int], WindowStates]:
    """What was said of the second device's open hours: h3=WARNING is that from three o'clock on."""
    made = {}
    for hour, state in states.items():
        watch = WindowStates.of(2)
        watch.state[1] = state
        made["local", MIDNIGHT + int(hour[1:]) * HOUR] = watch
    return made


def look(
    held: dict[int, Answers],
    watches: dict[tuple[str, int], WindowStates] | None = None,
    ahead: DayAllowances | None = None,
    at: int = NOON,
    rule=RULE,
    backed: bool = True,
) -> list[Outlook]:
    plan = Plan.of(revision(LISTED, [rule]))
    return (ahead or DayAllowances()).look(
        plan, at, watches or {}, lambda *_: np.full(2, backed), lambda one, _: one.rows, {"local": held}
    )


def said(*states: int, **open_hours: int) -> list[str]:
    return [one.state for one in look(answers(*states), watched(**open_hours))]


X, OK, OPEN = IS_EXCEEDING, IS_COMPLIANT, PENDING


@pytest.mark.parametrize(
    ("states", "open_hours", "words"),
    [
        pytest.param((X, X), {}, [], id="as many as allowed"),
        pytest.param((X, X, X), {}, ["certain"], id="one too many"),
        pytest.param((X, X, OK, IS_UNDETERMINED), {}, [], id="a background is missing, nothing is open"),
        pytest.param((X, X), {"h2": WARNING}, ["warning"], id="the next is warned of"),
        pytest.param(
            (X, X), {"h2": IF_MEASURED}, ["exceeds_if_measuring_goes_on"], id="the next exceeds if measured"
        ),
        pytest.param((X, X), {"h2": CERTAIN}, ["certain"], id="the next is certain"),
        pytest.param((X, X), {"h2": QUIET}, [], id="the next is quiet"),
        pytest.param((X, X), {"h2": UNDETERMINABLE}, [], id="the next can't be determined"),
        pytest.param(
            (X,), {"h1": CERTAIN, "h2": WARNING}, ["warning"], id="two open: the weaker word, a warning"
        ),
        pytest.param(
            (X,),
            {"h1": CERTAIN, "h2": IF_MEASURED},
            ["exceeds_if_measuring_goes_on"],
            id="two open: the weaker word, if measured",
        ),
        pytest.param((X,), {"h1": CERTAIN, "h2": CERTAIN}, ["certain"], id="two certain"),
        pytest.param((X,), {"h2": CERTAIN}, [], id="only one certain"),
        # an hour that has its answer counts by it alone, one that waits for its background is open
        pytest.param((X, X, OK), {"h2": CERTAIN}, [], id="an answered hour is not open"),
        pytest.param((X, X, X), {"h2": CERTAIN}, ["certain"], id="lost already"),
        pytest.param((X, X, OPEN), {"h2": CERTAIN}, ["certain"], id="an hour waits for its background"),
        pytest.param((X, X, NONE), {"h2": CERTAIN}, [], id="an hour has no answer to come"),
        # only the hours of the day, from midnight to midnight
        pytest.param((X, X), {"h23": CERTAIN}, ["certain"], id="the day's last hour"),
        pytest.param((X, X), {"h24": CERTAIN}, [], id="the hour after midnight"),
        pytest.param((X, X), {"h-1": CERTAIN}, [], id="the hour before the day"),
    ],
)
def test_a_day_is_lost_from_the_first_interval_too_many_on(states, open_hours, words):
    assert said(*states, **open_hours) == words


def test_without_its_background_an_interval_is_not_certain_to_count():
    watches = watched(h2=CERTAIN)
    assert [o.state for o in look(answers(X, X), watches, backed=False)] == ["exceeds_if_measuring_goes_on"]
    assert [o.state for o in look(answers(X, X, X), watches, backed=False)] == ["certain"]


def test_watches_of_another_rule_say_nothing_of_this_one():
    other = {("other", start): watch for (_, start), watch in watched(h2=CERTAIN).items()}
    assert look(answers(X, X), other) == []


@pytest.mark.parametrize("rule", [local_rule(), local_rule(allowance=2, outlook=False)])
def test_a_rule_without_an_allowance_or_that_wants_no_word_says_nothing(rule):
    assert look(answers(X, X, X), rule=rule) == []


def test_what_is_said_of_a_day_counts_intervals():
    (one,) = look(answers(X, OK, X, IS_UNDETERMINED, X, NONE, PENDING))
    assert (one.kind, one.unit, one.limit, one.event) == ("day", "intervals", 2.0, "rose")
    assert (one.point, one.site, one.rule) == ("d2", "s2", "local")
    assert (one.start, one.end, one.at) == (MIDNIGHT, MIDNIGHT + DAY, NOON)
    # exceeded, decided, expected: neither what is pending nor what has no answer is decided
    assert (one.covered, one.settled, one.slots) == (3, 5, 24)
    assert (one.projected, one.low, one.high, one.probability, one.required) == (None,) * 5
    assert (one.minutes_left, one.background_known, one.subtracted) == (720.0, True, None)


def test_people_are_told_where_a_day_opens_a_case():
    for opens in ([], ["interval"], ["day"], ["day", "interval"]):
        (one,) = look(answers(X, X, X), rule=local_rule(allowance=2, opens=opens))
        assert one.tell is ("day" in opens)


def test_a_word_is_said_once_rises_is_taken_back_and_begins_anew_at_midnight():
    ahead = DayAllowances()
    steps = [
        ((X, X), {"h2": WARNING}, [("rose", "warning")]),
        ((X, X), {"h2": WARNING}, []),
        ((X, X), {"h2": CERTAIN}, [("rose", "certain")]),
        ((X, X, OK), {}, [("withdrawn", "quiet")]),
        ((X, X, OK, X), {}, [("rose", "certain")]),
    ]
    for states, open_hours, words in steps:
        found = look(answers(*states), watched(**open_hours), ahead)
        assert [(one.event, one.state) for one in found] == words
    assert look({}, at=MIDNIGHT + DAY, ahead=ahead) == []
    assert [start for _, start in ahead.watches] == [MIDNIGHT + DAY]


def test_under_a_new_configuration_devices_keep_their_word_and_rules_that_went_lose_it():
    ahead = DayAllowances()
    look(answers(X, X, X), ahead=ahead)
    ahead.begin(Plan.of(revision(["d2"], [RULE])), np.array([1], np.int32))
    assert {key: watch.state.tolist() for key, watch in ahead.watches.items()} == {
        ("local", MIDNIGHT): [CERTAIN]
    }
    ahead.begin(Plan.of(revision(["d2"], [local_rule(id="other")])), np.array([0], np.int32))
    assert ahead.watches == {}


def test_outlooks_come_back_from_their_records_as_they_were():
    (one,) = look(answers(X, X, X))
    other = replace(one, state="warning", at=NOON + 1, id="other")
    value, headers = encode_outlooks([one, other], NOON)
    assert decode_outlooks(value) == [one, other]
    assert schema(headers) == OUTLOOKS
    key, value, headers = encode_outlook(one)
    assert decode_outlook(value) == one
    assert schema(headers) == OUTLOOK
    assert key == encode_outlook(other)[0] == one.window_id.encode()
    assert dict(headers)["event_id"] == one.event_id.encode() != other.event_id.encode()


def schema(headers: Headers) -> str:
    return dict(headers)["schema"].decode()
