"""A publisher that costs little: ready MQTT 3.1.1 packets written in blocks, acknowledgements counted."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

PUBACK = 0x40
_WINDOW = 2000  # unacknowledged messages at most; packet ids must not come round


def _length(n: int) -> bytes:
    out = bytearray()
    while True:
        n, low = divmod(n, 128)
        out.append(low | (0x80 if n else 0))
        if not n:
            return bytes(out)


def _text(text: str | bytes) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return struct.pack(">H", len(data)) + data


def publish_packet(topic: str, payload: bytes, mid: int, retain: bool = False) -> bytes:
    """A PUBLISH at QoS 1 (MQTT 3.1.1, 3.3)."""
    body = _text(topic) + struct.pack(">H", mid) + payload
    return bytes([0x32 | retain]) + _length(len(body)) + body


class Will(NamedTuple):
    """What the broker says for a client whose line breaks, at QoS 1."""

    topic: str
    payload: bytes
    retain: bool = False


class LoadClient:
    """One connection; `publish` returns when the broker has acknowledged everything."""

    def __init__(
        self,
        port: int,
        client_id: str = "load",
        username: str = "load",
        password: str = "load",
        will: Will | None = None,
    ) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        flags = 0xC2 if will is None else 0xC2 | 0x0C | will.retain << 5
        says = () if will is None else (will.topic, will.payload)
        body = b"\x00\x04MQTT\x04" + bytes([flags]) + b"\x00\x00"
        body += b"".join(map(_text, (client_id, *says, username, password)))
        self._socket.sendall(b"\x10" + _length(len(body)) + body)
        answer = self._socket.recv(4)
        if answer[:1] != b"\x20" or answer[3] != 0:
            raise ConnectionError(f"the broker refused the connection: {answer!r}")
        self._mid = 0
        self._part = b""

    def publish(
        self, messages: Sequence[tuple[str, bytes]], per_second: float | None = None, retain: bool = False
    ) -> float:
        """Publish all, at most `per_second`; returns the seconds it took."""
        started = time.perf_counter()
        step = _WINDOW // 2 if per_second is None else max(1, int(per_second * 0.02))
        unacknowledged = 0
        for begin in range(0, len(messages), step):
            if per_second is not None:
                ahead = begin / per_second - (time.perf_counter() - started)
                if ahead > 0:
                    time.sleep(ahead)
            block = messages[begin : begin + step]
            self._socket.sendall(b"".join(self._packets(block, retain)))
            unacknowledged += len(block)
            while unacknowledged > _WINDOW - step:
                unacknowledged -= self._acknowledged()
        while unacknowledged:
            unacknowledged -= self._acknowledged()
        return time.perf_counter() - started

    def close(self) -> None:
        """DISCONNECT."""
        self._socket.sendall(b"\xe0\x00")
        self._socket.close()

    def cut(self) -> None:
        """End without a word, as a line that breaks."""
        self._socket.close()

    def _packets(self, block: Iterable[tuple[str, bytes]], retain: bool) -> Iterable[bytes]:
        for topic, payload in block:
            self._mid = self._mid % 65535 + 1
            yield publish_packet(topic, payload, self._mid, retain)

    def _acknowledged(self) -> int:
        """PUBACKs in what the broker sent; each is exactly four bytes."""
        data = self._part + self._socket.recv(65536)
        whole = len(data) // 4
        self._part = data[whole * 4 :]
        wrong = [data[i * 4] for i in range(whole) if data[i * 4] != PUBACK]
        if wrong or not data:
            raise ConnectionError(f"expected PUBACK, got packet type {wrong[:1]}")
        return whole


def forget(client_id: str, port: int) -> None:
    """End the session of a client that is away: the broker would go on queueing for it."""
    LoadClient(port, client_id).close()  # connects with a clean session
