"""What `bench.alternate` reads from a run, and the medians that it prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import alternate
from bench.alternate import figures_of, lines_of, main


def test_rate_and_cpu_are_read_from_what_a_run_prints():
    said = 'Kafka is up\nmeasured: [338830.4, "1,500,000 readings, 4 partitions; 9.3 s CPU, 412 MB"]\n'
    assert figures_of(said) == {"readings/s": 338830.4, "CPU s": 9.3}


def test_the_cost_of_each_stage_is_a_figure():
    said = 'measured: [11000.0, "CPU s per 100,000: bridge 2.5, detect 1.5"]'
    assert figures_of(said) == {"readings/s": 11000.0, "CPU s of bridge": 2.5, "CPU s of detect": 1.5}


def test_a_run_without_a_figure_is_told_by_its_last_words():
    with pytest.raises(ValueError, match="no mosquitto"):
        figures_of("Traceback\nRuntimeError: no mosquitto\n")


def test_medians_and_their_ratio():
    before = [{"readings/s": rate} for rate in (90.0, 100.0, 500.0)]
    after = [{"readings/s": rate} for rate in (120.0, 130.0, 125.0)]
    (line,) = lines_of(before, after)
    assert line.split() == ["readings/s", "before", "100.0", "after", "125.0", "ratio", "1.250"]


def test_the_sides_take_turns_and_what_fails_is_named(monkeypatch, capsys, tmp_path):
    asked: list[str] = []

    def measure(checkout: Path, part: str) -> dict[str, float]:
        if part == "whole_way":
            raise RuntimeError("whole_way: no InfluxDB")
        asked.append(checkout.name)
        return {"readings/s": 100.0}

    monkeypatch.setattr(alternate, "measure", measure)
    assert main([str(tmp_path / "old"), str(tmp_path / "new"), "--runs", "2"]) == 1
    assert asked == ["old", "new", "new", "old"]
    said = capsys.readouterr()
    assert "ratio 1.000" in said.out
    assert "not measured: whole_way: no InfluxDB" in said.err
