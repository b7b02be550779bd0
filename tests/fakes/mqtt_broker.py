"""A broker that a test operates by hand: it accepts one client and remembers every acknowledgement."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from pathlib import Path

_CONNACK, _SUBACK, _PINGRESP, _PUBLISH = 0x20, 0x90, 0xD0, 0x30
_UNSUBSCRIBE, _UNSUBACK = 0xA2, 0xB0
_CONNECT, _SUBSCRIBE, _PINGREQ, _PUBACK, _DISCONNECT = 0x10, 0x82, 0xC0, 0x40, 0xE0


CERTIFICATE = Path(__file__).parent / "tls" / "certificate.pem"  # of 127.0.0.1, signed by itself


def _server_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, CERTIFICATE.with_name("key.pem"))
    return context


class FakeBroker:
    """Speaks MQTT 5 and 3.1.1 as far as a subscriber needs it; one connection at a time counts.

    The first of all, on which a bridge only names its filters, counts as none; the next finds its session.
    """

    def __init__(self, tls: bool = False) -> None:
        self._tls = _server_context() if tls else None
        self.naming: bytes | None = None  # what the first CONNECT said, without its fixed header
        self.connects: list[bytes] = []  # and each after it
        self.acknowledged: list[int] = []  # of the present connection, in order of arrival
        self.connections = 0
        self.clean_starts: list[bool] = []
        self.filters: list[str] = []
        self.asked: list[list[str]] = []  # filters of every SUBSCRIBE
        self.left: list[str] = []  # filters of every UNSUBSCRIBE
        self.refuse_with: int | None = None
        self.publish_reason = 0  # what a client that publishes is answered
        self._server: asyncio.Server | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._changed = asyncio.Event()
        self._mqtt5 = True
        self.port = 0

    async def start(self) -> FakeBroker:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        """Go away with the connection, as a broker that is killed."""
        assert self._server is not None
        self._server.close()
        self.drop()

    @property
    def url(self) -> str:
        return f"mqtt{'s' if self._tls else ''}://127.0.0.1:{self.port}"

    def drop(self) -> None:
        """Cut the connection."""
        if self._writer is not None:
            self._writer.transport.abort()

    def dismiss(self, reason: int) -> None:
        """Say good-bye with a reason."""
        assert self._writer is not None
        self._writer.write(bytes([_DISCONNECT, 2, reason, 0]))
        self._writer.close()

    def publish(
        self, mid: int, topic: str, payload: bytes, *, dup: bool = False, retain: bool = False
    ) -> None:
        """Hand the client a message at QoS 1."""
        assert self._writer is not None
        name = topic.encode()
        properties = b"\x00" if self._mqtt5 else b""
        body = struct.pack(">H", len(name)) + name + struct.pack(">H", mid) + properties + payload
        length = bytearray()
        rest = len(body)
        while True:
            rest, low = divmod(rest, 128)
            length.append(low | (0x80 if rest else 0))
            if not rest:
                break
        self._writer.write(bytes([0x32 | dup << 3 | retain]) + bytes(length) + body)

    async def until(self, connections: int) -> None:
        """Wait for the n-th connection with its subscription."""
        while self.connections < connections or not self.filters:
            self._changed.clear()
            await self._changed.wait()

    async def until_left(self, count: int) -> None:
        """Wait for so many filters that are no longer wanted."""
        while len(self.left) < count:
            self._changed.clear()
            await self._changed.wait()

    async def until_acknowledged(self, count: int) -> list[int]:
        """Wait for so many acknowledgements on this connection."""
        while len(self.acknowledged) < count:
            self._changed.clear()
            await self._changed.wait()
        return self.acknowledged

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                first, length, shift = (await reader.readexactly(1))[0], 0, 0
                while True:
                    byte = (await reader.readexactly(1))[0]
                    length |= (byte & 0x7F) << shift
                    shift += 7
                    if not byte & 0x80:
                        break
                self._handle(first, await reader.readexactly(length), writer)
                self._changed.set()
                await writer.drain()
        writer.close()

    def _handle(self, first: int, body: bytes, writer: asyncio.StreamWriter) -> None:
        if first == _CONNECT:
            self.clean_starts.append(bool(body[7] & 0x02))
            if self.refuse_with is not None:
                writer.write(bytes([_CONNACK, 3, 0, self.refuse_with, 0]))
                writer.close()
                return
            self._mqtt5 = body[6] == 5
            present = self.naming is not None and not self.connects
            if self.naming is None:
                self.naming = body
            else:
                self.connects.append(body)
                self._writer, self.acknowledged = writer, []
                self.filters = self.filters if present else []
                self.connections += 1
            writer.write(bytes([_CONNACK, 3, present, 0, 0] if self._mqtt5 else [_CONNACK, 2, present, 0]))
        elif first == _SUBSCRIBE:
            at, names = 3 + body[2] if self._mqtt5 else 2, []
            while at < len(body):
                end = at + 2 + struct.unpack(">H", body[at : at + 2])[0]
                names.append(body[at + 2 : end].decode())
                at = end + 1
            self.filters = names
            self.asked.append(names)
            properties = b"\x00" if self._mqtt5 else b""
            granted = body[:2] + properties + b"\x01" * len(names)
            writer.write(bytes([_SUBACK, len(granted)]) + granted)
        elif first == _UNSUBSCRIBE:
            at, count = 3 + body[2] if self._mqtt5 else 2, len(self.left)
            while at < len(body):
                end = at + 2 + struct.unpack(">H", body[at : at + 2])[0]
                self.left.append(body[at + 2 : end].decode())
                at = end
            reasons = b"\x00" + b"\x00" * (len(self.left) - count) if self._mqtt5 else b""
            writer.write(bytes([_UNSUBACK, 2 + len(reasons)]) + body[:2] + reasons)
        elif first & 0xF0 == _PUBLISH:
            at = 2 + struct.unpack(">H", body[:2])[0]
            writer.write(bytes([_PUBACK, 3]) + body[at : at + 2] + bytes([self.publish_reason]))
        elif first == _PINGREQ:
            writer.write(bytes([_PINGRESP, 0]))
        elif first == _PUBACK:
            self.acknowledged.append(struct.unpack(">H", body[:2])[0])
        elif first == _DISCONNECT:
            writer.close()
