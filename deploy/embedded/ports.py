"""Loopback ports for servers that are about to start, never the same one for two of them.

Seconds may pass between choosing a port and listening on it: a JVM boots. So a port is leased: the UDP socket
of the same number is held until the process ends, and nobody else who asks here gets it. The kernel gives the
ports of its ephemeral range to any outgoing connection, so free ones are sought below that range.
"""

from __future__ import annotations

import random
import socket

HOST = "127.0.0.1"
RANGE = range(20_000, 32_768)  # below what Linux (32768) and macOS (49152) give to outgoing connections
_leases: dict[int, socket.socket] = {}


class NoPort(OSError):
    """There is no free port in the whole range."""


def lease(port: int) -> bool:
    """Take a port for this process until it ends; False if it is taken or something listens there."""
    if port in _leases:
        return False
    held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        held.bind((HOST, port))
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: TIME_WAIT is free
            probe.bind((HOST, port))
    except OSError:
        held.close()
        return False
    _leases[port] = held
    return True


def free_port() -> int:
    """A loopback port reserved for this process until it ends. Raises NoPort."""
    for port in random.sample(RANGE, len(RANGE)):
        if lease(port):
            return port
    raise NoPort(f"no free port on {HOST} from {RANGE.start} to {RANGE.stop - 1}")


def usual_or_free(port: int) -> int:
    """The usual port of a service, or a free one if another county on this machine has it."""
    return port if lease(port) else free_port()
