"""Security headers that allow nothing but the desk's own files, and the token against forged posts."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_COOKIE = "desk_token"
_BODY_LIMIT = 16 * 1024
_YEAR = 365 * 24 * 3600
_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cross-origin-opener-policy": "same-origin",
}


class SecurityHeaders:
    """ASGI middleware that adds the headers to every response and keeps pages out of caches by default."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self.app(scope, receive, with_headers)


class BadPost(ValueError):
    """A post that the desk rejects: too large, not a form, or not from its own page."""


def token_of(request: Request) -> str:
    """Token of this browser: from its cookie, or a new one."""
    kept = request.cookies.get(TOKEN_COOKIE, "")
    return kept if 20 <= len(kept) <= 100 else secrets.token_urlsafe(24)


def keep(response: Response, name: str, value: str, *, secure: bool, hidden: bool = True) -> None:
    """Set a cookie that is sent only from the desk's own pages."""
    response.set_cookie(
        name, value, max_age=_YEAR, path="/", httponly=hidden, samesite="strict", secure=secure
    )


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a form that came from one of the desk's own pages. Raises BadPost."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise BadPost(f"content type {kind!r}: a form is expected")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise BadPost("the form was sent by another site")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_LIMIT:
            raise BadPost(f"more than {_BODY_LIMIT} bytes")
    fields = dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=20))
    kept = request.cookies.get(TOKEN_COOKIE, "")
    if not kept or not hmac.compare_digest(kept.encode(), fields.get("token", "").encode()):
        raise BadPost("the page's token is missing or old: load the page again and repeat")
    return fields
