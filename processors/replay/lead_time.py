"""Lead times of a replay's outlooks on exceeding windows, rule by rule. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import median_low

from processors.columns import MINUTE_MS
from processors.outlook import LeadTimes, lead_times
from processors.records import CERTAIN, IF_MEASURED, STATES, WARNING
from processors.replay.lines import Line, instant_of

_STATES = (STATES[WARNING], STATES[IF_MEASURED], STATES[CERTAIN])


def lead_times_by_rule(verdicts: Iterable[Line], outlooks: Iterable[Line]) -> dict[str, Line]:
    """Rule (`/day`: its allowance) -> lead times on its exceeding windows; input: lines written by a replay.

    `exceeding`: windows whose last verdict exceeds; of each state how many of them were in it when they
    ended (`windows`) and for how long by then (`minutes`, the median); `otherwise`: windows that had been
    called certain and did not exceed. Only rules with exceeding windows or outlooks are named.
    """
    said: dict[tuple[str, ...], list[tuple[int, str]]] = {}
    for one in outlooks:
        said.setdefault(_key(one, one["kind"]), []).append((instant_of(one["at"]), one["state"]))
    answers: dict[tuple[str, ...], Line] = {}
    for verdict in verdicts:
        if verdict["kind"] == "instant":
            continue  # there is nothing before a single value
        key = _key(verdict, "day" if verdict["kind"] == "day" else "interval")
        if key not in answers or answers[key]["revision"] < verdict["revision"]:
            answers[key] = verdict
    made: dict[str, Line] = {}
    won: dict[str, list[LeadTimes]] = {}
    for key in sorted({*said, *(k for k, v in answers.items() if v["answer"] == "exceeds")}):
        rule = key[0] if key[1] == "interval" else f"{key[0]}/day"
        line = made.setdefault(rule, {"exceeding": 0, "otherwise": 0})
        states = sorted(said.get(key, ()), key=lambda one: one[0])
        verdict = answers.get(key, {"answer": None})
        if verdict["answer"] == "exceeds":
            line["exceeding"] += 1
            won.setdefault(rule, []).append(lead_times(states, instant_of(key[4])))
        elif verdict["answer"] is not None and any(state == STATES[CERTAIN] for _, state in states):
            line["otherwise"] += 1
    for rule, line in made.items():
        for name, attribute in zip(_STATES, ("warning", "if_measured", "certain"), strict=True):
            times = [t for one in won.get(rule, ()) if (t := getattr(one, attribute)) is not None]
            minutes = median_low(times) / MINUTE_MS if times else None
            line[name] = {"windows": len(times), "minutes": minutes}
    return made


def _key(line: Line, kind: str) -> tuple[str, ...]:
    return (line["rule"], kind, line["point"], line["start"], line["end"])
