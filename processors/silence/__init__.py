"""Devices that should be sending and are not, and what is wrong with those that send.

`heard` tracks when each device was last heard, `offline` decides when people are told; `device_gaps` and
`gap_onset` describe how a gap began, `connections` holds what the status topic reported, `own_outage`
detects outages of our own, during which the devices are not to blame. `device_faults` has the faults of
devices that speak.
"""

from __future__ import annotations

from processors.silence.announced import ANNOUNCED, SITE_STOPPED, cuts, excuses
from processors.silence.connections import Connections
from processors.silence.offline import AT_REST, SITE_SILENT, Expected, UntoldSilences
from processors.silence.device_faults import (
    CLOCK_FAULT,
    IN_SERVICE,
    OF_A_FAULT,
    DeviceFaults,
    Seen,
    clock_kinds,
)
from processors.silence.device_gaps import DeviceGaps, GapContext
from processors.silence.gap_onset import Bits
from processors.silence.heard import Heard
from processors.silence.own_outage import Outage, is_gap
