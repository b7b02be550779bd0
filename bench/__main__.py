"""`python -m bench [NAME ...]`: run the measurements, print them as one table, keep the result."""

from __future__ import annotations

import importlib
import sys

from bench.report import Row, keep, table

# in the order of the way; each module has `run() -> list[Row]`
PARTS = ("bridge", "detect", "detect_worker", "store", "whole_way", "real_load")


def main(names: list[str]) -> int:
    """Run the named parts, or all."""
    unknown = sorted(set(names) - set(PARTS))
    if unknown:
        print(f"no such measurement: {', '.join(unknown)}; there are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    rows: list[Row] = []
    for name in names or PARTS:
        print(f"measuring {name} ...", flush=True)
        part: list[Row] = importlib.import_module(f"bench.{name}").run()
        print(table(part), flush=True)
        rows += part
    path = keep(rows)
    print(f"\n{table(rows)}\n\nkept in {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
