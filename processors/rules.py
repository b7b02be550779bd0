"""Rules as data: a limit with its window, background, selectors, citation and mark; packs and local ones.

Packs are the files of `processors/standards/`; `rules.yaml` of a configuration names those in force
and adds local rules. A limit never stands in code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from ingest.strict_yaml import ConfigError, Document, Problem, did_you_mean, load

STANDARDS = Path(__file__).parent / "standards"
RULES_FILE = "rules.yaml"
Answerable = Literal["interval", "day"]


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Title(_Data):
    """What a rule is called, in the languages of the desk."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class BackgroundTerm(_Data):
    """What is subtracted before the limit is applied: the mean of an area's reference stations."""

    area: str = "county"
    cap: float | None = Field(default=None, gt=0)  # at most this much may be subtracted
    wait_min: int = Field(default=60, ge=1, le=24 * 60)  # after the window's end, then undetermined
    # stations that are late: after this many minutes the mean of those present is taken
    settle_min: int = Field(default=10, ge=0, le=24 * 60)


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
    unit: Literal["ug/m3"] = "ug/m3"
    window: Literal[0, 900, 3600]  # seconds; 0: every single value
    statistic: Literal["mean"] = "mean"
    limit: float = Field(ge=0, le=100_000)
    strict: bool = True  # True: the limit itself complies
    background: BackgroundTerm | None = None
    zones: list[str] = []  # of the site; empty: any
    stages: list[str] = []
    kinds: list[str] = []
    allowance: int | None = Field(default=None, ge=0)  # exceeding intervals that a day may have
    least_capture: float = Field(default=0.75, gt=0, le=1)
    lateness_s: int = Field(default=120, ge=0, le=7200)
    level: Literal["notice", "warning", "violation"] = "warning"  # of an exceeding interval
    day_level: Literal["notice", "warning", "violation"] = "violation"  # of an exceeding day
    opens: list[Answerable] = ["interval", "day"]  # which exceedances open a case
    administrative: bool = False  # an order of an office, no standard behind it
    deadline_h: float | None = Field(default=None, gt=0)  # hours for rectification
    tell_within_h: float = Field(default=6, gt=0)  # a breach found later is recorded, nobody is woken

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.window == 0 and (self.background or self.allowance is not None):
            raise ValueError("a rule of single values (window: 0) has neither background nor allowance")
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError(f"valid_to {self.valid_to} lies before valid_from {self.valid_from}")
        if self.background and self.background.settle_min > self.background.wait_min:
            raise ValueError("settle_min of the background is greater than its wait_min")
        return self

    @property
    def revision(self) -> str:
        """Short hash of the rule's content: it changes with any of its words or numbers."""
        data = orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(data).hexdigest()[:12]

    @property
    def titles(self) -> dict[str, str]:
        """Language -> title."""
        return {"en": self.title.en, "zh": self.title.zh}


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
    """The rules in force, in the order of their ids, and what the operator should know of them."""

    rules: tuple[Rule, ...]
    warnings: tuple[Problem, ...] = ()


def pack_names() -> list[str]:
    """The packs that ship, sorted."""
    return sorted(path.stem for path in STANDARDS.glob("*.yaml"))


def load_pack(name: str) -> Pack:
    """A pack that ships. Raises ConfigError, KeyError for a name that `pack_names` has not."""
    if name not in pack_names():
        raise KeyError(name)
    loaded = load(STANDARDS / f"{name}.yaml", TypeAdapter(Pack), name=f"standards/{name}.yaml")
    if loaded.value is None:
        raise ConfigError(loaded.problems)
    return loaded.value


def load_rules(folder: Path, packs: Iterable[str] | None = None) -> RuleSet:
    """The rules of a configuration folder; `packs` takes the place of those its file names.

    Raises ConfigError with every problem found.
    """
    loaded = load(folder / RULES_FILE, TypeAdapter(RulesFile))
    if loaded.value is None:
        raise ConfigError(loaded.problems)
    document, problems = loaded.document, list(loaded.problems)
    named = list(loaded.value.packs)
    chosen = named if packs is None else list(packs)
    found: dict[str, Rule] = {}
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
            found[rule.id] = rule
            problems += _doubts(document, at, rule)
    for index, rule in enumerate(loaded.value.local):
        place = ("local", index)
        if rule.id in found:
            problems.append(document.problem((*place, "id"), f"rule `{rule.id}` is in force twice"))
        found[rule.id] = rule
        problems += _doubts(document, place, rule)
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ConfigError(errors)
    return RuleSet(tuple(found[key] for key in sorted(found)), tuple(problems))


def _doubts(document: Document, at: tuple[str | int, ...], rule: Rule) -> list[Problem]:
    if rule.status != "recalled":
        return []
    words = (
        f"the limit {rule.limit:g} {rule.unit} of rule `{rule.id}` ({rule.citation}) is recalled from "
        "memory; have it confirmed before anyone is held to it"
    )
    return [document.problem(at, words, severity="warning")]
