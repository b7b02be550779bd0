"""`python -m bench [NAME ...]`: run the measurements, print them as one table, keep the result.

`python -m bench kills --rounds N` is a command of its own (`bench.kills`): it says whether promises held, not
how fast something is.
"""

from __future__ import annotations

import importlib
import sys

from bench.report import Row, keep, table

# in the order of the way; each module has `run() -> list[Row]`
PARTS = (
    "bridge",
    "detect",
    "detect_worker",
    "store",
    "whole_way",
    "real_load",
    "restarts",
    "suspicion",
    "board",
)


def main(names: list[str]) -> int:
    """Run the named parts, or all."""
    if names[:1] == ["kills"]:
        return int(importlib.import_module("bench.kills").main(names[1:]))
    unknown = sorted(set(names) - set(PARTS))
    if unknown:
        print(f"no such measurement: {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    failed: list[str] = []
    for name in names or PARTS:
        print(f"measuring {name} ...", flush=True)
        try:
            part: list[Row] = importlib.import_module(f"bench.{name}").run()
        except Exception as error:
            # what the others measured took minutes: it is kept
            failed.append(f"{name}: {error or type(error).__name__}")
            print(f"{failed[-1]}", file=sys.stderr, flush=True)
            continue
        print(table(part), flush=True)
        rows += part
    path = keep(rows, failed)
    print(f"\n{table(rows)}\n\nkept in {path}")
    for words in failed:
        print(f"not measured: {words}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
