"""Telemetry of a service: counters by reason, gauges, and its liveness and readiness.

Every discard of a value, message or record goes through `Telemetry.discard`, with its reason.
"""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge

Probe = Callable[[], str | None]  # None: well; otherwise what is wrong, in words


class Telemetry:
    """The metrics and probes of one service process; safe to use from several threads."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.registry = CollectorRegistry()
        self._alive: dict[str, Probe] = {}
        self._ready: dict[str, Probe] = {}
        self.records = self._counter("records", "Records or messages taken in", "kind")
        self.discards = self._counter("discards", "What was not used, by reason", "reason")
        self.tolerated = self._counter(
            "tolerated", "Readings taken although something was odd, by what", "what"
        )
        self.quarantined = self._counter("quarantined", "Messages put into quarantine", "reason")
        self.notices = self._counter("notices", "Messages without a measurement, by kind", "kind")
        self.written = self._counter("written", "Outputs made durable", "kind")
        self.faults = self._counter("faults", "Faults survived, by kind", "kind")
        self.last_tick = self._gauge("last_tick_seconds", "Clock instant of the last tick (epoch seconds)")
        self.last_reading = self._gauge("last_reading_seconds", "Clock instant of the last reading")
        self.lag = Gauge(
            "dustwatch_lag_records", "Records not yet handled", ["partition"], registry=self.registry
        )
        self.waiting = Gauge(
            "dustwatch_waiting", "Things held back, by kind", ["kind"], registry=self.registry
        )

    def discard(self, reason: str, count: int = 1) -> None:
        """Count something that was not used."""
        self.discards.labels(reason).inc(count)

    def alive_when(self, name: str, probe: Probe) -> None:
        """Register a probe of /healthz."""
        self._alive[name] = probe

    def ready_when(self, name: str, probe: Probe) -> None:
        """Register a probe of /readyz."""
        self._ready[name] = probe

    def started(self, name: str) -> None:
        """Take a probe of /readyz away that stood for a part of the start: the next part has its own."""
        self._ready.pop(name, None)

    def unwell(self) -> dict[str, str]:
        """Failing liveness probes with their messages."""
        return _failing(self._alive)

    def unready(self) -> dict[str, str]:
        """Failing probes of both kinds with their messages; without any readiness probe: still starting."""
        if not self._ready:
            return {"start": "still starting"}
        return {**_failing(self._alive), **_failing(self._ready)}

    def _counter(self, name: str, text: str, label: str) -> Counter:
        return Counter(f"dustwatch_{name}", text, [label], registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"dustwatch_{name}", text, registry=self.registry)


def _failing(probes: dict[str, Probe]) -> dict[str, str]:
    said = {name: probe() for name, probe in probes.items()}
    return {name: words for name, words in said.items() if words is not None}
