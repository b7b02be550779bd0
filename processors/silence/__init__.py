"""Devices that should be sending and are not.

`heard` knows who was heard when, `offline` when people are told; `device_gaps` and `gap_onset` say how a
gap began, `connections` what the status topic said, `own_outage` what was our fault and not theirs.
"""

from __future__ import annotations

from processors.silence.connections import Connections
from processors.silence.offline import SITE_SILENT, UntoldSilences
from processors.silence.device_gaps import DeviceGaps, GapContext
from processors.silence.gap_onset import Bits
from processors.silence.heard import Heard
from processors.silence.own_outage import Outage, is_gap
