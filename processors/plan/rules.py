"""Rules as data: a limit with its window, background, selectors, citation and mark; packs and local ones.

Packs are the files of `processors/standards/`; the `rules.yaml` of a configuration names those in force
and adds local rules. No limit is written in code.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    TypeAdapter,
    model_serializer,
    model_validator,
)

from ingest.strict_yaml import ConfigError, Document, Loc, Problem, did_you_mean, load
from processors.columns import SECOND_MS
from processors.plan.background_term import BackgroundTerm
from processors.quality import CHECKS, REFUSED_CHECKS
from processors.windows import LATENESS_MS

STANDARDS = Path(__file__).parent.parent / "standards"
RULES_FILE = "rules.yaml"
Answerable = Literal["interval", "day"]
Ordered = Literal["permit", "shutdown", "maintenance"]
Check = Literal[CHECKS]  # type: ignore[valid-type]
Level = Literal["notice", "warning", "violation"]
LEVELS: tuple[str, ...] = get_args(Level)  # rising
LONGEST_OF_READINGS_S = 3600  # longer windows are made of clock hours
GREATEST_LIMIT = 100_000  # ug/m3; sums of 3600 slots stay exact far above it
_HOURS = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)")


def _hours(text: str) -> str:
    if not _HOURS.fullmatch(text):
        raise ValueError(f'`{text}` are no hours of the day; write for example "22:00-06:00"')
    return text


Hours = Annotated[str, AfterValidator(_hours), Field(json_schema_extra={"pattern": f"^{_HOURS.pattern}$"})]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Title(_Data):
    """What a rule is called, in the languages of the desk."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Clear(_Data):
    """When an episode is over (hysteresis): every interval of so long a time at or below a level."""

    level: float | None = Field(default=None, ge=0)  # None: compliant is enough
    minutes: int = Field(default=0, ge=0, le=24 * 60)  # 0: one interval


class Severity(_Data):
    """A level of its own for values above a mark."""

    above: float = Field(ge=0)
    level: Level


NO_MEASUREMENT = REFUSED_CHECKS  # what fails one of these is no measurement: the default of `refuses`


class Rule(_Data):
    """One limit of one clause."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    title: Title
    citation: str = Field(min_length=1)
    clause: str = Field(min_length=1)
    status: Literal["read", "reported", "recalled"]
    valid_from: date | None = None
    valid_to: date | None = None  # the last day on which it holds
    pollutant: Literal["pm10", "pm2_5", "tsp"]
    unit: Literal["ug/m3", "mg/m3"] = "ug/m3"
    # seconds; 0: every single value; 86400 by the clock: the calendar day
    window: Literal[0, 60, 300, 900, 3600, 28_800, 86_400]
    alignment: Literal["clock", "rolling"] = "clock"
    step: int | None = Field(default=None, ge=60)  # seconds between the ends of rolling windows
    statistic: Literal["mean", "max", "percentile", "count"] = "mean"  # over the means of slots (of hours)
    percentile: float | None = Field(default=None, gt=0, le=100)  # nearest rank
    above: float | None = Field(default=None, ge=0)  # statistic count: of slots whose mean is above this
    limit: float = Field(ge=0, le=GREATEST_LIMIT)
    strict: bool = True  # True: the limit itself complies
    background: BackgroundTerm | None = None
    sites: list[str] = []  # their ids; empty: any
    zones: list[str] = []  # of the site; empty: any
    stages: list[str] = []
    kinds: list[str] = []
    hours: list[Hours] = []  # local hours of day at which a window begins, "22:00-06:00"; empty: any
    alert_levels: list[str] = []  # in force only while such a heavy-pollution alert is
    unless_alert_levels: list[str] = []  # not in force while such an alert is
    during: list[Ordered] = []  # in force only while such an order is, at the site or around it
    unless: list[Ordered] = []  # not in force while such an order is: a night permit, a shutdown
    allowance: int | None = Field(default=None, ge=0)  # exceeding intervals that a day may have
    least_capture: float = Field(default=0.75, gt=0, le=1)
    lateness_s: int = Field(default=LATENESS_MS // SECOND_MS, ge=0, le=7200)
    refuses: list[Check] = list(NO_MEASUREMENT)  # a value that fails one of these checks enters no mean
    refuses_suspect: list[Check] = []  # nor one that one of these calls suspect
    level: Level = "warning"  # of an exceeding interval
    severity: list[Severity] = []  # higher levels for higher values of an interval
    day_level: Level = "violation"  # of an exceeding day
    outlook: bool = True  # say before a window's end that it is likely, or certain, to exceed
    repeat: int = Field(default=1, ge=1, le=24)  # a breach opens at so many exceeding intervals in a row
    clear: Clear = Clear()
    opens: list[Answerable] = ["interval", "day"]  # which exceedances open a case
    administrative: bool = False  # an order of an office, no standard behind it
    deadline_h: float | None = Field(default=None, gt=0)  # hours for rectification
    tell_within_h: float = Field(default=6, gt=0)  # a breach found later is recorded, nobody is woken

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for words in (*_ill_windows(self), *_ill_terms(self), *_ill_episodes(self)):
            raise ValueError(f"rule `{self.id}`: {words}")
        return self

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out `sites` if it is empty, so that such a rule keeps its revision."""
        made: dict[str, Any] = handler(self)
        return made if self.sites else {key: value for key, value in made.items() if key != "sites"}

    @property
    def step_s(self) -> int:
        """Seconds between the ends of consecutive windows."""
        if self.alignment == "clock" or not self.window:
            return self.window
        if self.step is not None:
            return self.step
        return 3600 if self.window > LONGEST_OF_READINGS_S else max(60, self.window // 15)

    @property
    def factor(self) -> int:
        """Factor from the rule's unit to ug/m3, in which limits are compared."""
        return 1000 if self.unit == "mg/m3" and self.statistic != "count" else 1

    @property
    def revision(self) -> str:
        """Short hash of the rule's content: it changes with any of its words or numbers."""
        data = orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(data).hexdigest()[:12]

    @property
    def titles(self) -> dict[str, str]:
        """Titles by language."""
        return {"en": self.title.en, "zh": self.title.zh}


def _ill_windows(rule: Rule) -> Iterator[str]:
    """Faults of the window, its statistic and its step."""
    step, longest = rule.step_s, LONGEST_OF_READINGS_S
    if rule.statistic == "percentile" and rule.percentile is None:
        yield "statistic `percentile` needs the key `percentile`, for example 98"
    if rule.percentile is not None and rule.statistic != "percentile":
        yield (
            f"percentile {rule.percentile:g} says nothing of a {rule.statistic}; "
            "write statistic: percentile, or take it out"
        )
    if rule.statistic == "count" and rule.above is None:
        yield "statistic `count` needs the key `above`: slots whose mean is above it are counted"
    if rule.above is not None and rule.statistic != "count":
        yield (
            f"above {rule.above:g} says nothing of a {rule.statistic}; write statistic: count, or take it out"
        )
    if not rule.window:
        odd = {
            "statistic": rule.statistic != "mean",
            "alignment": rule.alignment != "clock",
            "background": rule.background is not None,
            "allowance": rule.allowance is not None,
            "repeat": rule.repeat > 1,
            "clear": rule.clear != Clear(),
        }
        for key in (key for key, found in odd.items() if found):
            yield f"single values (window: 0) have no {key}; take the key out, or name a window"
    if rule.step is not None and rule.alignment != "rolling":
        yield f"only rolling windows have a step (here {rule.step}); write alignment: rolling, or take it out"
    if rule.window and rule.window % step:
        yield f"a window of {rule.window} s can't move by {step} s; take a step that divides it"
    if rule.window > longest and step % 3600:
        yield (
            f"a window of {rule.window} s is made of clock hours and can't move by {step} s; "
            "take a step of whole hours"
        )


def _ill_terms(rule: Rule) -> Iterator[str]:
    """Faults of limit, dates, background, allowance and orders."""
    if rule.limit * rule.factor > GREATEST_LIMIT:
        yield f"limit {rule.limit:g} {rule.unit} is above {GREATEST_LIMIT} ug/m3; is the unit ug/m3?"
    if rule.valid_from and rule.valid_to and rule.valid_to < rule.valid_from:
        yield f"valid_to {rule.valid_to} lies before valid_from {rule.valid_from}"
    background = rule.background
    if background and background.settle_min > background.wait_min:
        yield (
            f"settle_min {background.settle_min} of the background is greater than its wait_min "
            f"{background.wait_min}"
        )
    if background and (rule.window != 3600 or rule.alignment != "clock" or rule.statistic != "mean"):
        yield (
            "a background is subtracted from means of clock hours only, not from "
            f"{rule.alignment} {rule.window} s {rule.statistic}; "
            "write window: 3600, alignment: clock, statistic: mean, or take it out"
        )
    if rule.allowance is not None and (rule.window > LONGEST_OF_READINGS_S or rule.alignment != "clock"):
        yield (
            "an allowance counts the clock's windows of a day, of an hour at most, not "
            f"{rule.alignment} windows of {rule.window} s; take it out"
        )
    for key, wanted, barred in (
        ("alert_levels", rule.alert_levels, rule.unless_alert_levels),
        ("during", rule.during, rule.unless),
    ):
        if both := sorted(set(wanted) & set(barred)):
            other = "unless" if key == "during" else "unless_alert_levels"
            yield f"`{both[0]}` stands in {key} and in {other}: it could never be in force; take one out"


def _ill_episodes(rule: Rule) -> Iterator[str]:
    """Faults of the levels of an episode and of its end."""
    if rule.clear.level is not None and rule.clear.level > rule.limit:
        yield (
            f"clear.level {rule.clear.level:g} is above the limit {rule.limit:g}: an episode would be over "
            "while it exceeds; name a level at or below the limit"
        )
    for mark in rule.severity:
        if mark.above < rule.limit:
            yield (
                f"severity above {mark.above:g} lies below the limit {rule.limit:g}: every exceedance would "
                f"be a {mark.level}; write level: {mark.level} instead"
            )
        if LEVELS.index(mark.level) <= LEVELS.index(rule.level):
            yield (
                f"severity {mark.level} above {mark.above:g} is no higher than the rule's own level "
                f"{rule.level}; name a higher one of {', '.join(LEVELS)}"
            )


class Pack(_Data):
    """A file of `standards/`: the rules of one standard or order."""

    pack: str
    title: Title
    source: str
    rules: list[Rule] = Field(min_length=1)


class RulesFile(_Data):
    """`rules.yaml` of a configuration."""

    packs: list[str] = []
    local: list[Rule] = []


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Rules in force, in the order of their ids, with warnings for the operator."""

    rules: tuple[Rule, ...]
    warnings: tuple[Problem, ...] = ()
    places: Mapping[str, tuple[Document, Loc]] = field(default_factory=dict, compare=False, repr=False)

    def doubt(self, rule: Rule, within: Loc, words: str) -> Problem:
        """A warning at a rule's place in rules.yaml; for a rule of a pack, the place that names the pack."""
        return replace(self.fault(rule, within, words), severity="warning")

    def fault(self, rule: Rule, within: Loc, words: str) -> Problem:
        """An error at the rule's place."""
        document, at = self.places.get(rule.id, (Document(RULES_FILE), ()))
        loc = (*at, *within) if at[:1] == ("local",) else at
        return document.problem(loc, words)


def pack_names() -> list[str]:
    """The packs that ship, sorted."""
    return sorted(path.stem for path in STANDARDS.glob("*.yaml"))


def load_pack(name: str) -> Pack:
    """A pack that ships. Raises ConfigError, or KeyError for a name not in `pack_names`."""
    if name not in pack_names():
        raise KeyError(name)
    return load(STANDARDS / f"{name}.yaml", TypeAdapter(Pack), name=f"standards/{name}.yaml").needed()


def load_rules(folder: Path, packs: Iterable[str] | None = None) -> RuleSet:
    """The rules of a configuration folder; `packs` replaces those that its file names.

    Raises ConfigError with every problem found.
    """
    loaded = load(folder / RULES_FILE, TypeAdapter(RulesFile))
    file = loaded.needed()
    document, problems = loaded.document, list(loaded.problems)
    named = list(file.packs)
    chosen = named if packs is None else list(packs)
    found: dict[str, Rule] = {}
    places: dict[str, tuple[Document, Loc]] = {}
    for index, name in enumerate(chosen):
        at = ("packs", index) if packs is None else ("packs",)
        if name not in pack_names():
            hint = did_you_mean(name, pack_names()) or f"; known are {', '.join(pack_names())}"
            asked = document if packs is None else Document("--rules")
            problems.append(asked.problem(at, f"no such pack: `{name}`{hint}"))
            continue
        for rule in load_pack(name).rules:
            if rule.id in found:
                problems.append(document.problem(at, f"rule `{rule.id}` of pack `{name}` is in force twice"))
            found[rule.id], places[rule.id] = rule, (document, at)
            problems += _doubts(document, at, rule)
    for index, rule in enumerate(file.local):
        place = ("local", index)
        if rule.id in found:
            problems.append(document.problem((*place, "id"), f"rule `{rule.id}` is in force twice"))
        found[rule.id], places[rule.id] = rule, (document, place)
        problems += _doubts(document, place, rule)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ConfigError(errors)
    return RuleSet(tuple(found[key] for key in sorted(found)), tuple(problems), places)


def _doubts(document: Document, at: tuple[str | int, ...], rule: Rule) -> list[Problem]:
    if rule.status != "recalled":
        return []
    words = (
        f"the limit {rule.limit:g} {rule.unit} of rule `{rule.id}` ({rule.citation}) is recalled from "
        "memory; have it confirmed before anyone is held to it"
    )
    return [document.problem(at, words, severity="warning")]
