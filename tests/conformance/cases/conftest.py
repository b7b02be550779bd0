"""The case store under test: SQLite always, PostgreSQL with the marker `servers`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from alerts.store import CaseStore

_NUMBERS = itertools.count()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/cases.sqlite"
    server = request.getfixturevalue("postgres")
    return str(server.create_database(f"cases_{next(_NUMBERS)}"))


class Wall:
    """A real clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def wall() -> Wall:
    """The real clock as the store sees it."""
    return Wall()


@pytest.fixture
def store(url: str, wall: Wall) -> Iterator[CaseStore]:
    """An empty case store."""
    opened = CaseStore(url, wall)
    yield opened
    opened.close()
