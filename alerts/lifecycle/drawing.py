"""The life cycle as a diagram and tables in Markdown, for deploy/docs/lifecycle.md."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from alerts.lifecycle.clocks import RUNS_IN, STANDS_IN
from alerts.lifecycle.fields import FIELD_HOLDERS, STATE_FIELDS
from alerts.lifecycle.guards import CONDITIONS, GUARDS
from alerts.lifecycle.matters import MATTERS
from alerts.lifecycle.placing import PLACINGS
from alerts.lifecycle.states import ARCHIVED, BACK, ENDS, OPEN_STATES, POSTPONED, ROLES, SAME, STATES, WATCHES
from alerts.lifecycle.stop_watch import PERCENTS, TimeAllowed
from alerts.lifecycle.table import BY_MOVE, STEPS, LifeStep
from alerts.lifecycle.trail import RECORD_KEYS


def diagram() -> str:
    """The steps that move a case, as a Mermaid state diagram."""
    lines = ["stateDiagram-v2"]
    for step in STEPS:
        if step.after in STATES and step.after != step.before:
            lines.append(f"    {step.before or '[*]'} --> {step.after}: {step.command}")
        elif step.after == BACK:
            backs = (row.before for rows in BY_MOVE.values() for row in rows if row.after == POSTPONED)
            lines += [f"    {step.before} --> {state}: {step.command}" for state in backs]
    return "\n".join([*dict.fromkeys(lines), f"    {ARCHIVED} --> [*]"])


def steps_table() -> str:
    """Every step; states that share one stand in one row."""
    rows = []
    for steps in _alike(STEPS):
        one = steps[0]
        asks = [*(f"**{name}**" for name in one.mandatory), *one.optional]
        rows.append(
            (
                _befores(steps),
                one.command,
                "" if one.after == SAME else one.after,
                _words(one.roles),
                one.unit,
                _words((*one.guards, *(f"*{CONDITIONS[name][1]}*" for name in one.when))),
                _words(asks),
                _words(one.tells),
                one.why,
            )
        )
    return _table(("from", "command", "to", "roles", "unit", "guards", "fields", "tells", "why"), rows)


def guards_table() -> str:
    """Every guard: what a refusal says, and the way out."""
    return _table(("guard", "refusal", "way out"), [(n, g.refusal, g.way_out) for n, g in GUARDS.items()])


def roles_table() -> str:
    """Which role may give which commands."""
    by_role = ((role, _words(dict.fromkeys(s.command for s in STEPS if role in s.roles))) for role in ROLES)
    return _table(("role", "commands"), by_role)


def fields_table() -> str:
    """Fields of commands and what carries them."""
    return _table(("field", "part of the command"), FIELD_HOLDERS.items())


def states_table() -> str:
    """What a page shows of a case in each state."""
    return _table(
        ("state", "shown, read-only"), ((state, _words(shown)) for state, shown in STATE_FIELDS.items())
    )


def matters_table() -> str:
    """The matter table."""
    rows = (
        (
            *row[:4],
            row.track,
            _words(row.evidence),
            row.verifier,
            *(_time(row.times, what) for what in WATCHES),
            str(row.rebound_days or ""),
        )
        for row in MATTERS
    )
    heads = ("kind", "level", "source", "allowance left", "track", "evidence", "verifier")
    return _table((*heads, *WATCHES, "rebound watch, days"), rows)


def watches_table() -> str:
    """In which states each stop watch runs and stands; in all others it is frozen."""
    rows = ((what, _words(RUNS_IN[what]), _words(STANDS_IN[what])) for what in WATCHES)
    shares = ", ".join(f"{percent} %" for percent in PERCENTS)
    return _table(("stop watch", "runs in", "stands in"), rows) + f"\n\nThresholds of each: {shares}."


def ends_table() -> str:
    """Ways in which a case ends."""
    return _table(("archived as", "meaning"), ENDS.items())


def placings_table() -> str:
    """Why a breach is in its case."""
    return _table(("why", "meaning"), PLACINGS.items())


def records_table() -> str:
    """Keys of a record of the trail."""
    return _table(("key", "meaning"), RECORD_KEYS.items())


def _alike(steps: Sequence[LifeStep]) -> list[list[LifeStep]]:
    groups: dict[LifeStep, list[LifeStep]] = {}
    for step in steps:
        groups.setdefault(step._replace(before=""), []).append(step)
    return list(groups.values())


def _befores(steps: Sequence[LifeStep]) -> str:
    befores = [step.before or "–" for step in steps]
    if set(befores) == set(STATES):
        return "any"
    if set(OPEN_STATES) <= set(befores):
        befores = ["any open", *(state for state in befores if state not in OPEN_STATES)]
    return _words(befores)


def _time(times: Iterable[TimeAllowed], what: str) -> str:
    return next((f"{one.amount} {one.measure}" for one in times if one.what == what), "")


def _words(names: Iterable[str]) -> str:
    return ", ".join(names)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(cell or "–" for cell in row) + " |" for row in rows]
    return "\n".join(lines).replace("| * ", r"| \* ")


# The sections of the page that are made from the code: heading -> its content.
SECTIONS: Mapping[str, Callable[[], str]] = {
    "Diagram": lambda: f"```mermaid\n{diagram()}\n```",
    "Steps": steps_table,
    "Guards": guards_table,
    "Roles": roles_table,
    "Fields of commands": fields_table,
    "What is shown": states_table,
    "Matters": matters_table,
    "Stop watches": watches_table,
    "Ends": ends_table,
    "Where a breach goes": placings_table,
    "The record of a change": records_table,
}
