"""Sources of the past that a backtest judges: recordings or stored history."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ingest.recording import Recorded
from ingest.records import Revision
from ingest.register import Register
from processors.history import BREACH_EVENT, History, RulingRow, breach_of, context_row, ruling_row
from processors.replay.backtest import (
    AFTER_MS,
    Backtest,
    ComparedVerdict,
    JudgedSpan,
    VerdictKey,
    is_exceedance_within,
)
from processors.replay.feed import feed_of
from processors.replay.log_from_history import log_from
from processors.replay.result import Replayed
from processors.replay.unreproducible import by_history, silent_before


def judge_recordings(
    backtest: Backtest,
    messages: Callable[[], Iterable[Recorded]],
    register: Register,
    revision: Revision,
) -> None:
    """Fold recorded messages under both sets of rules; they are read twice. Raises RecordingError."""
    last = max((message.received_at for message in messages()), default=backtest.start)
    until = min(last, backtest.end) + AFTER_MS
    for record in feed_of(messages(), register, revision, until, Replayed()):
        backtest.fold(record)
    backtest.finish()


def judge_history(backtest: Backtest, history: History, revision: Revision) -> dict[VerdictKey, str]:
    """Fold history under the other rules, and return the verdicts that can't be reproduced, with the reasons.

    The live results are taken from history too. Raises HistoryUnusable.
    """
    backtest.live, rulings = judged_before(history, backtest.start, backtest.end)
    for record in log_from(history, revision, backtest.log_start, backtest.log_end):
        backtest.fold(record, live=False)
    backtest.finish()
    return {**silent_before(backtest), **by_history(history, rulings, revision)}


def judged_before(history: History, start: int, end: int) -> tuple[JudgedSpan, dict[VerdictKey, RulingRow]]:
    """Live results of [start, end] in history, and the row of each verdict. Raises HistoryUnusable."""
    found = JudgedSpan()
    latest: dict[VerdictKey, RulingRow] = {}
    for row in map(ruling_row, history.rows("rulings", {}, start, end)):
        key = VerdictKey(row.kind, row.rule, row.device, row.start, row.end)
        if row.end <= end and (key not in latest or latest[key].revision < row.revision):
            latest[key] = row
            reasons = tuple(sorted(row.reasons))
            found.verdicts[key] = ComparedVerdict(row.answer, row.value, row.background, reasons)
    for line in history.rows("context", {"kind": BREACH_EVENT}, start):
        event = breach_of(context_row(line))
        if event.event == "opened" and is_exceedance_within(event, start, end):
            found.opened[event.rule, event.device, event.start] = event
    return found, latest
