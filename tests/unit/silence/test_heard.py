"""Who was heard and who is silent for too long, also after we were deaf ourselves."""

from __future__ import annotations

import numpy as np

from processors.columns import NEVER
from processors.silence.heard import Heard
from processors.silence.own_outage import GRACE_MS, Outage

MINUTE = 60_000
AFTER = np.array([15 * MINUTE, 15 * MINUTE, 60 * MINUTE], np.int64)
INTERVAL = np.array([MINUTE, MINUTE, 20 * MINUTE], np.int64)
QUIET = Outage()


def _heard(silence: Heard, *found: tuple[int, int, int]) -> list[int]:
    rows, at, sent = zip(*found, strict=True)
    return silence.heard(np.array(rows, np.int32), np.array(at, np.int64), np.array(sent, np.uint8))


def _next(silence: Heard, outage: Outage = QUIET) -> int | None:
    return silence.next_due(AFTER, INTERVAL, outage)


def _fall(silence: Heard, until: int, outage: Outage = QUIET) -> list[int]:
    return silence.fall_silent(until, AFTER, INTERVAL, outage)


def test_nothing_is_known_of_new_devices_but_when_they_were_named():
    silence = Heard.of(3, 7)
    assert silence.never(np.array([0, 2], np.int32)).tolist() == [True, True]
    assert silence.due(AFTER, INTERVAL, QUIET).tolist() == [7 + 15 * MINUTE, 7 + 15 * MINUTE, 7 + 60 * MINUTE]
    assert (silence.sent.tolist(), silence.offline.tolist()) == ([0, 0, 0], [False] * 3)


def test_the_latest_receipt_counts_in_any_order_and_what_was_sent_adds_up():
    silence = Heard.of(3, 0)
    assert _heard(silence, (1, 500, 0b01), (1, 300, 0b10), (0, 100, 0b01)) == []
    assert silence.last_seen.tolist() == [100, 500, NEVER]
    rows = np.arange(3, dtype=np.int32)
    assert silence.has_sent(rows, 0).tolist() == [True, True, False]
    assert silence.has_sent(rows, 1).tolist() == [False, True, False]
    assert silence.never(rows).tolist() == [False, False, True]


def test_a_device_falls_silent_at_its_due_instant_and_only_once():
    silence = Heard.of(3, 0)
    _heard(silence, (0, MINUTE, 1))
    assert _next(silence) == 15 * MINUTE
    assert _fall(silence, 15 * MINUTE - 1) == []
    assert _fall(silence, 15 * MINUTE) == [1]
    assert silence.offline.tolist() == [False, True, False]
    assert _next(silence) == 16 * MINUTE
    assert _fall(silence, 60 * MINUTE) == [0, 2]
    assert _next(silence) is None
    assert _fall(silence, 600 * MINUTE) == []


def test_who_is_heard_again_is_told_once_at_its_first_reading():
    silence = Heard.of(3, 0)
    _fall(silence, 60 * MINUTE)
    found = _heard(
        silence, (1, 61 * MINUTE, 1), (0, 62 * MINUTE, 1), (1, 63 * MINUTE, 1), (0, 62 * MINUTE, 1)
    )
    assert found == [0, 1]
    assert silence.offline.tolist() == [False, False, True]
    assert _heard(silence, (1, 64 * MINUTE, 1)) == []
    assert _next(silence) == 62 * MINUTE + 15 * MINUTE


def test_after_an_outage_everybody_who_was_not_heard_has_time_to_speak():
    silence = Heard.of(3, 0)
    gap_end = 100 * MINUTE
    outage = Outage(gap_end, 1000, MINUTE, gap_end, gap_end + GRACE_MS)
    _heard(silence, (1, gap_end, 1))
    # two intervals of the third are longer than the grace
    assert silence.due(AFTER, INTERVAL, outage).tolist() == [
        gap_end + GRACE_MS, gap_end + 15 * MINUTE, gap_end + 40 * MINUTE,
    ]  # fmt: skip
    assert _next(silence, outage) == gap_end + GRACE_MS
    assert silence.excused
    # hearing somebody else may end the excuse of the earliest: it is computed anew
    _heard(silence, (0, gap_end + MINUTE, 1))
    assert silence.bound is None
    assert _next(silence, outage) == gap_end + 15 * MINUTE


def test_an_outage_shortens_nobody_s_time():
    silence = Heard.of(1, 0)
    outage = Outage(20_000, 1000, 0, 10_000, 10_000 + GRACE_MS)
    assert silence.due(AFTER[:1], INTERVAL[:1], outage).tolist() == [15 * MINUTE]
    silence.next_due(AFTER[:1], INTERVAL[:1], outage)
    assert not silence.excused


def test_the_bound_stays_while_nobody_is_excused():
    silence = Heard.of(3, 0)
    assert _next(silence) == 15 * MINUTE
    assert silence.excused is False
    _heard(silence, (0, MINUTE, 1), (1, MINUTE, 1))
    assert silence.bound == 15 * MINUTE  # it is a bound: looked at again when it has come


def test_without_devices_nothing_is_due():
    none = np.zeros(0, np.int64)
    assert Heard.of(0, 0).next_due(none, none, QUIET) is None
