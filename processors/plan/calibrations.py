"""Calibrations reported in the log: corrections of monitors' values, besides those of the configuration.

A signal of kind `calibration` names a monitor, and a window in which its values do not represent air, or
corrections with the instant from which each applies, or both. Corrections apply to readings that arrive after
the record, as those of a configuration do; of two for one instant the later one applies, and the log's takes
precedence over the configuration's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from ingest.records import Revision, Signal
from processors.columns import Rowless
from processors.plan.monitors import corrections_of, raw_ceilings
from processors.plan.plan import Plan
from processors.quality import Limits
from processors.windows import Horizons


class ToldCorrection(NamedTuple):
    """A correction as the log reported it; `since`: ms UTC, from which it applies to what is measured."""

    id: str  # of the signal
    received_at: int
    device: str
    pollutant: str
    since: int
    slope: float
    offset: float  # ug/m3
    factor: float

    @property
    def entry(self) -> dict[str, Any]:
        """The correction as an entry of a device's `calibration` in the body of a revision."""
        return {
            "from": self.since,
            "pollutant": self.pollutant,
            "slope": self.slope,
            "offset": self.offset,
            "factor": self.factor,
        }


def told_by(record: Signal) -> list[ToldCorrection]:
    """Corrections that a signal carries."""
    if record.device is None:
        return []
    return [
        ToldCorrection(
            record.id,
            record.received_at,
            record.device,
            one["pollutant"],
            one["from"],
            one["slope"],
            one["offset"],
            one["factor"],
        )
        for one in record.calibration or ()
    ]


@dataclass(slots=True)
class Calibrations(Rowless):
    """Corrections that may still matter, in the order of the log; also of monitors of other partitions."""

    held: list[ToldCorrection] = field(default_factory=list)

    def add(self, record: Signal) -> bool:
        """Take in the corrections of a signal; False if there are none, or they are known."""
        made = told_by(record)
        if not made or any(one.id == record.id for one in self.held):
            return False
        self.held += made
        return True

    def plan(self, plan: Plan, revision: Revision) -> Plan:
        """The plan of a revision with these corrections added to its own."""
        by_device: dict[str, list[dict[str, Any]]] = {}
        for one in self.held:
            if one.device in plan.row_of:
                by_device.setdefault(one.device, []).append(one.entry)
        return recalibrated(plan, revision.body["devices"], by_device) if by_device else plan

    def forget(self, until: Horizons) -> None:
        """Forget corrections replaced so long ago that no reading of their time will be judged any more."""
        newest: dict[tuple[str, str], int] = {}
        for one in self.held:
            if one.since <= until.late:
                key = one.device, one.pollutant
                newest[key] = max(newest.get(key, one.since), one.since)
        self.held = [
            one for one in self.held if one.since >= newest.get((one.device, one.pollutant), one.since)
        ]

    def dump(self, pack: object) -> list[list[Any]]:
        """The state as JSON data."""
        return [list(one) for one in self.held]

    @classmethod
    def load(cls, data: list[list[Any]], arrays: object, plan: object) -> Calibrations:
        """The inverse of `dump`."""
        return cls([ToldCorrection(*one) for one in data])


def recalibrated(
    plan: Plan, devices: Sequence[dict[str, Any]], more: Mapping[str, Sequence[dict[str, Any]]]
) -> Plan:
    """The plan with corrections from the log; `more`: device -> entries, of which the later takes precedence.

    `devices`: those of the body of the plan's revision.
    """
    own = {device["id"]: device.get("calibration") or () for device in devices}
    tables = corrections_of([{"calibration": [*own[d], *more.get(d, ())]} for d in plan.devices])
    told = plan.limits.monitors
    known = replace(told, maximum=np.maximum(told.maximum, plan.ceilings))  # of either one is -1
    monitors, ceilings = raw_ceilings(known, tables)
    limits = Limits.of(plan.limits.settings, monitors)
    return replace(plan, corrections=tables, ceilings=ceilings, limits=limits)
