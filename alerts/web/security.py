"""What the desk refuses: names that are not its own, forged posts; headers that allow only its own files."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alerts.web.access import person_of

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


def answers_to(host: str, base_url: str) -> bool:
    """True if a Host header names the desk: as in `base_url`, by an address, or by a name of its own network.

    A page of somebody else's whose name was pointed at the desk (DNS rebinding) would pass for the desk's own
    and could sign in the reader's name. Such a name is a public one: it has a dot, and is no address.
    """
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        if not name:
            return False
        if "." not in name and ":" not in name:
            return True
        if name == (urlsplit(base_url).hostname or ""):
            return True
        ip_address(name)
    except ValueError:
        return False
    return True


class OwnNames:
    """ASGI middleware that answers under the desk's own names only; `refuse` answers the others."""

    def __init__(self, app: ASGIApp, base_url: str, refuse: Callable[[Request], Awaitable[Response]]) -> None:
        self.app, self.base_url, self.refuse = app, base_url, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope, receive)
            if not answers_to(request.headers.get("host", ""), self.base_url):
                response = await self.refuse(request)
                await response(scope, receive, send)
                return
        await self.app(scope, receive, send)


class BadPost(ValueError):
    """A post that the desk rejects: too large, not a form, or not from its own page."""


def token_of(request: Request) -> str:
    """Token of this browser: from its cookie, or a new one."""
    kept = request.cookies.get(TOKEN_COOKIE, "")
    return kept if 20 <= len(kept) <= 100 else secrets.token_urlsafe(24)


def form_token_of(request: Request) -> str:
    """What a form must carry: made from the cookie of who is signed in, else a cookie itself."""
    person = person_of(request)
    return request.cookies.get(TOKEN_COOKIE, "") if person is None else person.form_token


def keep(response: Response, name: str, value: str, *, secure: bool, hidden: bool = True) -> None:
    """Set a cookie that is sent only from the desk's own pages."""
    response.set_cookie(
        name, value, max_age=_YEAR, path="/", httponly=hidden, samesite="strict", secure=secure
    )


async def read_form(request: Request, base_url: str = "") -> Mapping[str, str]:
    """The fields of a form that came from one of the desk's own pages. Raises BadPost.

    `base_url`: where people reach the desk; behind a proxy its pages have that origin.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise BadPost(f"content type {kind!r}: a form is expected")
    check_origin(request, base_url)
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_LIMIT:
            raise BadPost(f"more than {_BODY_LIMIT} bytes")
    fields = dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=40))
    check_token(request, fields)
    return fields


def check_origin(request: Request, base_url: str) -> None:
    """Raises BadPost for a form that another site has sent."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise BadPost("the form was sent by another site")
    origin = request.headers.get("origin")
    if origin is not None and not _is_own(origin, request.headers.get("host", ""), base_url):
        raise BadPost(f"the form was sent by {origin[:100]}, another site")


def check_token(request: Request, fields: Mapping[str, str]) -> None:
    """Raises BadPost for a form without the token of its page."""
    kept = form_token_of(request)
    if not kept or not hmac.compare_digest(kept.encode(), fields.get("token", "").encode()):
        raise BadPost("the page's token is missing or old: load the page again and repeat")


def _is_own(origin: str, host: str, base_url: str) -> bool:
    """True if an Origin header is that of the desk's own pages."""
    return bool(urlsplit(origin).netloc) and urlsplit(origin).netloc in (host, urlsplit(base_url).netloc)
