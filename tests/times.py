"""What the tests cost: processor time by file and by test, ended child processes included (`TIMES=1`).

Wall clock says little where several workers share the processors.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Generator, Mapping
from typing import Any

import pytest

SHOWN = 40


class Times:
    """Measures where tests run, adds up where their reports arrive: under xdist that is another process."""

    def __init__(self) -> None:
        self.at = spent_s()
        self.by_test: dict[str, float] = defaultdict(float)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A phase's report carries what was spent since the one before: the first one, what loading took."""
        report = yield
        now = spent_s()
        report.spent_s, self.at = now - self.at, now  # type: ignore[attr-defined]
        return report

    def pytest_runtestloop(self) -> None:
        """What loading the tests took is no test's."""
        self.at = spent_s()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up, also what an xdist worker has sent."""
        self.by_test[report.nodeid] += getattr(report, "spent_s", 0.0)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The costliest files and tests."""
        terminalreporter.section("processor time")
        for line in lines_of(self.by_test):
            terminalreporter.write_line(line)


def spent_s() -> float:
    """Processor time of this process and its ended children."""
    return sum(os.times()[:4])


def lines_of(by_test: Mapping[str, float]) -> list[str]:
    """The costliest files and tests with their seconds."""
    by_file: dict[str, float] = defaultdict(float)
    for name, seconds in by_test.items():
        by_file[name.partition("::")[0]] += seconds
    lines = [f"{sum(by_test.values()):8.1f} s  all {len(by_test)} tests of {len(by_file)} files"]
    for costs in (by_file, by_test):
        costliest = sorted(costs.items(), key=lambda cost: (-cost[1], cost[0]))[:SHOWN]
        lines += ["", *(f"{seconds:8.2f} s  {name}" for name, seconds in costliest)]
    return lines


def pytest_configure(config: pytest.Config) -> None:
    """Measure from here on."""
    config.pluginmanager.register(Times(), "processor-times")
