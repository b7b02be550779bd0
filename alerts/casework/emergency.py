"""Measures of an alert by its level, as data; which orders are in force, and which sites they concern. Pure.

The list that ships is `emergency.yaml` beside this module; a county's own takes its place. An alert is an
order of people (`dustwatch signal alert`), which history keeps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from alerts.casework.checklist import (
    Checklist,
    ListedWord,
    load_checklist,
    shipped_checklist,
    word_in,
)
from alerts.casework.life_planner import LifePlanner
from alerts.casework.problems import OpeningProblem
from alerts.casework.traits import place_traits
from alerts.kinds import ALERT
from alerts.lifecycle import Actor, LifeCommand
from alerts.lifecycle.fields import DOCUMENT
from alerts.lifecycle.states import FROM_ABOVE, MACHINE
from alerts.lifecycle.trail import Plain
from ingest.records import Signal
from ingest.register import Register
from ingest.strict_yaml import ConfigError, load
from processors.plan import Orders, plain_states, state_at
from processors.records import short_id

EMERGENCY_FILE = "emergency.yaml"
_OURS = Path(__file__).with_name(EMERGENCY_FILE)
_WORKING = "working"
_EVERYWHERE = ("county", "*")
_Text = Annotated[str, Field(min_length=1, max_length=60)]


class AlertLevel(BaseModel):
    """A level with its names and the measures that a site takes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    level: _Text
    zh: _Text
    en: _Text
    also: tuple[_Text, ...] = ()
    measures: tuple[ListedWord, ...] = Field(min_length=1, max_length=20)


class EmergencyForm(BaseModel):
    """The form of `emergency.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    source: str = Field(min_length=1, max_length=300)
    status: Literal["read", "reported", "recalled", "unconfirmed"]
    levels: tuple[AlertLevel, ...] = Field(min_length=1, max_length=12)

    def of(self, level: str) -> AlertLevel | None:
        """The level that an order names, by its word or another one for it; None: the list has none."""
        wanted = level.strip().lower()
        return next((one for one in self.levels if wanted in _words_of(one)), None)

    def names(self, ids: Iterable[str], language: str) -> tuple[str, ...]:
        """Names of measures; what the list no longer has is named by its id."""
        known = {word.id: word for level in self.levels for word in level.measures}
        return tuple(word_in(known.get(id), id, language) for id in ids)


@cache
def shipped_emergency() -> EmergencyForm:
    """The list that ships. Raises ConfigError."""
    return _loaded(_OURS, f"casework/{EMERGENCY_FILE}")


def load_emergency(folder: Path) -> EmergencyForm:
    """The county's own list, or the one that ships where its folder has none. Raises ConfigError."""
    own = folder / EMERGENCY_FILE
    return _loaded(own, EMERGENCY_FILE) if own.exists() else shipped_emergency()


CasesLists = tuple[Checklist, EmergencyForm]


def shipped_lists() -> CasesLists:
    """Both lists that ship."""
    return shipped_checklist(), shipped_emergency()


def load_lists(folder: Path) -> CasesLists:
    """Both lists of a county. Raises ConfigError."""
    return load_checklist(folder), load_emergency(folder)


class AlertOrder(NamedTuple):
    """An alert as it stands now; `end` None: until further notice; instants ms UTC."""

    id: str
    place: str
    level: str
    start: int
    end: int | None
    document: str

    @property
    def key(self) -> str:
        """Order and level: an alert that is raised asks for other measures, and is signed for anew."""
        return f"{self.id}/{self.level}"

    def holds(self, at: int) -> bool:
        """True while it is in force."""
        return self.start <= at and (self.end is None or at < self.end)


def alert_orders(signals: Iterable[Signal]) -> tuple[AlertOrder, ...]:
    """The alerts of these signals, each as its newest version says, by beginning and id."""
    orders, documents = Orders(), {}
    for signal in sorted(signals, key=lambda one: (one.received_at, one.id)):
        orders.add(signal)
        if signal.document:
            documents[signal.id] = signal.document
    found = [
        AlertOrder(one.id, one.place, one.level, one.start, one.end, documents.get(one.id, ""))
        for one in orders.held
        if one.kind == "alert" and one.level
    ]
    return tuple(sorted(found, key=lambda one: (one.start, one.id)))


def sites_concerned(order: AlertOrder, register: Register, at: int) -> tuple[str, ...]:
    """Sites of the order's place that work at `at`."""
    zone = register.county.zone
    found = []
    for site in register.sites.values():
        working = state_at({"states": plain_states(site.states, zone)}, at) == _WORKING
        if working and order.place in (site.id, site.township, *_EVERYWHERE):
            found.append(site.id)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class NoticePlan:
    """What one configuration makes of alerts."""

    planner: LifePlanner
    emergency: EmergencyForm

    @property
    def register(self) -> Register:
        """The county's register."""
        return self.planner.register

    def opening(self, order: AlertOrder, site: str, day: str, at: int) -> OpeningProblem:
        """What opens the notice for a site."""
        level = self.emergency.of(order.level)
        answering = self.planner.responsible(site, ALERT, at)
        values: dict[str, Plain] = {
            "case": short_id("alert", order.key, site),
            "site": site,
            "kind": ALERT,
            "day": day,
            "source": FROM_ABOVE,
            "level": level.level if level else order.level,
            "unit": answering.unit,
            "order": order.id,
        }
        if level is not None:
            values["measures"] = tuple(word.id for word in level.measures)
        refs: dict[str, Plain] = {DOCUMENT: order.document} if order.document else {}
        command = LifeCommand("open", at, 0, Actor(MACHINE), values, {}, refs, answering.lines)
        return OpeningProblem(command, _title(order, level), place_traits(self.register, site, []))


def _title(order: AlertOrder, level: AlertLevel | None) -> dict[str, str]:
    if level is None:
        return {"zh": f"预警（{order.level}）", "en": f"alert ({order.level})"}
    zh, en = ([getattr(word, language) for word in level.measures] for language in ("zh", "en"))
    return {"zh": f"{level.zh}：{'、'.join(zh)}", "en": f"{level.en}: {', '.join(en)}"}


def _words_of(level: AlertLevel) -> set[str]:
    return {word.lower() for word in (level.level, level.zh, level.en, *level.also)}


def _loaded(path: Path, name: str) -> EmergencyForm:
    loaded = load(path, TypeAdapter(EmergencyForm), name=name)
    form, seen = loaded.needed(), set[str]()
    for at, level in enumerate(form.levels):
        if again := seen & _words_of(level):
            words = f"another level is called `{sorted(again)[0]}` already; give each its own words"
            raise ConfigError([loaded.document.problem(("levels", at, "level"), words)])
        seen |= _words_of(level)
    return form
