"""A monitor that speaks HJ 212 over TCP: what the gateway has not answered is kept and sent again."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ingest.decoders.hj212.ack import build_frame
from tests.kills.load import FRAMED, MN, Sent

_AGAIN_S, _ANSWERED_WITHIN_S = 0.2, 20.0


class FrameMonitor(threading.Thread):
    """A reading each second until halted: the format's instants are whole seconds. It measures on while the gateway is away, as monitors do.

    `port` is asked at each connection (None: nobody knows it now), `number` at each reading.
    """

    def __init__(self, port: Callable[[], int | None], number: Callable[[], int]) -> None:
        super().__init__(name="frames", daemon=True)
        self.readings: list[Sent] = []  # each with the number of the other readings' next one
        self._port, self._number = port, number
        self._halt, self._given_up = threading.Event(), threading.Event()
        self._kept: dict[bytes, bytes] = {}  # QN -> frame
        self._heard = 0.0
        self._part = b""

    def finish(self) -> None:
        """Measure no more; the thread ends when all is answered."""
        self._halt.set()

    def give_up(self) -> None:
        """End the thread, whatever is answered."""
        self._given_up.set()
        if self.is_alive():
            self.join(10)

    def run(self) -> None:
        """See the class."""
        link: socket.socket | None = None
        while (self._kept or not self._halt.is_set()) and not self._given_up.is_set():
            new = [] if self._halt.is_set() else self._measured()
            try:
                if link is None:
                    link = self._connected()
                elif not self._exchanged(link, new):
                    link.close()
                    link = None
            except OSError:
                if link is not None:
                    link.close()
                link = None
            if link is None:
                self._given_up.wait(_AGAIN_S)
        if link is not None:
            link.close()

    def _connected(self) -> socket.socket | None:
        """A new connection, on which all that is kept has been sent; None while nobody listens."""
        port = self._port()
        if port is None:
            return None
        link = socket.create_connection(("127.0.0.1", port), 5)
        with contextlib.ExitStack() as undo:
            undo.callback(link.close)
            for frame in self._kept.values():
                link.sendall(frame)
            undo.pop_all()
        self._heard, self._part = time.monotonic(), b""
        return link

    def _exchanged(self, link: socket.socket, new: list[bytes]) -> bool:
        """Send what is new and take answers; False when a new connection is due."""
        for qn in new:
            link.sendall(self._kept[qn])
        if not select.select([link], [], [], _AGAIN_S)[0]:
            return not self._kept or time.monotonic() - self._heard < _ANSWERED_WITHIN_S
        data = link.recv(65536)
        *lines, self._part = (self._part + data).split(b"\r\n")
        for line in lines:
            if b"CN=9014" in line:
                self._kept.pop(line.partition(b"QN=")[2].partition(b";")[0], None)
        self._heard = time.monotonic()
        return bool(data)

    def _measured(self) -> list[bytes]:
        """QN of what fell due since it was last asked: one for each whole second that has begun."""
        second = int(time.time())
        last = self.readings[-1].time // 1000 if self.readings else second - 1
        new = []
        for at in range(last + 1, second + 1):
            value = 40.0 + at % 43
            self.readings.append(Sent(self._number(), FRAMED, at * 1000, value))
            local = f"{datetime.fromtimestamp(at, UTC) + timedelta(hours=8):%Y%m%d%H%M%S}"
            words = f"DataTime={local};a34002-Rtd={value},a34002-Flag=N"
            qn = f"{local}000"
            self._kept[qn.encode()] = build_frame(
                f"QN={qn};ST=39;CN=2011;PW=123456;MN={MN};Flag=9;CP=&&{words}&&"
            )
            new.append(qn.encode())
        return new
