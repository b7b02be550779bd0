"""Runs mutmut on the pure core and prints the score of each module; exit 1 under what is asked.

    make mutants                               every mutant (hours)
    make mutants ONLY=processors/verdicts/judge.py      the mutants of one module, or of a folder
    make mutants SAMPLE=20                     of each module the 20 mutants whose names hash lowest
    make mutants ONLY=... REPORT=1             what is known so far, and a diff of every mutant that lives

Which modules, which tests: `[tool.mutmut]` in pyproject.toml. Each mutant meets only the tests that reach
its function, the quickest first, as many as fit into ten seconds (SECONDS=). A mutant that was killed stays
killed until its function changes; the others are tried again in each run, so a run that was stopped goes on
where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[1]
DETECTED = {"killed", "timeout"}
# exit codes of the tests of a mutant, as mutmut keeps them; anything else is counted as `unclear`
_STATUS = {1: "killed", 3: "killed", 0: "survived", 5: "untested", 33: "untested"} | dict.fromkeys(
    (36, -24, 24, 152, 255), "timeout"
)
_BECAME = ("killed", "timeout", "survived", "untested", "unclear")


def modules(root: Path, only: str | None) -> list[Path]:
    """The modules to mutate, relative to `root`: those of `[tool.mutmut]`, narrowed to `only`."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mutmut"]
    found = [p.relative_to(root) for name in settings["source_paths"] for p in (root / name).rglob("*.py")]
    pure = [p for p in found if not any(fnmatch(str(p), pattern) for pattern in settings["do_not_mutate"])]
    wanted = (only or "").rstrip("/")
    return sorted(p for p in pure if not wanted or str(p) == wanted or str(p).startswith(f"{wanted}/"))


def sample(names: Iterable[str], size: int | None) -> list[str]:
    """The `size` names with the lowest hash: the same ones today and tomorrow; all for None."""
    ordered = sorted(names, key=lambda name: sha256(name.encode()).digest())
    return ordered if size is None else ordered[:size]


def status_of(code: int | None) -> str | None:
    """What became of a mutant; None: not tried."""
    return None if code is None else _STATUS.get(code, "unclear")


@dataclass(frozen=True, slots=True)
class Line:
    """Of a module: how many mutants there are, and what became of those that were chosen."""

    name: str
    mutants: int
    counts: Counter[str | None]

    @property
    def tried(self) -> int:
        return self.counts.total() - self.counts[None]

    @property
    def score(self) -> float | None:
        """Percent of the tried ones that tests found; None: nothing was tried."""
        return 100 * sum(self.counts[status] for status in DETECTED) / self.tried if self.tried else None

    def __str__(self) -> str:
        cells = [self.mutants, self.tried, *(self.counts[status] for status in _BECAME), percent(self.score)]
        return f"{self.name:<36}" + "".join(f"{cell:>10}" for cell in cells)


def score_of(lines: Iterable[Line]) -> float | None:
    """Percent over all: each module weighs by the number of its mutants, not of its sample."""
    scored = [(line.mutants, line.score) for line in lines if line.score is not None]
    weight = sum(mutants for mutants, _ in scored)
    return sum(mutants * score for mutants, score in scored) / weight if weight else None


def percent(score: float | None) -> str:
    return "-" if score is None else f"{score:.1f}%"


def _mutants_of(module: Path) -> list[str]:
    made = Path("mutants") / module
    if made.exists() and module.stat().st_mtime < made.stat().st_mtime:  # as mutmut itself tells
        return list(_codes_of(module))
    from mutmut.mutation.file_mutation import mutate_file_contents
    from mutmut.utils.format_utils import get_mutant_name

    found = mutate_file_contents(str(module), module.read_text(encoding="utf-8")).mutant_names
    return [get_mutant_name(module, name) for name in found]


def _codes_of(module: Path) -> dict[str, int | None]:
    known = Path("mutants") / f"{module}.meta"
    if not known.exists():
        return {}
    found: dict[str, int | None] = json.loads(known.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", metavar="PATH")
    parser.add_argument("--sample", type=int, metavar="N")
    parser.add_argument("--least", type=float, default=85.0, metavar="PERCENT")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S", help="of tests for each mutant")
    parser.add_argument("--report", action="store_true", help="run nothing")
    options = parser.parse_args()
    os.chdir(ROOT)
    every = {module: _mutants_of(module) for module in modules(ROOT, options.only)}
    every = {module: names for module, names in every.items() if names}
    if not every:
        print(f"no mutants in {options.only}: name a module or a folder of the pure core", file=sys.stderr)
        return 2
    chosen = {module: sample(names, options.sample) for module, names in every.items()}
    if not options.report:
        _run(chosen, every, options.jobs, options.seconds)
    lines = [
        Line(str(module), len(every[module]), Counter(status_of(codes.get(name)) for name in names))
        for module, names in chosen.items()
        for codes in [_codes_of(module)]
    ]
    if options.report:
        _show(chosen)
    print(f"{'module':<36}" + "".join(f"{cell:>10}" for cell in ("mutants", "tried", *_BECAME, "score")))
    for line in sorted(lines, key=lambda line: (line.score is None, line.score)):
        print(line)
    total, missing = score_of(lines), sum(line.counts[None] for line in lines)
    print(f"score over {len(lines)} modules, each by the number of its mutants: {percent(total)}")
    if missing:
        print(f"{missing} of the chosen mutants were not tried", file=sys.stderr)
    return 0 if not missing and total is not None and total >= options.least else 1


def _run(
    chosen: Mapping[Path, list[str]], every: Mapping[Path, list[str]], jobs: int, seconds: float
) -> None:
    names: list[str] = []
    for module, wanted in chosen.items():
        codes = _codes_of(module)
        open_ = [name for name in wanted if status_of(codes.get(name)) not in DETECTED]
        whole = len(open_) == len(every[module])
        names += [f"{'.'.join(module.with_suffix('').parts)}.*"] if whole else open_
    if names:
        _forget_stats_that_lack(name for found in every.values() for name in found)
        mutmut = [sys.executable, "-P", "tests/quickest.py", str(seconds)]
        command = [*mutmut, "run", "--max-children", str(jobs), *names]
        if subprocess.run(command, check=False).returncode:
            sys.exit(
                "mutmut could not run; what it says above is mostly a test that fails without any mutant"
            )


def _forget_stats_that_lack(names: Iterable[str]) -> None:
    """Which tests reach a function that is new, or has moved, mutmut learns only of tests that are new."""
    stats = Path("mutants/mutmut-stats.json")
    if stats.exists():
        known = json.loads(stats.read_text(encoding="utf-8"))["function_hashes"]
        if not {name.partition("__mutmut_")[0] for name in names} <= known.keys():
            stats.unlink()


def _show(chosen: Mapping[Path, list[str]]) -> None:
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    for module, names in chosen.items():
        codes = _codes_of(module)
        for name in names:
            if status_of(codes.get(name)) not in (None, *DETECTED):
                print(get_diff_for_mutant(name, path=module))


if __name__ == "__main__":
    sys.exit(main())
