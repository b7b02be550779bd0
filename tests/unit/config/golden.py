"""The golden folders of tests/cases/config: a broken one overlays the smallest county."""

from __future__ import annotations

import shutil
from pathlib import Path

CASES = Path(__file__).parents[2] / "cases" / "config"
SMALLEST = CASES / "valid" / "smallest"
_NOT_CONFIGURATION = ("expected.txt", "remove.txt")


def folders(kind: str) -> list[Path]:
    """The folders of `valid` or `broken`, sorted."""
    return sorted(path for path in (CASES / kind).iterdir() if path.is_dir())


def laid_over_the_smallest(case: Path, target: Path) -> Path:
    """`target` filled with the smallest county, less `remove.txt`, and the files of the case."""
    shutil.copytree(SMALLEST, target)
    removed = case / "remove.txt"
    for name in removed.read_text(encoding="utf-8").split() if removed.exists() else ():
        (target / name).unlink()
    for path in case.iterdir():
        if path.name not in _NOT_CONFIGURATION:
            shutil.copy(path, target / path.name)
    return target


def expected(case: Path) -> str:
    """What `expected.txt` says; nothing where there is none."""
    file = case / "expected.txt"
    return file.read_text(encoding="utf-8") if file.exists() else ""


def shown(problems: list[object], warnings: list[object]) -> str:
    """Problems, then warnings, in the form of `expected.txt`."""
    return "".join(f"{p}\n" for p in problems) + "".join(f"warning: {w}\n" for w in warnings)
