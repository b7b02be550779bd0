"""The runner of mutation tests: what it mutates, what it samples, how it counts."""

from __future__ import annotations

import tomllib
from collections import Counter

from tests.mutants import ROOT, Line, modules, sample, score_of, status_of
from tests.quickest import quickest

TOOL = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]


def test_what_is_mutated_is_covered_and_what_knows_an_engine_is_neither():
    mutated = {str(path) for path in modules(ROOT, None)}
    assert not mutated & set(TOOL["coverage"]["run"]["omit"])
    # what tells of a verdict afterwards is covered, but not mutated; the arithmetic of the audit is
    left_out = {name for name in TOOL["mutmut"]["do_not_mutate"] if "/stream/" in name}
    assert left_out <= set(TOOL["coverage"]["run"]["omit"])
    assert {"processors/audit/arithmetic.py", "processors/audit/admission.py"} <= mutated
    (pure,) = (one for one in TOOL["importlinter"]["contracts"] if one["name"].startswith("pure packages"))
    for name in pure["source_modules"]:
        path = name.replace(".", "/")
        if name.startswith("processors.") and not name.startswith(
            ("processors.replay", "processors.history")
        ):
            assert any(one == f"{path}.py" or one.startswith(f"{path}/") for one in mutated), name


def test_only_narrows_to_a_module_or_a_folder():
    assert [str(path) for path in modules(ROOT, "processors/verdicts/judge.py")] == [
        "processors/verdicts/judge.py"
    ]
    folder = modules(ROOT, "processors/wind/")
    assert len(folder) > 3
    assert {path.parent.name for path in folder} == {"wind"}
    assert modules(ROOT, "processors/jud") == []
    assert modules(ROOT, "processors/stream/shell.py") == []


def test_a_sample_is_the_same_whatever_the_order_and_a_larger_one_holds_it():
    names = [f"m.x_f__mutmut_{i}" for i in range(50)]
    small, large = sample(names, 10), sample(reversed(names), 20)
    assert len(set(small)) == 10
    assert set(small) < set(large)
    assert sorted(sample(names, None)) == sorted(names)


def test_a_mutant_meets_the_quickest_tests_that_fit_and_one_at_least():
    seconds = {"a": 3.0, "b": 1.0, "c": 2.0, "d": 9.0}
    assert quickest(seconds, seconds, 3.0) == {"b", "c"}
    assert quickest(seconds, seconds, 5.9) == {"b", "c"}
    assert quickest(seconds, seconds, 6.0) == {"a", "b", "c"}
    assert quickest({"d", "a"}, seconds, 1.0) == {"a"}
    assert quickest((), seconds, 1.0) == set()


def test_a_timeout_is_detected_what_no_test_reaches_lives_and_what_was_not_tried_does_not_count():
    codes = [1, 3, -24, 0, 33, -11, None]
    line = Line("m", 100, Counter(status_of(code) for code in codes))
    assert [status_of(code) for code in codes] == [
        "killed", "killed", "timeout", "survived", "untested", "unclear", None,
    ]  # fmt: skip
    assert (line.tried, line.score) == (6, 50.0)
    assert Line("n", 5, Counter()).score is None


def test_modules_weigh_by_their_mutants_and_not_by_their_samples():
    small, large = Line("a", 10, Counter(killed=10)), Line("b", 90, Counter(killed=5, survived=5))
    assert score_of([small, large]) == 55.0
    assert score_of([Line("n", 5, Counter())]) is None
