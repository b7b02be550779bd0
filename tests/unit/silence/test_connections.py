"""Words of the status topics in the fold: evidence on a silence; they open, close and shorten nothing."""

from __future__ import annotations

import pytest

from ingest.records import FeedRecord, Status
from processors.fold.detector import Detector
from tests.logs import MINUTE, T0, Run, minutes, revision, ticking

END = T0 + 40 * MINUTE


def word(minute: float, state: str, retained: bool = False, device: str = "d1") -> Status:
    return Status(T0 + round(minute * MINUTE), device, "s1", state, retained)


def log(*words: Status, last: int = 10, again: int | None = None) -> list[FeedRecord]:
    """A device that speaks until minute `last`, and maybe again from `again` on."""
    rows = minutes(T0, T0 + last * MINUTE, 1)
    rows += [] if again is None else minutes(T0 + again * MINUTE, END, 1)
    return [revision(), *ticking(rows, END, others=words)]


def heard(run: Run) -> list[tuple[str, float, tuple[str, ...], bool]]:
    return [(b.event, (b.at - T0) // MINUTE, b.reasons, b.tell) for b in run.breaches if b.kind == "offline"]


def test_a_last_will_is_evidence_on_the_breach_and_opens_it_no_sooner():
    assert heard(Run(*log(word(10.5, "offline")))) == [("opened", 24, ("device_silent", "last_will"), True)]


def test_a_last_will_that_comes_later_is_added_and_wakes_nobody():
    run = Run(*log(word(30, "offline")))
    assert heard(run) == [
        ("opened", 24, ("device_silent",), True),
        ("amended", 30, ("device_silent", "last_will"), False),
    ]
    assert run.breaches[0].event_id != run.breaches[1].event_id
    assert run.breaches[0].id == run.breaches[1].id


def test_online_without_readings_does_not_end_a_silence():
    run = Run(*log(word(10.5, "offline"), word(30, "online")))
    assert heard(run) == [
        ("opened", 24, ("device_silent", "last_will"), True),
        ("amended", 30, ("device_silent", "last_will", "status_online"), False),
    ]
    assert ("offline", "offline", "d1") in run.detector.breaches.open


def test_a_device_that_says_online_and_sends_nothing_is_silent_all_the_same():
    run = Run(*log(word(0, "online"), last=0))
    assert heard(run) == [("opened", 15, ("never_seen", "status_online"), True)]


def test_a_word_that_is_taken_back_is_no_evidence():
    assert heard(Run(*log(word(0, "online"), word(5, "")))) == [("opened", 24, ("device_silent",), True)]


def test_readings_after_a_last_will_make_it_old():
    run = Run(*log(word(5, "offline")))
    assert heard(run) == [("opened", 24, ("device_silent",), True)]


def test_a_second_cut_after_readings_is_news_again():
    run = Run(*log(word(5, "offline"), word(10.5, "offline")))
    assert heard(run) == [("opened", 24, ("device_silent", "last_will"), True)]


def test_a_word_from_before_the_last_reading_that_comes_late_says_nothing():
    late = word(20, "offline")
    records = [*log(), Status(T0 + 3 * MINUTE, "d1", "s1", late.state, False)]
    assert heard(Run(*records)) == heard(Run(*log()))


@pytest.mark.parametrize("state", ["online", "offline"])
@pytest.mark.parametrize("minute", [5, 12, 30])
def test_what_the_broker_had_kept_changes_nothing_where_something_is_known(state: str, minute: int):
    for known in ([], [word(10.5, "offline")], [word(1, "online")]):
        assert heard(Run(*log(*known, word(minute, state, retained=True)))) == heard(Run(*log(*known)))


def test_what_the_broker_had_kept_of_a_device_that_was_never_heard_is_evidence_once():
    words = [word(minute, "offline", retained=True) for minute in (1, 2, 20)]
    assert heard(Run(*log(*words, last=0))) == [("opened", 15, ("last_will", "never_seen"), True)]


def test_the_same_word_from_several_bridges_counts_once():
    words = [word(30 + n / 10, "offline") for n in range(4)]
    assert heard(Run(*log(*words))) == heard(Run(*log(words[0])))


def test_a_word_of_a_device_that_is_not_configured_is_counted_and_no_more():
    run = Run(*log(word(5, "offline", device="stranger")))
    assert [note.kind for out in run.outputs for note in out.notes] == ["status_of_nobody"]
    assert heard(run) == heard(Run(*log()))


def test_the_breach_closes_with_the_first_reading_whatever_was_said():
    run = Run(*log(word(10.5, "offline"), word(29, "online"), again=30))
    assert heard(run)[-1] == ("closed", 30, ("device_returned",), True)


def test_a_restart_between_any_two_records_changes_nothing():
    words = (word(1, "online"), word(10.5, "offline"), word(26, "offline", retained=True), word(30, "online"))
    records = log(*words, again=35)
    through, restarted = Run(*records), Run()
    for record in records:
        restarted.fold(record)
        restarted.detector = Detector.load(restarted.detector.dump())
    assert restarted.breaches == through.breaches
    assert restarted.detector.dump() == through.detector.dump()
