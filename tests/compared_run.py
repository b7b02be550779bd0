"""Runs inside a checkout for `tests.compare_checkouts`: many commands in one process, and a history of a log.

    cd CHECKOUT && .venv/bin/python /path/to/compared_run.py JOB.json

The command is found as it is installed, `keep` and `log_of` as the checkout's own `tests.kept` has them: a
module may move, and nothing here has to know where to.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

_SUBCOMMAND = re.compile(r"  ([a-z][a-z-]*)\s")
_MOST_EXPLAINED = 40  # of one kind of line
# what tells lines of a replay apart: one of each is explained
_ALIKE = {
    "verdicts": ("rule", "kind", "answer", "reasons"),
    "intervals": ("pollutant", "statistic", "reasons"),
    "breaches": ("kind", "rule", "event", "delayed"),
    "outlooks": ("rule", "kind", "state"),
    "readings": ("marks",),
}


def main(path: str) -> None:
    """Do the job that a file describes."""
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    sys.path[0] = os.getcwd()  # the checkout's `tests`, not those beside this file
    runner = Runner(Path(job["out"]), job["shown"])
    for one in job["steps"]:
        {"commands": _commands, "schemas": _schemas, "help": _help, "history": _history}[one["do"]](
            runner, one
        )


class Runner:
    """The installed command, called in this process; what it prints goes into files."""

    def __init__(self, out: Path, shown: Mapping[str, str]) -> None:
        self.out, self._shown = out, dict(shown)
        (found,) = entry_points(group="console_scripts", name="dustwatch")
        self._main: Callable[[], None] = found.load()

    def run(self, name: str, *arguments: str) -> str:
        """Run a command; what it printed, which is kept as `NAME.txt` with its exit code."""
        code, out, errors = self._captured(arguments)
        words = f"$ dustwatch {' '.join(arguments)}\n{out}--- errors\n{errors}--- exit {code}\n"
        path = self.out / f"{name}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.told(words), encoding="utf-8")
        return out

    def name(self, folder: str, word: str) -> None:
        """Show a folder as a word from now on."""
        self._shown[folder] = word

    def told(self, words: str) -> str:
        """The words, with folders under names that are the same on both sides."""
        for folder in sorted(self._shown, key=len, reverse=True):
            words = words.replace(folder, self._shown[folder])
        return words

    def _captured(self, arguments: Sequence[str]) -> tuple[object, str, str]:
        before = sys.argv, os.dup(1), os.dup(2)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(out.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            sys.argv = ["dustwatch", *arguments]
            code: object = 0
            try:
                self._main()
            except SystemExit as ended:
                code = ended.code
            except BaseException:
                code = "traceback"
                last = traceback.format_exc().splitlines()[-1]
                print(f"Traceback: {last}", file=sys.stderr)
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                sys.argv = before[0]
                for saved, number in ((before[1], 1), (before[2], 2)):
                    os.dup2(saved, number)
                    os.close(saved)
            return code, _text(out), _text(errors)


def _text(file: Any) -> str:
    file.seek(0)
    return str(file.read().decode(errors="backslashreplace"))


def _commands(runner: Runner, step: Mapping[str, Any]) -> None:
    for name, arguments in step["commands"]:
        runner.run(name, *arguments)


def _schemas(runner: Runner, step: Mapping[str, Any]) -> None:
    for name in runner.run("schemas", "schema").split():
        runner.run(f"schema/{name}", "schema", name)


def _help(runner: Runner, step: Mapping[str, Any]) -> None:
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        words = waiting.pop()
        said = runner.run("/".join(("help", *words)) if words else "help-of-all", *words, "--help")
        _, commands, listed = said.partition("\nCommands:\n")
        if commands:
            waiting += [(*words, found[1]) for found in map(_SUBCOMMAND.match, listed.splitlines()) if found]


# -------------------------------------------------------------------------------- a history of a log


def _history(runner: Runner, step: Mapping[str, Any]) -> None:
    """Fold a log, keep it as the store stage does, and ask the history everything that can be asked."""
    kept = importlib.import_module("tests.kept")
    name, county = step["name"], Path(step["county"])
    log = kept.log_of(county, [Path(path) for path in step["recordings"]])
    log = [record for record in log if not _lost(record, step["without_ticks"])]
    with tempfile.TemporaryDirectory(prefix="dustwatch-compare-") as folder:
        url = f"sqlite:///{folder}/history.db"
        runner.name(folder, "HISTORY")
        history = _open_history(kept)(url)
        outputs = kept.keep(history, log)
        history.close()
        lines = runner.out / name / "lines"
        lines.mkdir(parents=True)
        _write_lines(kept, outputs, lines)
        dump = "".join(f"{line}\n" for line in _rows(Path(folder) / "history.db"))
        (runner.out / name / "history.txt").write_text(runner.told(dump), encoding="utf-8")
        _ask(runner, step, url, lines)


def _lost(record: object, spans: Sequence[Sequence[int]]) -> bool:
    """Whether the record is a tick that nobody wrote: our own outage."""
    if type(record).__name__ != "Tick":
        return False
    at = record.received_at  # type: ignore[attr-defined]
    return any(begin < at < end for begin, end in spans)


def _open_history(kept: Any) -> Callable[[str], Any]:
    package = kept.History.__module__.rpartition(".")[0]
    opened: Callable[[str], Any] = importlib.import_module(package).open_history
    return opened


def _write_lines(kept: Any, outputs: Sequence[Any], folder: Path) -> None:
    replayed = kept.Replayed()
    for one in outputs:
        replayed.take(one)
    sys.modules[kept.Replayed.__module__].write(replayed, folder)  # type: ignore[attr-defined]


def _rows(path: Path) -> Iterator[str]:
    """Every row of every table, whatever the order in which they were written."""
    with sqlite3.connect(path) as base:
        tables = base.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        for (table,) in tables.fetchall():
            cursor = base.execute(f'SELECT * FROM "{table}"')
            yield f"{table}: {', '.join(column[0] for column in cursor.description)}"
            yield from sorted(f"{table} {row!r}" for row in cursor)


def _ask(runner: Runner, step: Mapping[str, Any], url: str, lines: Path) -> None:
    name, county, past = step["name"], step["county"], ("--history", url)
    for kind, alike in _ALIKE.items():
        for number, id_ in enumerate(_chosen(lines / f"{kind}.jsonl", alike)):
            place = f"{name}/explain/{kind}-{number:02d}"
            runner.run(f"{place}.zh", "explain", id_, "--lang", "zh", *past)
            runner.run(f"{place}.en", "explain", id_, "--lang", "en", "--all", *past)
            runner.run(f"{place}.json", "explain", id_, "--json", *past)
    for site in step["sites"]:
        for number, at in enumerate(step["instants"]):
            for language in ("zh", "en"):
                place = f"{name}/judged/{site}-{number}.{language}"
                runner.run(place, "judged", site, "--at", at, "--lang", language, *past)
        period = ("--from", step["instants"][0], "--to", step["instants"][-1])
        for pollutant in ("pm10", "tsp"):
            words = ("rose", county, site, *period, "--pollutant", pollutant)
            runner.run(f"{name}/rose/{site}-{pollutant}.history", *words, *past, "--lang", "zh")
            runner.run(f"{name}/rose/{site}-{pollutant}.replay", *words, "--replay", str(lines), "--json")
    if step["backtest"]:
        words = ("backtest", county, "--from", step["instants"][0], "--to", step["instants"][-1])
        for way, asked in (("history", past), ("recordings", step["recordings"])):
            out = runner.out / name / f"backtest-{way}"
            rules = ("--rules", step["backtest"])
            runner.run(f"{name}/backtest-{way}", *words, *asked, *rules, "--out", str(out))


def _chosen(path: Path, alike: Sequence[str]) -> list[str]:
    """The ids of the first line of each sort."""
    chosen: dict[str, str] = {}
    for text in path.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        sort = json.dumps([line.get(key) for key in alike])
        if path.name == "readings.jsonl":
            sort += json.dumps(sorted({flag for value in line["values"].values() for flag in value["flags"]}))
        if len(chosen) < _MOST_EXPLAINED:
            chosen.setdefault(sort, line["id"])
    return list(chosen.values())


if __name__ == "__main__":
    main(sys.argv[1])
