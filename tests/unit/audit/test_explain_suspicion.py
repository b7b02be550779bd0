"""`dustwatch explain` of a suspicion: pattern, interval, evidence, guards, confidence, from history alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from processors.audit.texts import LANGUAGES
from processors.breaches import SUSPICION
from tests.unit.audit.test_explain import CASES, ID, replayed

CASE = "a-monitor-that-got-stuck"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_suspicion_is_told_in_these_words(language: str, tmp_path: Path) -> None:
    held = replayed(tmp_path, CASE)
    (opened,) = [b for b in held.breaches if b.kind == SUSPICION and b.event == "opened"]
    told = ID.sub("ID", "\n".join(held.tell(opened.id, language)) + "\n")
    file = CASES / "explain" / f"{CASE}.{language}.txt"
    assert told == file.read_text(encoding="utf-8"), told


def test_all_hours_of_a_suspicion_are_listed_where_that_is_asked(tmp_path: Path) -> None:
    held = replayed(tmp_path, CASE)
    (opened,) = [b for b in held.breaches if b.kind == SUSPICION and b.event == "opened"]
    done = held.run(opened.id, "--lang", "en", "--all")
    assert done.exit_code == 0, done.output
    assert "a person decides" in done.output
    assert "mean PM10 (ug/m3), last 4 h: 98.6 106 88.2 88.2" in done.output
