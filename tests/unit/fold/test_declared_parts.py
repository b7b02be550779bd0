"""Declarations of what a memory holds, and small parts of it that come through saving."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from processors.columns import Packing
from processors.fold.configuration import Configuration
from processors.fold.parts import Declared, number, numbers_of, part, parts_of
from processors.fold.progress import Signals
from processors.plan.rule_in_force import Former
from tests.logs import HOUR, T0, local_rule, revision
from tests.parts import read_again, until

DAY = 24 * HOUR


def test_a_memory_begins_with_what_its_fields_declare_and_names_their_classes_and_versions():
    @dataclass
    class Memory:
        seen: Any = part(Signals)
        first: Any = part(Configuration, lambda: Configuration(None, [], ()), version=3)
        count: int = number(7)

    made = Memory()
    assert isinstance(made.seen, Signals)
    assert made.first == Configuration(None, [], ())
    assert made.count == 7
    assert parts_of(Memory) == {"seen": Declared(Signals, 1), "first": Declared(Configuration, 3)}
    assert numbers_of(Memory) == ("count",)


def test_a_configuration_is_read_with_the_former_rules_that_it_was_saved_with():
    former = (Former("local", None, "c1", T0, T0 + HOUR),)
    held = Configuration(revision(rules=[local_rule()]), [], former)
    assert read_again(held).former == former


@pytest.mark.parametrize(("instant", "kept"), [(T0 + DAY - 1, True), (T0 + DAY, False)])
def test_a_signal_is_remembered_for_a_day(instant: int, kept: bool):
    held = Signals({"a": T0})
    held.forget(until(instant))
    assert ("a" in held) is kept


def test_an_array_that_several_share_is_saved_once_and_others_by_themselves():
    pack, one, other = Packing(), np.zeros(2, np.int64), np.ones(2, np.int64)
    assert [pack.share(one), pack.share(other), pack.share(one), pack.share(other)] == [0, 1, 0, 1]
    assert len(pack.arrays) == 2
