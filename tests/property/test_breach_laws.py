"""Laws of breaches: the table says what a slow and obvious account of the same log says, event for event."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from processors.breaches import Breaches, InARow, VerdictInContext
from processors.plan.rules import Rule
from processors.records.breaches import Breach
from processors.records.ids import short_id
from processors.records.verdicts import Verdict
from tests.logs import HOUR, T0, local_rule

E, C, U = "exceeds", "compliant", "undetermined"
RULE = local_rule(severity=[{"above": 200, "level": "violation"}], opens=["interval", "day"], tell_within_h=6)
OTHERS = [RULE.model_copy(update={"opens": [kind]}) for kind in ("day", "interval")]


@dataclass
class Told:
    """An episode of the account: how its breach stands, and between which intervals it lies."""

    breach: Breach
    last: int
    ended_by: int | None = None


class Account:
    """All episodes of a rule and point in the order in which they ended, searched from the first on each time."""

    def __init__(self) -> None:
        self.ended: list[Told] = []
        self.open: Told | None = None

    def take(self, context: VerdictInContext, delayed: bool) -> list[Breach]:
        verdict, rule, now, then = context.verdict, context.rule, context.verdict.answer, context.previous
        if ("day" if verdict.kind == "day" else "interval") not in rule.opens:
            return []
        if then is not None:
            opened_by_it = [one for one in self._all() if one.breach.start == verdict.start]
            if opened_by_it:
                return self._opening_again(opened_by_it[0], context, delayed)
        if now == U:
            return []
        if now == C:
            return self._complies(context)
        after = context.later_compliant
        over_before = self.open and after and after.start < self.open.breach.start
        if self.open and not over_before:
            return self._joins(self.open, context, delayed)
        if then == E or not context.in_a_row.enough:
            return []
        for one in self.ended:
            within = one.breach.start <= verdict.start <= max(one.last, one.ended_by or 0)
            if within or one.breach.id == _id(context, context.in_a_row.run_start):
                if after is None:
                    return self._begin(
                        _id(context, context.in_a_row.run_start, *_anew(verdict)), context, delayed
                    )
                one.last = max(one.last, verdict.start)
                return [_say(one.breach, verdict, "amended", tell=False)]
        stays = self.open
        made = self._begin(_id(context, context.in_a_row.run_start), context, delayed)
        self.open = stays or self.open
        return made

    def _all(self) -> list[Told]:
        return [*self.ended, *([self.open] if self.open else [])]

    def _opening_again(self, one: Told, context: VerdictInContext, delayed: bool) -> list[Breach]:
        verdict = context.verdict
        if one is not self.open and verdict.answer == E and context.previous == C:
            return self._begin(_id(context, None, *_anew(verdict)), context, delayed)
        said = [_say(one.breach, verdict, "amended", tell=False)]
        if one is self.open and verdict.answer == C and one.last == verdict.start:
            said.append(self._end(verdict))
        return said

    def _complies(self, context: VerdictInContext) -> list[Breach]:
        verdict = context.verdict
        if self.open is None or not context.in_a_row.clears or verdict.start < self.open.last:
            return []
        if context.previous == E and verdict.start != self.open.last:
            return []
        return [self._end(verdict)]

    def _joins(self, one: Told, context: VerdictInContext, delayed: bool) -> list[Breach]:
        verdict = context.verdict
        one.last = max(one.last, verdict.start)
        level, in_time = _level(verdict), _in_time(verdict)
        if (level, one.breach.level) == ("violation", "warning"):
            one.breach = replace(one.breach, level=level, tell=one.breach.tell or in_time)
            return [_say(one.breach, verdict, "amended", tell=in_time, delayed=delayed)]
        if in_time and not one.breach.tell:
            one.breach = replace(one.breach, tell=True)
            return [_say(one.breach, verdict, "amended", delayed=delayed)]
        if verdict.start < one.breach.start and context.previous != E:
            return [_say(one.breach, verdict, "amended", tell=False)]
        return []

    def _begin(self, id_: str, context: VerdictInContext, delayed: bool) -> list[Breach]:
        verdict, rule = context.verdict, context.rule
        breach = Breach(
            id=id_, event="opened", kind="exceedance", level=_level(verdict), site=verdict.site, device=verdict.point,
            rule=rule.id, rule_revision=rule.revision, title=rule.titles, clause=rule.clause, citation=rule.citation,
            status=rule.status, administrative=rule.administrative, pollutant=verdict.pollutant, unit=verdict.unit,
            at=verdict.decided_at, opened_at=verdict.decided_at, start=verdict.start, end=verdict.end,
            value=verdict.value, background=verdict.background, subtracted=verdict.subtracted, limit=verdict.limit,
            capture=verdict.capture, interval=verdict.interval, verdict=verdict.id, revision=verdict.revision,
            reasons=verdict.reasons, delayed=delayed, tell=_in_time(verdict), deadline_h=rule.deadline_h,
            configuration=verdict.configuration,
        )  # fmt: skip
        self.open = Told(breach, verdict.start)
        if context.later_compliant is None:
            return [breach]
        return [breach, self._end(context.later_compliant, at=verdict.decided_at)]

    def _end(self, verdict: Verdict, **more: Any) -> Breach:
        assert self.open is not None
        self.open.ended_by = verdict.start
        self.ended.append(self.open)
        event = _say(self.open.breach, verdict, "closed", **more)
        self.open = None
        return event


def _say(breach: Breach, verdict: Verdict, event: str, **more: Any) -> Breach:
    said = {
        "at": verdict.decided_at, "start": verdict.start, "end": verdict.end, "value": verdict.value,
        "background": verdict.background, "subtracted": verdict.subtracted, "limit": verdict.limit,
        "capture": verdict.capture, "interval": verdict.interval, "verdict": verdict.id,
        "revision": verdict.revision, "reasons": verdict.reasons, "configuration": verdict.configuration,
    }  # fmt: skip
    return replace(breach, **{**said, "event": event, **more})


def _id(context: VerdictInContext, run_start: int | None, *anew: int) -> str:
    verdict, rule = context.verdict, context.rule
    start = verdict.start if run_start is None else run_start
    return short_id("breach", rule.id, rule.revision, verdict.kind, verdict.point, start, *anew)


def _anew(verdict: Verdict) -> tuple[int, int]:
    return verdict.start, verdict.revision


def _level(verdict: Verdict) -> str:
    if verdict.kind == "day":
        return "violation"
    return "violation" if (verdict.value or 0.0) - (verdict.subtracted or 0.0) > 200 else "warning"


def _in_time(verdict: Verdict) -> bool:
    return verdict.decided_at <= verdict.end + 6 * HOUR


def _verdict(kind: str, hour: int, answer: str, **more: Any) -> Verdict:
    start = T0 + hour * HOUR
    made = Verdict(
        id=f"{kind}-{hour}", kind=kind, site="s1", point="d1", rule=RULE.id, rule_revision=RULE.revision,
        title=RULE.titles, clause="1", citation="test", status="read", pollutant="pm10", unit="ug/m3", start=start,
        end=start + HOUR, answer=answer, reasons=(), value=150.0, background=20.0, subtracted=None,
        background_ids=(), limit=100.0, capture=0.9, interval=f"i{hour}", revision=1, configuration="c1",
        decided_at=start + HOUR + 5,
    )  # fmt: skip
    return replace(made, **more)


@st.composite
def contexts(draw: st.DrawFn, kind: str, rule: Rule, said: dict[int, str]) -> VerdictInContext:
    """A verdict of one of five hours. What it supersedes is mostly, not always, what was `said` of the hour."""
    hour, answer = draw(st.integers(0, 4)), draw(st.sampled_from([E, E, C, C, U]))
    late = draw(st.sampled_from([5, 5, 99 * HOUR]))
    verdict = _verdict(
        kind,
        hour,
        answer,
        value=draw(st.sampled_from([150.0, 150.0, 250.0])),
        subtracted=draw(st.sampled_from([None, 10.0, 60.0])),
        reasons=draw(st.sampled_from([(), ("x",)])),
        revision=draw(st.integers(1, 4)),
        decided_at=T0 + (hour + 1) * HOUR + late,
    )
    later = draw(st.none() | st.integers(hour + 1, 5)) if answer == E else None
    in_a_row = InARow(
        draw(st.sampled_from([None, verdict.start, verdict.start - HOUR])),
        draw(st.sampled_from([True, True, True, False])),
        draw(st.sampled_from([True, True, True, False])),
    )
    compliant = None if later is None else _verdict(kind, later, C, value=40.0)
    previous = draw(st.sampled_from([said.get(hour)] * 3 + [None, E, C, U]))
    said[hour] = answer
    return VerdictInContext(verdict, rule, previous, compliant, in_a_row)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_the_table_says_what_a_slow_and_obvious_account_says(data: st.DataObject):
    kind = data.draw(st.sampled_from(["interval", "day", "instant"]))
    rule = data.draw(st.sampled_from([*[RULE] * 4, *OTHERS]))
    breaches, account, said = Breaches(), Account(), dict[int, str]()
    for _ in range(data.draw(st.integers(1, 12))):
        context, delayed = data.draw(contexts(kind, rule, said)), data.draw(st.booleans())
        assert breaches.judged(context, delayed) == account.take(context, delayed)
        kept = breaches.open.get((rule.id, kind, "d1"))
        assert (kept and (kept.opened, kept.last)) == (
            account.open and (account.open.breach, account.open.last)
        )
