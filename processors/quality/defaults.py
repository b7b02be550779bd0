"""Default thresholds of the checks, each with its reason.

No standard for construction-dust monitors sets any of them as far as could be confirmed: unless a line
says otherwise, a number is **a proposal of this project**, chosen so that a real dust storm (PM10 up to
a sensor's ceiling within a minute) and the plume of a passing truck lose no value to a *fail*: what fails
lowers capture, what is suspect stays in the means unless a rule says otherwise. In ug/m3 and seconds.
"""

from __future__ import annotations

from typing import Any

# Codes that loggers send for "no value": all ones in 16 bits, also with one decimal, and five nines.
_CODES = (65_535, 6553.5, 99_999)

# Dust monitors end their range at 20 to 30 mg/m3, and the worst storms on record stay near 10 mg/m3
# (as `ingest.units` says); dust can't be negative, but an instrument's zero may drift a little below.
_GROSS_RANGE = {"fail": (-5, 30_000), "suspect": (0, 10_000)}
_FINE_RANGE = {"fail": (-5, 10_000), "suspect": (0, 2_000)}

# One-minute plumes of several hundred ug/m3 are what a site monitor is there to see.
_SPIKE = {"suspect": 1_000, "fail": 5_000}
_RATE_OF_CHANGE = {"suspect_per_s": 200, "fail_per_s": 2_000}

# At 0.1 ug/m3 an hour of equal minutes is no air; monitors that show whole ug/m3 may rest longer at night.
_FLAT_LINE = {"suspect_s": 3_600, "fail_s": 4 * 3_600, "least_values": 12}

# Half of the last digit that monitors show; no fail: clean, still air is quiet, and a stuck sensor is
# found by the flat line.
_ATTENUATED = {"period_s": 900, "suspect": 0.05, "fail": 0, "least_values": 10}

# Gross differences only: ten times the others and 1 mg/m3 more, or a tenth of them and 200 ug/m3 less.
_NEIGHBOUR = {"bin_s": 900, "least_others": 2, "above": (10, 1_000), "below": (10, 200)}
# Below a quarter of the background by more than 50 ug/m3; above it is what exceedances look like.
_BACKGROUND = {"bin_s": 900, "above": None, "below": (4, 50)}

_COARSE = {
    "gross_range": _GROSS_RANGE,
    "ceiling": {"pinned": (), "codes": _CODES},
    "spike": _SPIKE,
    "rate_of_change": _RATE_OF_CHANGE,
    "flat_line": _FLAT_LINE,
    "attenuated_signal": _ATTENUATED,
    "neighbour": _NEIGHBOUR,
    "background": _BACKGROUND,
}
DEFAULTS: dict[str, Any] = {
    # 1999.9 and 999.9 are where an SDS011 is pinned in the recorded dust storm.
    "pm10": {**_COARSE, "ceiling": {"pinned": (1999.9,), "codes": _CODES}},
    "pm2_5": {
        **_COARSE,
        "gross_range": _FINE_RANGE,
        "ceiling": {"pinned": (999.9,), "codes": _CODES},
        "spike": {"suspect": 500, "fail": 2_500},
        "rate_of_change": {"suspect_per_s": 100, "fail_per_s": 1_000},
    },
    "tsp": _COARSE,
    # A tenth and 5 ug/m3 is the noise of two channels; double and 50 is a channel that is broken.
    "pm_order": {"suspect_permille": 100, "suspect_plus": 5, "fail_permille": 1_000, "fail_plus": 50},
    # Above 90 % rain and fog raise light-scattering readings (reported). No fail: a foggy night would
    # leave a whole county undetermined, which a county has to want.
    "humidity": {"suspect_above": 90, "fail_above": None},
    # A minute of drift is common; an hour is a wrong zone. A day behind is a back-filled gap at best; 30
    # days is what the log holds.
    "clock": {
        "ahead_suspect_s": 120,
        "ahead_fail_s": 3_600,
        "behind_suspect_s": 86_400,
        "behind_fail_s": 30 * 86_400,
    },
}
