"""Shows that two checkouts say the same: the same inputs through both, every file compared byte by byte.

    python -m tests.compare_checkouts BEFORE AFTER [--out FOLDER] [--keep FOLDER] [--only WORD]

BEFORE and AFTER are folders of the project, each with its own environment (`make setup`). A case is a
replay of a recording, or a set of commands; a row says that it is equal, or names the first line that
differs. Exit 1 on a difference, or where a case can't be run.

`--keep` holds inputs and outputs by commit: a clean checkout that was run before is not run again, so
that a change is compared while it is made. `--out` takes the rest, else it goes into a folder of its own,
which stays only where something differs. What needs a server is not compared: what is sent to Kafka, the
bridge, the desk, and who is told what.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tests.compared_inputs import HOUR, OUTAGES, STATIONS, WEEKS, make_inputs
from tests.counties import DATA, iso

TESTS = Path(__file__).parent
ROOT = TESTS.parent
RUNNER = TESTS / "compared_run.py"
WITHIN_S = 1800
PROCESSES = 2
_NAMED = 8  # of the files that differ
_SHOWN = 200  # characters of a line that differs
_SOURCES = ("compare_checkouts.py", "compared_inputs.py", "compared_run.py", "counties.py")
_COPIED = {"cases": TESTS / "cases", "example": ROOT / "deploy" / "example"}
_READY = ".ready"
_DONE = ".done.json"
Wanted = re.Pattern[bytes] | None  # what a change was to add or take away


@dataclass(frozen=True, slots=True)
class Case:
    """One row: a replay, or steps of `compared_run`."""

    name: str
    replay: tuple[str, ...] = ()  # arguments without --out
    steps: tuple[dict[str, Any], ...] = ()
    weight: int = 1  # about how long it takes; the longest begin


@dataclass(frozen=True, slots=True)
class Difference:
    """The first line of a file that is not the same; None: there is no such line, or no such file."""

    file: str
    line: int
    before: str | None
    after: str | None


@dataclass(slots=True)
class Compared:
    """What became of two folders."""

    files: int = 0
    lines: int = 0
    differing: list[str] = field(default_factory=list)
    first: Difference | None = None


# ------------------------------------------------------------------------------------------ comparing


def compare_folders(before: Path, after: Path, wanted: Wanted = None) -> Compared:
    """Every file below either folder, by name; `first` is the first line that differs.

    `wanted`: what a change was to add or take away, which is no difference.
    """
    found = Compared()
    for name in sorted({*_files(before), *_files(after)}):
        found.files += 1
        one, other = before / name, after / name
        if one.is_file() and other.is_file() and _same(one.read_bytes(), other.read_bytes(), wanted):
            found.lines += one.read_bytes().count(b"\n")
            continue
        found.differing.append(name)
        found.first = found.first or first_difference(name, one, other)
    return found


def _same(one: bytes, other: bytes, wanted: Wanted) -> bool:
    return one == other or (wanted is not None and wanted.sub(b"", one) == wanted.sub(b"", other))


def first_difference(name: str, before: Path, after: Path) -> Difference:
    """Where two files that are not the same part; line 0 where one of them is missing."""
    if not (before.is_file() and after.is_file()):
        there = [f"{path.stat().st_size} bytes" if path.is_file() else None for path in (before, after)]
        return Difference(name, 0, *there)
    lines = (path.read_bytes().split(b"\n") for path in (before, after))
    number, one, other = next((n, a, b) for n, (a, b) in enumerate(zip_longest(*lines), 1) if a != b)
    return Difference(name, number, *_from_where_they_part(one, other))


def _from_where_they_part(one: bytes | None, other: bytes | None) -> tuple[str | None, str | None]:
    """Both lines, long ones from a little before the first byte that differs."""
    if one is None or other is None:
        return _shortened(one, 0), _shortened(other, 0)
    apart = next(
        (i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    start = max(apart - _SHOWN // 2, 0) if max(len(one), len(other)) > _SHOWN else 0
    return _shortened(one, start), _shortened(other, start)


def _shortened(line: bytes | None, start: int) -> str | None:
    if line is None:
        return None
    part = line[start : start + _SHOWN].decode(errors="replace")
    return f"{'...' if start else ''}{part}{'...' if len(line) > start + _SHOWN else ''}"


def _files(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


# ---------------------------------------------------------------------------------------------- cases


def cases_of(inputs: Path, left_out: Sequence[str], packs: Sequence[str]) -> list[Case]:
    """All cases of the inputs, but for those of recordings that are absent."""
    storm, moved = (inputs / name for name in ("dust-storm", "dust-storm-moved"))
    cases = [_words(inputs), _golden(inputs), _outages(inputs)]
    for week in WEEKS:
        recording = inputs / week.name / "recording.jsonl.gz"
        cases.append(Case(week.name, (str(inputs / week.name / "county"), str(recording)), weight=50))
    days = inputs / OUTAGES.name
    until = iso(OUTAGES.start + 40 * HOUR)
    words = (str(days / "county"), str(days / "recording.jsonl"))
    cases += [
        Case(OUTAGES.name, words, weight=3),
        Case(f"{OUTAGES.name}-until", (*words, "--until", until), weight=3),
    ]
    if "dust-storm" not in left_out:
        for folder in (storm, moved):
            cases.append(
                Case(folder.name, (str(folder / "county"), str(folder / "recording.jsonl")), weight=5)
            )
        words = (str(moved / "county"), str(moved / "recording.jsonl"))
        cases += [Case(f"dust-storm-by-{pack}", (*words, "--rules", pack), weight=4) for pack in packs]
        cases.append(_storm_history(storm))
    if "beijing" not in left_out:
        folder = inputs / "beijing"
        words = (str(folder / "county"), *(str(folder / f"{name}.jsonl") for name in STATIONS))
        cases.append(Case("beijing", words, weight=40))
    return cases


def _words(inputs: Path) -> Case:
    """What commands say that need no server: schemas, help, check, who, decode, diff."""
    commands: list[tuple[str, list[str]]] = []
    checked = inputs / "checked"
    for folder in sorted(path for path in checked.iterdir() if path.is_dir()):
        commands.append((f"check/{folder.name}", ["check", str(folder)]))
        commands.append((f"diff/{folder.name}", ["diff", str(folder), str(checked / "valid-smallest")]))
        commands.append(
            (f"diff-json/{folder.name}", ["diff", str(checked / "valid-smallest"), str(folder), "--json"])
        )
        if folder.name.startswith("valid-"):
            commands.append(
                (f"who/{folder.name}", ["who", str(folder), "site-1", "--at", "2026-11-23T23:30"])
            )
    example = inputs / "example"
    if example.is_dir():
        commands.append(("check/example", ["check", str(example)]))
        for site in [f"site-{number:02d}" for number in range(1, 14)]:
            for kind in ("breach", "offline", "suspicion", "outlook"):
                for at in ("2026-11-23T10:00", "2026-11-23T23:30"):
                    words = ["who", str(example), site, "--at", at, "--kind", kind]
                    commands.append((f"who/{site}-{kind}-{at[-5:-3]}", words))
            commands.append(
                (
                    f"who/{site}-violation",
                    ["who", str(example), site, "--at", "2026-11-23T10:00", "--level", "violation"],
                )
            )
    for folder in sorted((inputs / "cases" / "decode").iterdir()):
        options = json.loads((folder / "options.json").read_text(encoding="utf-8"))
        words = ["decode", "--format", options["format"], "--topic", options.get("topic", "")]
        words += [f"--unit={code}={unit}" for code, unit in options.get("units", {}).items()]
        words += ["--utc-offset", options.get("utc_offset", "+08:00")]
        words += ["--modbus-crc"] if options.get("modbus_crc") else []
        commands.append((f"decode/{folder.name}", [*words, str(folder / "input")]))
    return Case(
        "words",
        steps=({"do": "schemas"}, {"do": "help"}, {"do": "commands", "commands": commands}),
        weight=30,
    )


def _golden(inputs: Path) -> Case:
    """The golden replays: folded, kept in a history, explained."""
    steps = []
    for folder in sorted((inputs / "cases" / "replay").iterdir()):
        times = [json.loads(line)["received_at"] for line in _lines(folder / "recording.jsonl")]
        steps.append(
            _asked(
                folder.name,
                folder / "config",
                [folder / "recording.jsonl"],
                ["site-1"],
                [times[0], times[-1]],
            )
        )
    return Case("golden", steps=tuple(steps), weight=60)


def _outages(inputs: Path) -> Case:
    """Two days in which ticks are missing, kept in a history and explained."""
    folder = inputs / OUTAGES.name
    spans = [[OUTAGES.start + round(hour * HOUR) for hour in span] for span in OUTAGES.outages]
    instants = [iso(OUTAGES.start + hour * HOUR) for hour in (1, 13, 22, 36, 53)]
    sites = [f"site-{number}" for number in range(OUTAGES.sites)]
    recordings = [folder / "recording.jsonl"]
    step = _asked(
        "days", folder / "county", recordings, sites, instants, spans, "jiangsu-db32-4437-2022,uk-iaqm-2018"
    )
    return Case(f"{OUTAGES.name}-history", steps=(step,), weight=60)


def _storm_history(folder: Path) -> Case:
    instants = ["2019-08-28T20:00", "2019-08-29T12:00", "2019-08-30T12:00"]
    recordings = [folder / "recording.jsonl"]
    step = _asked(
        "storm", folder / "county", recordings, ["site-1", "site-2"], instants, backtest="uk-iaqm-2018"
    )
    return Case("dust-storm-history", steps=(step,), weight=60)


def _asked(
    name: str,
    county: Path,
    recordings: Sequence[Path],
    sites: Sequence[str],
    instants: Sequence[str],
    without_ticks: Sequence[Sequence[int]] = (),
    backtest: str = "",
) -> dict[str, Any]:
    return {
        "do": "history",
        "name": name,
        "county": str(county),
        "recordings": [str(path) for path in recordings],
        "sites": list(sites),
        "instants": list(instants),
        "without_ticks": [list(span) for span in without_ticks],
        "backtest": backtest,
    }


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def packs_of(root: Path) -> list[str]:
    """The names of the packs that a checkout ships, wherever its folder of standards is."""
    return sorted({path.stem for path in (root / "processors").rglob("standards/*.yaml")})


# --------------------------------------------------------------------------------------------- inputs


def digest_of_inputs() -> str:
    """A digest of all that inputs and cases are made of."""
    made = hashlib.sha256()
    paths = [TESTS / name for name in _SOURCES]
    for folder in (*_COPIED.values(), DATA):
        paths += sorted(path for path in folder.rglob("*") if path.is_file())
    for path in paths:
        made.update(f"{path.name} {path.stat().st_size}\n".encode())
        made.update(path.read_bytes())
    return made.hexdigest()[:12]


def inputs_at(folder: Path) -> list[str]:
    """Make the inputs, if they are not there; what is left out."""
    ready = folder / _READY
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        left_out = make_inputs(folder)
        for name, source in _COPIED.items():
            if source.is_dir():
                shutil.copytree(source, folder / name)
        _lay_out_checked(folder)
        ready.write_text(json.dumps(left_out), encoding="utf-8")
    found: list[str] = json.loads(ready.read_text(encoding="utf-8"))
    return found


def _lay_out_checked(folder: Path) -> None:
    """County folders to check: the valid ones, and the broken ones laid over the smallest."""
    configs, checked = folder / "cases" / "config", folder / "checked"
    for source in sorted((configs / "valid").iterdir()):
        shutil.copytree(source, checked / f"valid-{source.name}")
    for source in sorted((configs / "broken").iterdir()):
        target = shutil.copytree(configs / "valid" / "smallest", checked / f"broken-{source.name}")
        removed = source / "remove.txt"
        for name in removed.read_text(encoding="utf-8").split() if removed.exists() else ():
            (target / name).unlink()
        shutil.copytree(source, target, dirs_exist_ok=True)


# ---------------------------------------------------------------------------------------------- sides


@dataclass(frozen=True, slots=True)
class Side:
    """A checkout, and where its outputs are."""

    checkout: Path
    out: Path
    inputs: Path
    commit: str  # with `+` where the tree is not clean

    def run(self, case: Case) -> str:
        """Run a case unless it has gone well before; what went wrong, or nothing."""
        done = self.out / f"{case.name}{_DONE}"
        if done.exists() and not json.loads(done.read_text(encoding="utf-8"))["wrong"]:
            return ""
        folder = self.out / case.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        began = time.monotonic()
        try:
            wrong = self._replay(case, folder) if case.replay else self._steps(case, folder)
        except subprocess.TimeoutExpired:
            wrong = f"not done in {WITHIN_S} s"
        seconds = round(time.monotonic() - began, 1)
        done.write_text(json.dumps({"seconds": seconds, "wrong": wrong}), encoding="utf-8")
        return wrong

    def seconds(self, case: Case) -> float:
        """How long a case took when it was run."""
        done = self.out / f"{case.name}{_DONE}"
        return float(json.loads(done.read_text(encoding="utf-8"))["seconds"])

    def _replay(self, case: Case, folder: Path) -> str:
        script = self.checkout / ".venv" / "bin" / "dustwatch"
        program = [str(script)] if script.exists() else [self._python, "-m", "deploy.cli"]
        done = self._call([*program, "replay", *case.replay, "--out", str(folder / "lines")])
        (folder / "printed.txt").write_text(self._told(done.stdout + done.stderr), encoding="utf-8")
        if done.returncode:
            return f"exit {done.returncode}: {_last_line(done.stderr)}"
        readings = folder / "lines" / "readings.jsonl"
        return "" if readings.is_file() and readings.stat().st_size else "it has no readings"

    def _steps(self, case: Case, folder: Path) -> str:
        job = self.out / f"{case.name}.job.json"
        body = {"out": str(folder), "shown": self._shown, "steps": case.steps}
        job.write_text(json.dumps(body), encoding="utf-8")
        done = self._call([self._python, str(RUNNER), str(job)])
        if done.returncode:
            return f"exit {done.returncode}: {_last_line(done.stderr)}"
        broken = [
            path
            for path in folder.rglob("*.txt")
            if "--- errors\nTraceback" in path.read_text(encoding="utf-8")
        ]
        return f"a traceback in {broken[0].relative_to(folder)}" if broken else ""

    @property
    def _python(self) -> str:
        return str(self.checkout / ".venv" / "bin" / "python")

    @property
    def _shown(self) -> dict[str, str]:
        return {str(self.out): "OUT", str(self.inputs): "INPUTS", str(self.checkout): "CHECKOUT"}

    def _told(self, words: str) -> str:
        for folder in sorted(self._shown, key=len, reverse=True):
            words = words.replace(folder, self._shown[folder])
        return words

    def _call(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        env = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("DUSTWATCH_", "PYTHON", "VIRTUAL"))
        }
        env |= {"TZ": "UTC", "LC_ALL": "C.UTF-8", "COLUMNS": "100", "PYTHONHASHSEED": "0"}
        return subprocess.run(
            words, cwd=self.checkout, env=env, capture_output=True, text=True, timeout=WITHIN_S, check=False
        )


def _last_line(words: str) -> str:
    return (words.strip().splitlines() or ["it said nothing"])[-1]


def state_of(checkout: Path) -> str:
    """The commit of a checkout, with `+` where its tree is not clean."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", "-C", checkout, *words], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain") else "")


def _side(name: str, checkout: Path, inputs: Path, digest: str, keep: Path | None, out: Path) -> Side:
    commit = state_of(checkout)
    kept = keep is not None and not commit.endswith("+")
    folder = keep / f"{commit}-{digest}" if keep is not None and kept else out / name
    if not kept:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return Side(checkout, folder, inputs, commit)


# ---------------------------------------------------------------------------------------------- table


def rows(
    cases: Iterable[Case], before: Side, after: Side, wanted: Wanted = None
) -> Iterator[tuple[str, bool]]:
    """A row for each case, and whether it is equal, as they are done."""
    ordered = sorted(cases, key=lambda case: -case.weight)
    with ThreadPoolExecutor(PROCESSES) as pool:
        waiting = [(case, [pool.submit(side.run, case) for side in (before, after)]) for case in ordered]
        for case, both in waiting:
            wrong = [one.result() for one in both]
            yield _row(case, wrong, before, after, wanted)


def _row(case: Case, wrong: Sequence[str], before: Side, after: Side, wanted: Wanted) -> tuple[str, bool]:
    found = compare_folders(before.out / case.name, after.out / case.name, wanted)
    took = f"{before.seconds(case):.1f} s, {after.seconds(case):.1f} s"
    counted = f"{found.files} files, {found.lines:,} lines the same, {took}"
    if found.first is None and not any(wrong):
        return f"equal    {case.name}: {counted}", True
    words = [f"DIFFERS  {case.name}: {counted}"] if found.first else [f"FAILED   {case.name}: {counted}"]
    words += [f"         {who}: {said}" for who, said in zip(("before", "after"), wrong, strict=True) if said]
    if found.first is not None:
        first = found.first
        more = len(found.differing) - _NAMED
        listed = ", ".join(found.differing[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        words.append(f"         not the same: {listed}")
        words.append(f"         first at {first.file}:{first.line}")
        for who, line in (("before", first.before), ("after", first.after)):
            words.append(f"         {who + ':':7} {'(missing)' if line is None else line}")
    return "\n".join(words), False


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare two checkouts; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.compare_checkouts", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--out", type=Path, help="where outputs go that are not kept; they stay there")
    parser.add_argument(
        "--keep", type=Path, help="inputs and outputs by commit: what was run is not run again"
    )
    parser.add_argument("--only", metavar="WORD", default="", help="only cases with this in their name")
    parser.add_argument("--wanted", metavar="REGEX", help="a change of text that is wanted, no difference")
    asked = parser.parse_args(arguments)
    wanted = re.compile(asked.wanted.encode(), re.MULTILINE) if asked.wanted else None
    checkouts = [path.resolve() for path in (asked.before, asked.after)]
    for checkout in checkouts:
        if not (checkout / ".venv" / "bin" / "python").exists():
            print(f"{checkout} has no environment; run `make setup` there", file=sys.stderr)
            return 2
    out = Path(tempfile.mkdtemp(prefix="dustwatch-compare-")) if asked.out is None else asked.out.resolve()
    keep = None if asked.keep is None else asked.keep.resolve()
    digest = digest_of_inputs()
    began = time.monotonic()
    inputs = (keep or out) / f"inputs-{digest}"
    left_out = inputs_at(inputs)
    before, after = (
        _side(name, checkout, inputs, digest, keep, out)
        for name, checkout in zip(("before", "after"), checkouts, strict=True)
    )
    print(f"before {before.commit}, after {after.commit}, inputs {digest} in {inputs}", flush=True)
    equal = True
    packs = packs_of(checkouts[0])
    cases = [case for case in cases_of(inputs, left_out, packs) if asked.only in case.name]
    for row, same in rows(cases, before, after, wanted):
        print(row, flush=True)
        equal = equal and same
    for name in left_out:
        print(f"left out {name}: {DATA} is absent")
    print(f"{'all equal' if equal else 'NOT equal'}, {time.monotonic() - began:.0f} s")
    if not equal:
        print(f"outputs: {before.out} and {after.out}")
    elif asked.out is None:
        shutil.rmtree(out)
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
