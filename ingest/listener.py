"""Listening sockets: opening them, accepting from them, TLS, and the system's limit on open files.

asyncio's own server creates the objects of a connection, and starts its TLS handshake, before the service can
decide whether there is room for it. When it runs out of file descriptors, it stops accepting for a second,
again and again.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import resource
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_BACKLOG = 1024
_NO_ROOM = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_PAUSE_S = 0.1
_HANDSHAKE_WITHIN_S = 15.0
# A peer that vanished without a word (power cut, radio) is found within eight minutes, not within an hour.
_KEEPALIVE = (("TCP_KEEPIDLE", 300), ("TCP_KEEPINTVL", 60), ("TCP_KEEPCNT", 3))


def listen(host: str, port: int) -> list[socket.socket]:
    """Open sockets that listen on every address of `host`. Raises OSError."""
    found = socket.getaddrinfo(
        host or None, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
    )
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            listener = socket.socket(family, kind, protocol)
            sockets.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
            listener.setblocking(False)
    except OSError:
        for listener in sockets:
            listener.close()
        raise
    return sockets


class BadCertificate(ValueError):
    """Unusable certificate, key or authority; the message names the setting."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files for a listener's TLS, and the prefix of the settings that name them."""

    cert: Path
    key: Path
    client_ca: Path | None = None  # clients without a certificate of this authority are refused
    setting: str = "DUSTWATCH_GATEWAY_TLS"

    def context(self) -> ssl.SSLContext:
        """SSL context of the listener. Raises BadCertificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            context.load_cert_chain(self.cert, self.key)
        except OSError as error:  # an SSLError is one
            why = error.strerror or error.__class__.__name__
            named = f"{self.setting}_CERT={self.cert}, {self.setting}_KEY={self.key}"
            raise BadCertificate(f"{named}: {why}; name a certificate and its key (PEM)") from None
        if self.client_ca is not None:
            try:
                context.load_verify_locations(self.client_ca)
            except OSError as error:
                why = error.strerror or error.__class__.__name__
                words = f"{self.setting}_CLIENT_CA={self.client_ca}: {why}; name the authority's certificate"
                raise BadCertificate(words) from None
            context.verify_mode = ssl.CERT_REQUIRED
        return context


async def accept_for_ever(
    listener: socket.socket,
    welcome: Callable[[socket.socket, object], None],
    make_room: Callable[[str], None],
) -> None:
    """Pass each new connection and its peer's address to `welcome`.

    If the system has no descriptor for another connection, `make_room` is called with its error text.
    """
    loop = asyncio.get_running_loop()
    while True:
        try:
            connection, peer = await loop.sock_accept(listener)
        except OSError as error:
            if error.errno in _NO_ROOM:
                make_room(error.strerror or str(error))
                await asyncio.sleep(_PAUSE_S)
            elif error.errno in (errno.EBADF, errno.EINVAL):
                raise
            # else: it was gone before we came to it
            continue
        watch_peer(connection)
        welcome(connection, peer)
        await asyncio.sleep(0)  # during a flood another one is always waiting: let the other tasks run


async def streams_of(
    connection: socket.socket, limit: int, tls: ssl.SSLContext | None = None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open reader and writer on an accepted connection. Raises OSError, also for a failed handshake."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=limit)
    protocol = asyncio.StreamReaderProtocol(reader)
    transport, _ = await loop.connect_accepted_socket(
        lambda: protocol, connection, ssl=tls, ssl_handshake_timeout=_HANDSHAKE_WITHIN_S if tls else None
    )
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


def watch_peer(connection: socket.socket) -> None:
    """Turn on TCP keepalive, so that the kernel notices a peer that has vanished."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEPALIVE:
            if hasattr(socket, name):
                connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def descriptors_for(connections: int, beside: int = 128) -> int:
    """Number of connections, at most `connections`, that this process may hold besides `beside` other files.

    Raises the soft limit on open files as far as needed and allowed: the usual 1,024 is too few for a county.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + beside
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
            soft = allowed
    return connections if soft == resource.RLIM_INFINITY else max(1, min(connections, soft - beside))
