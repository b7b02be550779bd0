"""Topic filters of the county: those that the bridge reads, and what a filter matches (MQTT 5.0, 4.7)."""

from __future__ import annotations

from ingest.register import Register

BACKGROUND_FILTER = "dust/v1/background/+"
SIGNALS_FILTER = "dust/v1/signals/+"
STATUS_FILTER = "dust/v1/+/status"


def matches(pattern: str, topic: str) -> bool:
    """True if an MQTT topic filter matches a topic (MQTT 5.0, section 4.7)."""
    if topic.startswith("$") and pattern[:1] in "+#":
        return False
    wanted, levels = pattern.split("/"), topic.split("/")
    for index, level in enumerate(wanted):
        if level == "#":
            return True
        if index >= len(levels) or level not in ("+", levels[index]):
            return False
    return len(wanted) == len(levels)


def filters_of(register: Register) -> list[str]:
    """The topic filters whose messages the resolver reads."""
    return list(
        dict.fromkeys([*(rule.filter for rule in register.ingest.filters), BACKGROUND_FILTER, SIGNALS_FILTER])
    )


def covers(broad: str, narrow: str) -> bool:
    """True if every topic that `narrow` (a topic or a filter) matches is matched by `broad`."""
    wanted, levels = broad.split("/"), narrow.split("/")
    for place, level in enumerate(wanted):
        if level == "#":
            return True
        if place >= len(levels) or levels[place] == "#" or level not in ("+", levels[place]):
            return False
    return len(wanted) == len(levels)
