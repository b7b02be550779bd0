"""Ways in which a SQLite file may be damaged, for tests of what is said then."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

PAGE = 4096
_noise = random.Random(11).randbytes


def cut_short(path: Path) -> None:
    """As a disk that was full, or a copy that broke off."""
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 3 // PAGE * PAGE])


def random_bytes(path: Path) -> None:
    """Nothing of it is left."""
    path.write_bytes(_noise(path.stat().st_size))


def another_file(path: Path) -> None:
    """Somebody has put something else there."""
    path.write_text("no database at all, but long enough to look like one\n" * 200)


def hurt_in_the_middle(path: Path) -> None:
    """The beginning is whole: it is opened without a complaint."""
    whole = bytearray(path.read_bytes())
    first = min(30, len(whole) // PAGE // 2) * PAGE
    whole[first:] = _noise(len(whole) - first)
    path.write_bytes(whole)


DAMAGES: tuple[Callable[[Path], None], ...] = (cut_short, random_bytes, another_file, hurt_in_the_middle)
