"""Checklist of a county: the measures that a site has to keep (六个百分百), and what dust comes from. Data.

The list that ships is `checklist.yaml` beside this module, with its source and how far that is confirmed; a
county's own `checklist.yaml` takes its place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ingest.strict_yaml import ConfigError, load

CHECKLIST_FILE = "checklist.yaml"
_OURS = Path(__file__).with_name(CHECKLIST_FILE)
_Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_Name = Annotated[str, Field(min_length=1, max_length=60)]


class ListedWord(BaseModel):
    """A measure or cause with its names; `failed_zh`: what is written where a measure is not kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: _Id
    zh: _Name
    en: _Name
    failed_zh: str = Field("", max_length=60)


class ChecklistForm(BaseModel):
    """The form of `checklist.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    source: str = Field(min_length=1, max_length=300)
    status: Literal["read", "reported", "recalled", "unconfirmed"]
    measures: tuple[ListedWord, ...] = Field(min_length=1, max_length=20)
    causes: tuple[ListedWord, ...] = Field(min_length=1, max_length=40)


@dataclass(frozen=True, slots=True)
class Checklist:
    """Measures and causes by id, in the order of the file."""

    source: str
    status: str
    measures: dict[str, ListedWord]
    causes: dict[str, ListedWord]

    def names(self, ids: Iterable[str], language: str) -> tuple[str, ...]:
        """Names of measures in `zh` or `en`; what the list no longer has is named by its id."""
        return tuple(word_in(self.measures.get(id), id, language) for id in ids)

    def failures(self, ids: Iterable[str], language: str) -> tuple[str, ...]:
        """What is said where these measures are not kept."""
        found = []
        for id in ids:
            word = self.measures.get(id)
            plain = word_in(word, id, language)
            if language.startswith("zh"):
                found.append(word.failed_zh if word and word.failed_zh else f"{plain}不到位")
            else:
                found.append(f"not kept: {plain}")
        return tuple(found)

    def cause(self, id: str, language: str) -> str:
        """Name of a cause."""
        return word_in(self.causes.get(id), id, language)


def word_in(word: ListedWord | None, id: str, language: str) -> str:
    """A word in `zh` or `en` (or a locale of them); its id where the list does not have it."""
    return id if word is None else word.zh if language.startswith("zh") else word.en


@cache
def shipped_checklist() -> Checklist:
    """The list that ships. Raises ConfigError."""
    return _loaded(_OURS, f"casework/{CHECKLIST_FILE}")


def load_checklist(folder: Path) -> Checklist:
    """The county's own list, or the one that ships where its folder has none. Raises ConfigError."""
    own = folder / CHECKLIST_FILE
    return _loaded(own, CHECKLIST_FILE) if own.exists() else shipped_checklist()


def _loaded(path: Path, name: str) -> Checklist:
    loaded = load(path, TypeAdapter(ChecklistForm), name=name)
    form = loaded.needed()
    twice = [
        loaded.document.problem((key, at, "id"), f"`{word.id}` is there already; give this one another id")
        for key, words in (("measures", form.measures), ("causes", form.causes))
        for at, word in enumerate(words)
        if word.id in {one.id for one in words[:at]}
    ]
    if twice:
        raise ConfigError(twice)
    return Checklist(
        form.source,
        form.status,
        {word.id: word for word in form.measures},
        {word.id: word for word in form.causes},
    )
