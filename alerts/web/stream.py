"""The board as a stream of server-sent events: the parts of the page that changed, already rendered."""

from __future__ import annotations

import time
import zlib
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from alerts.people.answering import Answering
from alerts.web.access import must_be
from alerts.web.board import Board
from alerts.web.board_parts import DrawnBoard, DrawnBoards
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
    messages = _messages(request, desk, desk.words_of(request), person.answering, seen)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no", "vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        messages, headers["content-encoding"] = compressed(messages), "gzip"
    return StreamingResponse(messages, media_type="text/event-stream", headers=headers)


async def _messages(
    request: Request, desk: Desk, words: Words, answering: Answering, seen: str
) -> AsyncIterator[bytes]:
    key = (words.language, answering)
    shown = desk.drawn[key].marks_of(seen) if key in desk.drawn else {}
    serial = -1
    silent_since = asked_at = time.monotonic()
    yield b"retry: 2000\n\n"
    with desk.poller.listening():
        while not desk.poller.closing and not await request.is_disconnected():
            if time.monotonic() - asked_at > _STILL_SIGNED_IN:
                asked_at = time.monotonic()
                if not await _still_signed_in(request, desk, answering):
                    return  # the browser asks anew, and is sent to sign in
            newest = await desk.poller.newer(serial, _LOOK)
            board = desk.poller.board
            if time.monotonic() - silent_since > _KEEP_ALIVE:
                silent_since = time.monotonic()
                yield b": still here\n\n"
            if newest == serial or board is None:
                continue
            serial = newest
            drawn = drawn_of(desk, board, words, answering)
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


def drawn_of(desk: Desk, board: Board, words: Words, answering: Answering) -> DrawnBoard:
    """The board as a unit sees it in a language, drawn once for all of them."""
    boards = desk.drawn.setdefault((words.language, answering), DrawnBoards())
    if boards.newest is not None and boards.newest.board is board:
        return boards.newest
    parts = {}
    own = board.of(answering)
    for piece in desk.render("parts.html", words, board=own, now=board.now).split("\x1e"):
        name, _, html = piece.partition("\x1f")
        if html:
            parts[name.strip()] = html.strip()
    drawn = DrawnBoard.of(board, own, parts)
    boards.take(drawn)
    return drawn


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
