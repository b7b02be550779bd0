"""Reasons for answers: their codes, their wording, and their bits in the fold's columns."""

from __future__ import annotations

from processors.records.fault_words import FAULT_WORDS

# Why an answer is what it is; more codes may come, none changes its meaning.
REASONS: dict[str, str] = {
    "low_capture": "fewer slots of the interval are covered than the rule asks for",
    "no_data": "no admitted value in the interval",
    "no_background": "the background of the interval is not known (yet)",
    "no_wind_data": "the site has no wind of the hour, so nobody knows which monitor stood upwind",
    "calm": "the hour was calm: no monitor stood upwind of another",
    "variable_wind": "the wind of the hour came from no steady direction: no monitor stood upwind",
    "no_upwind_monitor": "no monitor with a value stood upwind of the point in the hour",
    "device_silent": "the device was silent at the end of the interval",
    "never_seen": "the device has never sent anything since it was configured",
    "interval_exceeds_window": "the device's interval does not divide the window",
    "values_not_admitted": "values were sent that no mean may use: flagged, failed a check, in maintenance",
    "log_gap": "records of the interval are missing in the log, which an operator has accepted",
    "undetermined_hours": "undetermined intervals of the day could still exceed the allowance",
    "allowance_exceeded": "more intervals exceeded than the clause allows in a day",
    "within_allowance": "some intervals exceeded, no more than the clause allows in a day",
    "instant_above": "a single value above the limit",
    "clear": "values stayed at or below the limit for as long as the rule asks",
    "device_returned": "the silent device was heard again",
    "site_silent": "all devices of the site are silent; people are told of the site as a whole",
    "site_quiet": "the site's other devices are quiet too: the word on the whole site is waited for",
    "site_returned": "a device of the silent site was heard again",
    "site_removed": "the configuration has no devices at the site any more",
    "last_will": "the status topic says offline: the device's last will, or its good-bye",
    "status_online": "the last word of the status topic is online, but no readings come",
    "gap_on_rising_slope": "the gap begins while PM10 rises steeply",
    "gap_under_high_background": "the gap begins while the background of PM10 is high",
    "device_removed": "the device is no longer in the configuration",
    "rule_suspended": "an order from outside has put the rule out of force for this site",
    "suspected": "what the device sends has a pattern that is known from falsified data; a person decides",
    "suspicion_over": "the pattern has not been seen for as long as the suspicion stands without it",
    "late": "found by readings or a background that came too late for anybody to be told",
    "announced": "a cut of power, a shutdown or maintenance that touches it was announced by an order",
    "announced_over": "what was announced is over, and the silence goes on",
    "site_stopped": "work at the site is stopped: that its monitors are silent is recorded, nobody is told",
    "site_at_rest": "the site is planned or finished: nothing is expected of it, and nothing is judged",
    "regional": "the background of the area is above the county's mark and rose at most stations",
    "regional_held": "inside a regional episode: held back from telling, by the county's policy",
    "regional_downgraded": "inside a regional episode: told and assessed a level lower, by county policy",
    **{code: words["en"] for code, words in FAULT_WORDS.items()},
    "rule_removed": "the configuration no longer has the rule for this device",
}

RISING_REASON, BACKGROUND_REASON = "gap_on_rising_slope", "gap_under_high_background"
RISING, HIGH_BACKGROUND = 1, 2  # bits of how a gap began
GAP_REASONS: tuple[tuple[str, ...], ...] = (
    (),
    (RISING_REASON,),
    (BACKGROUND_REASON,),
    (RISING_REASON, BACKGROUND_REASON),
)

# Bits of reasons.
LOW, NO_DATA, SILENT, NEVER_SEEN, INTERVAL, NO_BACKGROUND, LOST, NOT_ADMITTED = (1 << bit for bit in range(8))
BEGAN = 8  # from this bit on: how the gap began (`RISING`, `HIGH_BACKGROUND`)
# why no monitor of the site gives a background, in the order of wind.pairing.PAIR_REASONS from the second
NO_WIND, CALM, VARIABLE, NO_UPWIND = (1 << bit for bit in range(10, 14))
ANNOUNCED_CUT = 1 << 14
REMARKS = ANNOUNCED_CUT  # said beside an answer; what can be judged is judged all the same
OF_BACKGROUND = NO_BACKGROUND | NO_WIND | CALM | VARIABLE | NO_UPWIND
_CODES = (
    "low_capture",
    "no_data",
    "device_silent",
    "never_seen",
    "interval_exceeds_window",
    "no_background",
    "log_gap",
    "values_not_admitted",
    RISING_REASON,
    BACKGROUND_REASON,
    "no_wind_data",
    "calm",
    "variable_wind",
    "no_upwind_monitor",
    "announced",
)


class _Reasons(dict[int, tuple[str, ...]]):
    """Bits -> codes, sorted; built on first use."""

    def __missing__(self, bits: int) -> tuple[str, ...]:
        made = self[bits] = tuple(sorted(code for bit, code in enumerate(_CODES) if bits >> bit & 1))
        return made


REASONS_OF = _Reasons()
