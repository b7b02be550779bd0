"""The board as a stream of server-sent events: the parts of the page that changed, already rendered."""

from __future__ import annotations

import time
import zlib
from collections.abc import AsyncIterator
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from alerts.people.answering import Answering
from alerts.web.access import must_be
from alerts.web.board_drawing import drawn_of
from alerts.web.board_views import BoardView, view_of
from alerts.web.desk import Desk
from alerts.web.sources import StoreDown
from alerts.web.words import Words

_KEEP_ALIVE = 15.0  # s; proxies cut a silent stream
_STILL_SIGNED_IN = 30.0  # s between looks whether the reader is
_LOOK = 1.0  # s between looks whether the desk is ending


async def events(request: Request) -> Response:
    """An endless stream; each event `board` carries out-of-band swaps for htmx."""
    desk: Desk = request.app.state.desk
    await desk.poller.fresh()
    person = must_be(request)
    seen = request.query_params.get("seen", "")
    view, _ = view_of(request.query_params, desk.register)
    reader = BoardReader(desk.words_of(request), person.answering, view)
    messages = _messages(request, desk, reader, seen)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no", "vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        messages, headers["content-encoding"] = compressed(messages), "gzip"
    return StreamingResponse(messages, media_type="text/event-stream", headers=headers)


class BoardReader(NamedTuple):
    """Who reads a stream: in which language, what their unit answers for, which part of the board."""

    words: Words
    answering: Answering
    view: BoardView


async def _messages(request: Request, desk: Desk, reader: BoardReader, seen: str) -> AsyncIterator[bytes]:
    shown = desk.drawings.of(*reader).marks_of(seen)
    serial = -1
    silent_since = asked_at = time.monotonic()
    yield b"retry: 2000\n\n"
    with desk.poller.listening():
        while not desk.poller.closing and not await request.is_disconnected():
            if time.monotonic() - asked_at > _STILL_SIGNED_IN:
                asked_at = time.monotonic()
                if not await _still_signed_in(request, desk, reader.answering):
                    return  # the browser asks anew, and is sent to sign in
            newest = await desk.poller.newer(serial, _LOOK)
            board = desk.poller.board
            if time.monotonic() - silent_since > _KEEP_ALIVE:
                silent_since = time.monotonic()
                yield b": still here\n\n"
            if newest == serial or board is None:
                continue
            serial = newest
            drawn = drawn_of(desk, board, *reader)
            changed = drawn.since(shown)
            shown = drawn.marks
            if changed:
                silent_since = time.monotonic()
                yield event("board", changed)


async def _still_signed_in(request: Request, desk: Desk, answering: Answering) -> bool:
    """True if the same person still reads; a store that is away changes nothing."""
    try:
        person = await desk.gate.person(request)
    except StoreDown:
        return True
    return person is not None and person.answering == answering


def compressed(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """A stream in gzip, each part flushed as it comes: what repeats in it costs next to nothing.

    With a small window, for each reader has one: 64 KB.
    """

    async def squeezed() -> AsyncIterator[bytes]:
        gzip = zlib.compressobj(6, zlib.DEFLATED, 16 + 13, 6)
        async for part in parts:
            yield gzip.compress(part) + gzip.flush(zlib.Z_SYNC_FLUSH)
        yield gzip.flush()

    return squeezed()


def event(name: str, data: str) -> bytes:
    """One server-sent event; line breaks would end its data field, and HTML does not need them."""
    return f"event: {name}\ndata: {' '.join(data.split())}\n\n".encode()
