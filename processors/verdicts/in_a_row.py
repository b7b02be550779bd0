"""Runs of intervals: when a breach may open (repeat count) and when it is over (hysteresis). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from processors.breaches import InARow
from processors.plan import RuleInForce
from processors.verdicts.answers import IS_COMPLIANT, IS_EXCEEDING, Answers, RuleInterval

Earlier = Sequence[tuple[int, Answers]]  # (start, answers) of the intervals before, the last one first
Later = Sequence[tuple[int, Answers]]  # of those after, where they have their answers already


def place_in_run(interval: RuleInterval, row: int, earlier: Earlier, later: Later = ()) -> InARow:
    """Place of a point's answer in the run of intervals around it."""
    rule, start, answers = interval
    if answers.state[row] == IS_EXCEEDING:
        first, count = start, 1
        for begin, other in earlier:
            if other.state[row] != IS_EXCEEDING:
                break
            first, count = begin, count + 1
        expected = start
        for begin, other in later:  # a late reading may have closed the hole in a run
            expected += rule.track.step
            if begin != expected or other.state[row] != IS_EXCEEDING:
                break
            count += 1
        return InARow(first, count >= rule.rule.repeat, False)
    if answers.state[row] != IS_COMPLIANT or not _is_clear(rule, answers, row):
        return InARow(None, False, False)
    first = start
    for begin, other in earlier:
        if (
            answers.end - first >= rule.clear_ms
            or other.state[row] != IS_COMPLIANT
            or not _is_clear(rule, other, row)
        ):
            break
        first = begin
    return InARow(None, False, answers.end - first >= rule.clear_ms)


def _is_clear(rule: RuleInForce, answers: Answers, row: int) -> bool:
    """True if the mean is at or below the level that lets an episode end, or there is no such level."""
    if rule.clear_level is None:
        return True
    return int(answers.total[row]) <= rule.clear_level * int(answers.covered[row])
