"""The table of kinds: each kind has its texts, its name, and people who are told."""

from __future__ import annotations

from pathlib import Path

import pytest

import alerts
from alerts.kinds import BREACH_KINDS, KINDS, LEVELS, LINES, ROUTED, kind_of
from alerts.messages.composing import DIGEST, TOGETHER
from alerts.messages.words import LANGUAGES
from alerts.records import OF_A_MORNING, OF_A_STEP
from alerts.routing import Routing, RoutingForm, recipients_of
from tests.fakes.alerts import NIGHT, county

TEXTS = Path(alerts.__file__).with_name("texts")


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_has_its_texts_in_every_language_and_a_name(name: str) -> None:
    kind = KINDS[name]
    for language in LANGUAGES:
        for text in (kind.opened, kind.ended or "recovered", "withdrawn" if kind.of_breach else kind.opened):
            assert (TEXTS / language / f"{text}.txt.j2").is_file()
    assert set(kind.shown) == {"en", "zh"}


def test_every_text_belongs_to_a_kind() -> None:
    used = {text for kind in KINDS.values() for text in (kind.opened, kind.ended)}
    found = {path.name.removesuffix(".txt.j2") for path in (TEXTS / "en").glob("[!_]*")}
    assert found == (used - {None}) | {
        "recovered",
        "corrected",
        "withdrawn",
        TOGETHER,
        DIGEST,
        OF_A_STEP,
        OF_A_MORNING,
    }


@pytest.mark.parametrize("name", ROUTED)
def test_without_a_route_a_kind_is_told_to_those_of_its_entry(name: str) -> None:
    told = recipients_of(county(), Routing(RoutingForm()), "site-1", NIGHT, name)
    assert {one.line for one in told} == set(KINDS[name].told or ())


@pytest.mark.parametrize("name", ROUTED)
def test_a_route_that_names_no_kind_means_every_kind_but_those_that_want_to_be_named(name: str) -> None:
    routing = Routing(RoutingForm.model_validate({"routes": [{"tell": ["territorial"]}]}))
    told = recipients_of(county(), routing, "site-1", NIGHT, name)
    wanted = KINDS[name].told if KINDS[name].by_name_only else ("territorial",)
    assert {one.line for one in told} == set(wanted or ())


def test_deadlines_are_of_levels_that_the_kind_has() -> None:
    for kind in KINDS.values():
        assert set(kind.deadlines) <= set(kind.levels) <= set(LEVELS)
        assert kind.told is None or set(kind.told) <= set(LINES)
    assert set(BREACH_KINDS) <= set(ROUTED)


def test_a_kind_of_another_version_is_told_and_listed_like_any_case() -> None:
    other = kind_of("something new")
    assert (other.opened, other.signed, other.silence) == ("opened", True, False)
