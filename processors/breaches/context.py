"""Verdicts in context: a verdict with the neighbouring verdicts that decide whether it leads to a breach."""

from __future__ import annotations

from typing import NamedTuple

from processors.plan import Rule
from processors.records import Verdict


class InARow(NamedTuple):
    """Position of an answer in the run of intervals around it."""

    run_start: int | None = None  # exceeds: where the run of exceeding intervals began; None: with this one
    enough: bool = True  # exceeds: the run is as long as the rule asks
    clears: bool = True  # compliant: for as long and as clearly as the rule asks


ALONE = InARow()


class VerdictInContext(NamedTuple):
    """A verdict, its rule, and what is known of the verdicts before and after it."""

    verdict: Verdict
    rule: Rule
    previous: str | None = None  # the answer it supersedes
    later_compliant: Verdict | None = None  # the next one that ends an episode, where it is known already
    in_a_row: InARow = ALONE
    late: bool = False  # found by what came late: recorded, nobody is woken
