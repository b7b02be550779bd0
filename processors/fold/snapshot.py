"""Snapshots: the state of a partition as named parts, each in bytes of its own (`processors.columns`). Pure.

A block of a part is saved as the part `PART/BLOCK`.
"""

from __future__ import annotations

from typing import TypeVar

import orjson

from processors.columns import Packing, Unpacked, from_bytes, to_bytes
from processors.fold.memory import Memory
from processors.fold.parts import (
    Declared,
    Part,
    Parts,
    PartUnreadable,
    SavedPart,
    data_of,
    numbers_of,
    parts_of,
)

NUMBERS = "numbers"  # the part of the memory's whole numbers
_NUMBERS_VERSION = 1
_OF_THE_PLAN = ("configuration", "calibrations")  # what the plan is made of is read first

Some = TypeVar("Some", bound=Memory)


def dump(memory: Memory) -> dict[str, SavedPart]:
    """Save the whole state of a partition; equal states give equal bytes."""
    numbers = {name: getattr(memory, name) for name in numbers_of(type(memory))}
    made = {NUMBERS: SavedPart(_NUMBERS_VERSION, orjson.dumps(numbers))}
    for name, declared in parts_of(type(memory)).items():
        part: Part = getattr(memory, name)
        pack = Packing()
        made[name] = SavedPart(declared.version, to_bytes(part.dump(pack), pack.arrays))
        for block, data in pack.blocks.items():
            made[f"{name}/{block}"] = SavedPart(declared.version, data)
    return made


def load(parts: Parts, memory: Some) -> Some:
    """Fill an empty memory with a saved state. Raises PartUnreadable."""
    declared = parts_of(type(memory))
    for name in parts:
        if name != NUMBERS and name.partition("/")[0] not in declared:
            raise PartUnreadable(name, "this version of the program has no such part")
    for name, number in _numbers(data_of(parts, NUMBERS, _NUMBERS_VERSION), type(memory)).items():
        setattr(memory, name, number)
    for name in _OF_THE_PLAN:
        setattr(memory, name, _load(parts, name, declared[name], memory))
    memory.plan = memory.plan_in_force
    for name in (name for name in declared if name not in _OF_THE_PLAN):
        setattr(memory, name, _load(parts, name, declared[name], memory))
    return memory


def _numbers(saved: bytes, memory: type[Memory]) -> dict[str, int]:
    try:
        found: dict[str, int] = orjson.loads(saved)
    except orjson.JSONDecodeError as error:
        raise PartUnreadable(NUMBERS, str(error)) from error
    names = set(numbers_of(memory))
    if not isinstance(found, dict) or found.keys() != names or {type(n) for n in found.values()} != {int}:
        raise PartUnreadable(NUMBERS, f"not the whole numbers {', '.join(sorted(names))}")
    return found


def _load(parts: Parts, name: str, declared: Declared, memory: Memory) -> Part:
    saved = data_of(parts, name, declared.version)
    blocks = {
        block: data_of(parts, f"{name}/{block}", declared.version)
        for owner, _, block in (other.partition("/") for other in parts)
        if owner == name and block
    }
    try:
        data, arrays = from_bytes(saved)
        return declared.kind.load(data, Unpacked(arrays, blocks), memory.plan)
    except Exception as error:  # whatever bytes that are not ours lead to
        raise PartUnreadable(name, f"{type(error).__name__}: {error}") from error
