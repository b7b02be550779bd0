"""The board as a stream of server-sent events: the parts of the page that changed, already rendered."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from alerts.people.answering import Answering
from alerts.web.access import must_be
from alerts.web.board import Board
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
    return StreamingResponse(
        _messages(request, desk, desk.words_of(request), person.answering),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _messages(request: Request, desk: Desk, words: Words, answering: Answering) -> AsyncIterator[bytes]:
    shown: dict[str, str] = {}
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
            parts = parts_of(desk, board, words, answering)
            changed = changes(shown, parts)
            shown = parts
            if changed:
                silent_since = time.monotonic()
                yield event("board", changed)


def changes(shown: dict[str, str], parts: dict[str, str]) -> str:
    """Parts that differ from what is shown; the whole list if its order differs."""
    moved = order(parts) != order(shown)
    return "".join(
        html
        for name, html in parts.items()
        if (name == "list" and moved)
        or (name != "list" and shown.get(name) != html and not (moved and name.startswith("row-")))
    )


async def _still_signed_in(request: Request, desk: Desk, answering: Answering) -> bool:
    """True if the same person still reads; a store that is away changes nothing."""
    try:
        person = await desk.gate.person(request)
    except StoreDown:
        return True
    return person is not None and person.answering == answering


def parts_of(desk: Desk, board: Board, words: Words, answering: Answering) -> dict[str, str]:
    """Each part of the board that may change, by the id of its element; rendered once for all of a unit."""
    kept = desk.rendered.get((words.language, answering))
    if kept is not None and kept[0] is board:
        return kept[1]
    parts = {}
    own = board.of(answering)
    for piece in desk.render("parts.html", words, board=own, now=board.now).split("\x1e"):
        name, _, html = piece.partition("\x1f")
        if html:
            parts[name.strip()] = html
    desk.rendered[words.language, answering] = (board, parts)
    return parts


def order(parts: dict[str, str]) -> list[str]:
    """Names of the rows, in order."""
    return [name for name in parts if name.startswith("row-")]


def event(name: str, data: str) -> bytes:
    """One server-sent event; line breaks would end its data field, and HTML does not need them."""
    return f"event: {name}\ndata: {' '.join(data.split())}\n\n".encode()
