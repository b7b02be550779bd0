"""What the rounds publish: numbered readings of a county, planned breaches and poison, at a bounded rate."""

from __future__ import annotations

import json
import select
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.counties import device, iso, site, write_county
from tests.mqtt_load import PUBACK, LoadClient, publish_packet

USER = "load"
FRAMED, MN = "h0", "010000A8900016F000169DC0"  # the monitor that speaks HJ 212 over TCP
PER_SECOND = 50
DEVICES, SITES = 100, 12
# A breach of an instant rule is over with the first quarter of an hour without one, so a device that breaches again
# needs another rule: LEVELS of them, and each time round a device goes above one more.
LIMIT, STEP, LEVELS = 1000.0, 20.0, 40
BREACH_EVERY, POISON_EVERY = 53, 67  # coprime with DEVICES: every device has its turn
RECIPIENTS = 3  # of a breach: the sector line, the territorial line, the site itself
MINUTE_RULE = "minute"  # its intervals say how many readings each minute was judged by
_AGAIN_S = 0.1
_MOST_KEPT = 30_000  # packet ids must not come round


@dataclass(frozen=True, slots=True)
class Sent:
    """A reading that was published, or is kept to be: its place in the order, device, instant and value."""

    number: int
    device: str
    time: int  # ms UTC
    pm10: float

    @property
    def breaches(self) -> bool:
        """True if it is above one instant limit more than the last of its device that was above any."""
        return self.pm10 > LIMIT


def write_kill_county(folder: Path, url: str) -> Path:
    """DEVICES monitors and FRAMED at SITES sites under instant rules; who is responsible is told at `url`."""
    hook = [{"kind": "webhook", "url": url}]
    rule = {"citation": "tests", "clause": "1", "status": "read", "pollutant": "pm10"}
    minute = {
        **rule,
        "id": MINUTE_RULE,
        "title": {"zh": "一分钟均值", "en": "mean of a minute"},
        "window": 60,
        "limit": LIMIT,
        "opens": [],
    }
    instants = [
        {
            **rule,
            "id": f"instant-{level}",
            "title": {"zh": "瞬时高值", "en": "single value too high"},
            "window": 0,
            "limit": LIMIT + level * STEP,
            "level": "warning",
            "opens": ["interval"],
        }
        for level in range(LEVELS)
    ]
    return write_county(
        folder,
        [
            device(FRAMED, "site-0", format="hj212", aliases=[MN], interval=1, offline_after=86_400),
            *(
                device(f"d{i:03d}", f"site-{i % SITES}", interval=DEVICES // PER_SECOND, offline_after=86_400)
                for i in range(DEVICES)
            ),
        ],
        [site(f"site-{i}", contacts=[{"name": "项目经理", "channels": hook}]) for i in range(SITES)],
        packs=(),
        local=(minute, *instants),
        channels=hook,
        extra={"ingest.yaml": {"users": [{"name": USER, "kind": "simulator"}]}},
    )


def value_of(number: int) -> float:
    """PM10 of a reading, ug/m3."""
    level = number // (BREACH_EVERY * DEVICES)
    if number % BREACH_EVERY == BREACH_EVERY - 1 and level < LEVELS:
        return LIMIT + level * STEP + STEP / 2
    return 40.0 + (number * 7 // DEVICES) % 43


class _Link(LoadClient):
    """A connection that tells which packets were confirmed."""

    def send(self, mid: int, topic: str, payload: bytes, *, again: bool = False) -> None:
        """PUBLISH at QoS 1; `again`: with the DUP flag."""
        packet = publish_packet(topic, payload, mid)
        self._socket.sendall(bytes([packet[0] | 0x08]) + packet[1:] if again else packet)

    def confirmed(self, within_s: float) -> list[int]:
        """Packet ids of the PUBACKs that came within so many seconds. Raises ConnectionError at the end."""
        if not select.select([self._socket], [], [], within_s)[0]:
            return []
        data = self._part + self._socket.recv(65536)
        if data == self._part:
            raise ConnectionError("the broker has closed the connection")
        whole = len(data) // 4 * 4
        self._part = data[whole:]
        if any(data[i] != PUBACK for i in range(0, whole, 4)):
            raise ConnectionError("expected PUBACK")
        return [int.from_bytes(data[i + 2 : i + 4], "big") for i in range(0, whole, 4)]

    def drop(self) -> None:
        """Close the connection without a word."""
        self._socket.close()


class Publisher(threading.Thread):
    """Publishes for all monitors until halted; what the broker has not confirmed is kept and sent again.

    It measures on while the broker is away, as monitors do. `password`: asked at each connection.
    """

    def __init__(self, port: int, password: Callable[[], str]) -> None:
        super().__init__(name="publisher", daemon=True)
        self.readings: list[Sent] = []
        self.poison: list[tuple[int, bytes]] = []  # (number of the reading after it, payload)
        self.connections = 0
        self.resent = 0
        self.wrong: str | None = None
        self._port, self._password = port, password
        self._halt = threading.Event()
        self._kept: dict[int, tuple[str, bytes]] = {}
        self._mid, self._given_up = 0, False
        self._began, self._began_ms = 0.0, 0

    def finish(self) -> None:
        """Measure no more; the thread ends when all is confirmed."""
        self._halt.set()

    def give_up(self) -> None:
        """End the thread, whatever is confirmed."""
        self._given_up = True
        self._halt.set()
        if self.is_alive():
            self.join(10)

    @property
    def unconfirmed(self) -> int:
        """How many messages are kept."""
        return len(self._kept)

    def run(self) -> None:
        """See the class."""
        self._began, self._began_ms = time.monotonic(), time.time_ns() // 1_000_000
        link: _Link | None = None
        tried = 0.0
        while (self._kept or not self._halt.is_set()) and not self._given_up:
            new = [] if self._halt.is_set() else self._measured()
            if len(self._kept) > _MOST_KEPT:
                self.wrong = f"{len(self._kept)} messages are kept: the broker is away for too long"
                return
            try:
                if link is not None:
                    for mid in new:
                        link.send(mid, *self._kept[mid])
                    for mid in link.confirmed(1 / PER_SECOND):
                        self._kept.pop(mid, None)
                    continue
                if time.monotonic() - tried >= _AGAIN_S:
                    tried = time.monotonic()
                    link = self._connected()
            except OSError:
                if link is not None:
                    link.drop()
                link = None
            if link is None:
                self._halt.wait(1 / PER_SECOND)
        if link is not None:
            link.close()

    def _connected(self) -> _Link:
        """A new connection, on which all that is kept has been sent."""
        link = _Link(self._port, "load", USER, self._password())
        self.connections += 1
        for mid, message in self._kept.items():
            link.send(mid, *message, again=self.connections > 1)
        self.resent += len(self._kept)
        return link

    def _measured(self) -> list[int]:
        """Packet ids of what fell due since it was last asked."""
        due = int((time.monotonic() - self._began) * PER_SECOND)
        new = []
        while len(self.readings) < due:
            number = len(self.readings)
            name = f"d{number % DEVICES:03d}"
            # measured on time, also where the broker held this thread up: a device has one value an instant
            now = self._began_ms + number * 1000 // PER_SECOND
            if number % POISON_EVERY == 0:
                cut = b'{"time": "%s", "cut": %d' % (iso(now).encode(), number)
                self.poison.append((number, cut))
                new.append(self._keep(name, cut))
            value = value_of(number)
            body = {"time": iso(now), "pm10": value, "seq": number}
            self.readings.append(Sent(number, name, now, value))
            new.append(self._keep(name, json.dumps(body).encode()))
        return new

    def _keep(self, name: str, payload: bytes) -> int:
        self._mid = self._mid % 65535 + 1
        self._kept[self._mid] = (f"dust/v1/{name}/readings", payload)
        return self._mid
