"""Detection of the platform's own faults: no ticks, a stuck stage, a growing quarantine, a dead channel, an
area without background, messages from somebody who may not send them, what should have been told and was not.

Pure: its input is what was observed and when, in seconds of a monotonic clock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from alerts.routing import Watch

TICKS = "ticks"
QUARANTINE = "quarantine"
UNWRITABLE = "unwritable"
REFUSED = "refused"
BACKGROUND = "background"
UNTOLD = "untold"
# Kinds of remarks that somebody has to do something about, once a device: the configuration lacks a word.
REMARKED = ("unknown_key", "label")
REMARKED_WITHIN_S = 25 * 3600.0  # what lasts is remarked upon every hour
_NAMED = 5  # devices in one message
REFUSED_WITHIN_S = 3600.0  # since the last one; told once until then


class ChannelTrouble(NamedTuple):
    """A channel that delivers nothing: number of messages waiting or failed, and its last answer."""

    channel: str
    waiting: int
    failed: int
    reason: str


class StageProgress(NamedTuple):
    """Offset up to which a stage has acknowledged a partition, and the end of the partition."""

    acknowledged: int
    end: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Findings of one round of observation; None: could not be observed."""

    at: float
    last_tick: float | None = None  # when a tick last came in
    reached: Mapping[str, Mapping[int, StageProgress]] = field(default_factory=dict)  # stage -> partition
    quarantined: int | None = None  # messages ever put there
    troubles: Sequence[ChannelTrouble] = ()
    set_aside: Sequence[str] | None = None  # cases and messages that could not be written lately, in words
    # area -> seconds since the end of its newest hour of background, and whether any has come
    backgrounds: Mapping[str, tuple[float, bool]] = field(default_factory=dict)
    refused: Sequence[str] = ()  # messages refused since the sample before: whose, and why
    # tellings that were due a minute ago and stand nowhere, cases that time woke nobody for, some by name
    untold: tuple[int, int, str] | None = None
    remarks: Sequence[tuple[str, str, str]] = ()  # since the sample before: kind, device, names


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Faults found, with their facts, and the names of those certainly absent."""

    faults: dict[str, dict[str, Any]]
    well: frozenset[str]


class FaultDetector:
    """Compares each sample with those before it.

    A condition that can't be determined yet counts neither as a fault nor as healthy.
    """

    def __init__(self, limits: Watch, started: float) -> None:
        self._limits = limits
        self._started = started
        self._still: dict[tuple[str, int], tuple[int, float]] = {}  # acknowledged offset, since when
        self._moved: set[str] = set()  # stages that were seen to work
        self._quarantined: deque[tuple[float, int]] = deque()
        self._refused = 0  # until none comes for a while
        self._remarked: dict[str, dict[str, str]] = {}  # kind -> device -> names
        self._remarked_last: dict[str, float] = {}
        self._refused_last: tuple[float, str] | None = None

    def diagnose(self, sample: Sample) -> Diagnosis:
        """Faults present as of this sample."""
        faults: dict[str, dict[str, Any]] = {}
        well: set[str] = set()
        self._ticks(sample, faults, well)
        for stage, partitions in sample.reached.items():
            self._stage(stage, partitions, sample.at, faults, well)
        self._quarantine(sample, faults, well)
        for trouble in sample.troubles:
            faults[f"delivery/{trouble.channel}"] = trouble._asdict()
        if sample.set_aside:
            faults[UNWRITABLE] = {"count": len(sample.set_aside), "reason": sample.set_aside[-1]}
        elif sample.set_aside is not None:
            well.add(UNWRITABLE)
        if sample.untold is not None:
            told_late, unwoken, named = sample.untold
            if told_late or unwoken:
                faults[UNTOLD] = {"tellings": told_late, "cases": unwoken, "reason": named}
            else:
                well.add(UNTOLD)
        self._backgrounds(sample, faults, well)
        self._identities(sample, faults, well)
        self._remarks(sample, faults, well)
        return Diagnosis(faults, frozenset(well))

    def _ticks(self, sample: Sample, faults: dict[str, dict[str, Any]], well: set[str]) -> None:
        silent = sample.at - (self._started if sample.last_tick is None else sample.last_tick)
        if silent > self._limits.ticks_stopped:
            faults[TICKS] = {"seconds": round(silent)}
        elif sample.last_tick is not None:
            well.add(TICKS)

    def _stage(
        self,
        stage: str,
        partitions: Mapping[int, StageProgress],
        at: float,
        faults: dict[str, dict[str, Any]],
        well: set[str],
    ) -> None:
        stuck: dict[int, float] = {}
        waits = False
        for partition, progress in partitions.items():
            key = (stage, partition)
            before, since = self._still.get(key, (progress.acknowledged, at))
            if progress.acknowledged != before or progress.end <= progress.acknowledged:
                if progress.acknowledged != before:
                    self._moved.add(stage)
                since = at
            self._still[key] = (progress.acknowledged, since)
            waits |= progress.end > progress.acknowledged
            if at - since > self._limits.stage_stuck:
                stuck[partition] = since
        name = f"stage/{stage}"
        if stuck:
            faults[name] = {
                "stage": stage,
                "seconds": round(at - min(stuck.values())),
                "lag": sum(partitions[p].end - partitions[p].acknowledged for p in stuck),
                "reason": f"partition {', '.join(str(p) for p in sorted(stuck))}",
            }
        elif partitions and (stage in self._moved or not waits):
            well.add(name)

    def _quarantine(self, sample: Sample, faults: dict[str, dict[str, Any]], well: set[str]) -> None:
        if sample.quarantined is None:
            return
        seen = self._quarantined
        seen.append((sample.at, sample.quarantined))
        while len(seen) > 1 and seen[1][0] <= sample.at - self._limits.quarantine_within:
            seen.popleft()
        grown = sample.quarantined - seen[0][1]
        if grown > self._limits.quarantine_more_than:
            faults[QUARANTINE] = {"count": grown, "seconds": self._limits.quarantine_within}
        elif sample.at - seen[0][0] >= self._limits.quarantine_within:
            well.add(QUARANTINE)

    def _backgrounds(self, sample: Sample, faults: dict[str, dict[str, Any]], well: set[str]) -> None:
        for area, (age, known) in sample.backgrounds.items() if self._limits.background_missing else ():
            name = f"{BACKGROUND}/{area}"
            if age > self._limits.background_missing:
                faults[name] = {"area": area, "seconds": round(age)}
            elif known:
                well.add(name)

    def _remarks(self, sample: Sample, faults: dict[str, dict[str, Any]], well: set[str]) -> None:
        for kind, device, names in sample.remarks:
            if kind in REMARKED:
                self._remarked.setdefault(kind, {})[device] = names
                self._remarked_last[kind] = sample.at
        for kind in REMARKED:
            devices = self._remarked.get(kind, {})
            if sample.at - self._remarked_last.get(kind, self._started) >= REMARKED_WITHIN_S:
                self._remarked.pop(kind, None)
                well.add(kind)
            elif devices:
                listed = "; ".join(f"{name}: {said}" for name, said in sorted(devices.items())[:_NAMED])
                faults[kind] = {"count": len(devices), "reason": listed}

    def _identities(self, sample: Sample, faults: dict[str, dict[str, Any]], well: set[str]) -> None:
        if sample.refused:
            self._refused += len(sample.refused)
            self._refused_last = sample.at, sample.refused[-1]
        since, words = self._refused_last or (self._started, "")
        if sample.at - since >= REFUSED_WITHIN_S:
            self._refused, self._refused_last = 0, None
            well.add(REFUSED)
        elif self._refused:
            faults[REFUSED] = {"count": self._refused, "reason": words}
