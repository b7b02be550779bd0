"""Limits that the promise *nothing acknowledged is lost* needs of any MQTT broker, in one place."""

from __future__ import annotations

IN_FLIGHT = 1000  # messages that the bridge may hold unacknowledged: MQTT 5's Receive Maximum
AWAY_DAYS = 30  # a bridge that stays away for longer has lost its session
MOST_BYTES = 2 * 1024 * 1024  # of a packet; a backlog of a device comes in one message
