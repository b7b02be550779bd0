"""Opening of a partition: from the newest readable state, or from a log that reaches back far enough.

A part of a state that is missing, damaged or of another version is always handled the same way: it is
reported, and the state before it is used, or everything is folded anew. If neither gives the same state, the
process ends and names the command that continues with a different one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import structlog

from processors.fold import Parts, PartUnreadable
from processors.stream.reader import FeedError, LogGap, LogShort, Reader
from processors.stream.snapshots import Damage, Damaged, Manifest, Snapshots, StateSearch

log = structlog.get_logger(__name__)

Restore = Callable[[Parts | None], None]  # raises PartUnreadable


@dataclass(frozen=True, slots=True)
class Assignment:
    """A partition of a stage; `state`: the name of its states, `former`: names that these had before.

    A state is what the log comes to: where there is none of its own name the one of a former name is taken.
    """

    stage: str
    state: str
    topic: str
    partition: int
    former: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Start:
    """Offset to fold next, offset that folding began at (`Snapshot.begun`), keys of earlier states."""

    next: int
    begun: int
    keys: frozenset[bytes]


class SnapshotUnreadable(FeedError):
    """No state can be read, and the log doesn't reach back to where it was begun; ends with exit code 2."""

    def __init__(
        self, assignment: Assignment, damages: list[Damage], newest: Manifest | None, log_start: int
    ) -> None:
        self.assignment, self.damages, self.newest, self.log_start = assignment, damages, newest, log_start
        read = "; ".join(damage.words() for damage in damages)
        where = f"{assignment.topic} partition {assignment.partition}"
        super().__init__(
            f"{assignment.stage}: the state of {where} cannot be read ({read}), "
            f"and the log begins at offset {log_start}: folded anew from there it would be another one. To "
            "go on with a new one, and have the intervals it touches judged undetermined, stop the stages "
            "and run `dustwatch feed accept-gap`"
        )


async def start_of(assignment: Assignment, snapshots: Snapshots, reader: Reader, restore: Restore) -> Start:
    """Restores the newest readable state. Raises LogGap, LogShort, SnapshotUnreadable."""
    search = snapshots.search(assignment.state, assignment.partition)
    damages: list[Damage] = []
    newest: Manifest | None = None
    async for found in _candidates(assignment, snapshots, search):
        if isinstance(found, Damage):
            _say(assignment, found, damages)
            continue
        # After it: a worker before us may have covered records that came while we looked.
        begin, end = await reader.bounds(assignment.topic, assignment.partition)
        is_newest = newest is None and not damages
        newest = newest or found
        if not begin <= found.next <= end and not is_newest:
            continue  # an older state from which the log does not go on
        if found.next < begin:
            raise LogGap(assignment.topic, assignment.partition, found.next, begin)
        if found.next > end:
            raise LogShort(assignment.topic, assignment.partition, found.next, end)
        try:
            restore(await snapshots.read(found, assignment.partition))
        except Damaged as error:
            _say(assignment, error.damage, damages)
        except PartUnreadable as error:
            _say(assignment, Damage(error.part, found.where(error.part), error.why), damages)
        else:
            return Start(found.next, found.begun, frozenset(search.keys))
    begin, end = await reader.bounds(assignment.topic, assignment.partition)
    if damages:
        begun = 0 if newest is None else newest.begun
        if not begin <= begun <= end:
            raise SnapshotUnreadable(assignment, damages, newest, begin)
        begin = begun
        log.error("state_folded_anew", stage=assignment.stage, partition=assignment.partition, next=begin)
    else:
        log.info("starts_from_nothing", stage=assignment.stage, partition=assignment.partition, next=begin)
    restore(None)
    return Start(begin, begin, frozenset(search.keys))


async def _candidates(
    assignment: Assignment, snapshots: Snapshots, own: StateSearch
) -> AsyncIterator[Manifest | Damage]:
    """Of the first name under which there is anything."""
    searches = [own, *(snapshots.search(name, assignment.partition) for name in assignment.former)]
    for search in searches:
        there = False
        async for found in search.candidates():
            there = True
            yield found
        if there:
            return


def _say(assignment: Assignment, damage: Damage, damages: list[Damage]) -> None:
    damages.append(damage)
    log.error(
        "snapshot_unreadable",
        stage=assignment.stage,
        partition=assignment.partition,
        part=damage.part,
        offset=damage.offset,
        why=damage.why,
    )
