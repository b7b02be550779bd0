"""Names of the life cycle: every word of its tables has one, and refusals read as the guards say them."""

from __future__ import annotations

import pytest

from alerts.lifecycle.guards import GUARDS
from alerts.lifecycle.states import ENDS, STATES, WATCHES
from alerts.lifecycle.table import COMMANDS
from alerts.web import lifecycle_names as names
from alerts.web.words import translations


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (names.LIFE_STATES, STATES),
        (names.LIFE_COMMANDS, COMMANDS),
        (names.LIFE_REFUSALS, GUARDS),
        (names.LIFE_WAYS_OUT, GUARDS),
        (names.LIFE_ENDS, ENDS),
        (names.LIFE_WATCHES, WATCHES),
    ],
)
def test_every_word_has_a_name(table, words):
    assert list(table) == list(words)


def test_a_refusal_reads_as_its_guard_says_it():
    assert {name: guard.refusal for name, guard in GUARDS.items()} == names.LIFE_REFUSALS
    assert {name: guard.way_out for name, guard in GUARDS.items()} == names.LIFE_WAYS_OUT


def test_two_states_or_commands_never_have_the_same_name_in_chinese():
    say = translations("zh_CN").gettext
    for table in (names.LIFE_STATES, names.LIFE_COMMANDS, names.LIFE_REFUSALS):
        said = [say(text) for text in table.values()]
        assert len(said) == len(set(said))
