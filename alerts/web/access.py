"""Who asks: the person or machine behind a request, and whether a row of the route table lets them in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.requests import Request
from starlette.responses import Response

from alerts.people.accounts import CONFIRMED_MS, Account, AuditEntry, MachineToken, Visit
from alerts.people.answering import Answering
from alerts.people.roles import ROLES
from alerts.people.tokens import digest, form_token
from alerts.store.people_store import PeopleStore
from alerts.web.poller import call
from alerts.web.sources import StoreDown
from ingest.register import Register

SESSION_COOKIE = "desk_session"
_HOUR = 3_600_000
_REMEMBERED_MS = 600_000  # while the store is away, who was seen so long ago may go on reading
_MOST_REMEMBERED = 5_000
_LONGEST_DEVICE = 120
_SAFE = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is signed in, on this device."""

    account: Account
    visit: Visit
    token: str
    answering: Answering

    def may(self, word: str) -> bool:
        """True if their role has a permission."""
        role = ROLES.get(self.account.role)
        return role is not None and word in role.may

    def confirmed(self, now: int) -> bool:
        """True if they proved only just who they are."""
        return now - self.visit.confirmed_at < CONFIRMED_MS

    @property
    def form_token(self) -> str:
        """What forms of their pages carry."""
        return form_token(self.token)


class Gate:
    """Knows persons by their cookie and machines by their token; writes what they do into the audit log."""

    def __init__(
        self, people: PeopleStore, register: Callable[[], Register], wall: Callable[[], int], secure: bool
    ) -> None:
        self.people = people
        self.wall = wall
        self.secure = secure
        self._register = register
        self._seen: dict[str, tuple[Visit, Account, int]] = {}
        self._noted: dict[str, int] = {}  # `once` of what was written within the hour

    @property
    def cookie(self) -> str:
        """Name of the cookie; by https one that no other host can set."""
        return f"__Host-{SESSION_COOKIE}" if self.secure else SESSION_COOKIE

    async def person(self, request: Request) -> Person | None:
        """Who is signed in. While the store is away, whom it knew just before may read. Raises StoreDown."""
        token = request.cookies.get(self.cookie, "")
        if not 20 <= len(token) <= 100:
            return None
        key, now = digest(token), self.wall()
        try:
            found = await call("cases", lambda: self.people.visit(key, now))
        except StoreDown:
            kept = self._seen.get(key)
            if kept is None or request.method not in _SAFE or now - kept[2] > _REMEMBERED_MS:
                raise
            found = kept[:2] if kept[0].expires_at > now else None
        else:
            self._remember(key, found, now)
        if found is None:
            return None
        visit, account = found
        return Person(account, visit, token, Answering.of(account.unit, self._register()))

    async def machine(self, request: Request) -> MachineToken | None:
        """The machine whose token the request carries. Raises StoreDown."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not 20 <= len(token) <= 100:
            return None
        key, now = digest(token.strip()), self.wall()
        found: MachineToken | None = await call("cases", lambda: self.people.token(key, now))
        return found

    def _remember(self, key: str, found: tuple[Visit, Account] | None, now: int) -> None:
        if found is None:
            self._seen.pop(key, None)
            return
        if len(self._seen) >= _MOST_REMEMBERED:
            self._seen.clear()
        self._seen[key] = (*found, now)

    def forget(self, token: str) -> None:
        """A device was signed out here."""
        self._seen.pop(digest(token), None)

    def keep(self, response: Response, token: str, lasts_ms: int | None) -> None:
        """Give the browser its cookie; None: it forgets it when it is closed.

        `lax`: a link in a message opens the case on a device that is signed in; every form has its own token.
        """
        response.set_cookie(
            self.cookie,
            token,
            max_age=None if lasts_ms is None else lasts_ms // 1000,
            path="/",
            httponly=True,
            samesite="lax",
            secure=self.secure,
        )

    def drop(self, response: Response) -> None:
        """Take the cookie from the browser."""
        response.delete_cookie(self.cookie, path="/", secure=self.secure, httponly=True, samesite="lax")

    async def note(
        self, request: Request, action: str, object: str, who: Person | MachineToken | None, **more: Any
    ) -> None:
        """Write what was done into the audit log. Raises StoreDown."""
        entry = entry_of(request, self.wall(), action, object, who, **more)
        await call("cases", lambda: self.people.note(entry))

    async def viewed(self, request: Request, object: str, who: Person | MachineToken) -> None:
        """Write that somebody has looked at something: once an hour, and never in the way of the page."""
        hour = self.wall() // _HOUR
        once = f"{actor_of(who)[0]}|{object}|{hour}"
        if self._noted.get(once) == hour:
            return
        if len(self._noted) >= _MOST_REMEMBERED:
            self._noted.clear()
        try:
            await self.note(request, "viewed", object, who, once=once)
        except StoreDown:
            return
        self._noted[once] = hour


def actor_of(who: Person | MachineToken | None) -> tuple[str, str, str, str]:
    """(actor, name, role, unit) of an entry of the audit log."""
    if isinstance(who, Person):
        return who.account.id, who.account.name, who.account.role, who.account.unit
    if isinstance(who, MachineToken):
        return f"token:{who.id}", who.name, "machine", ""
    return "nobody", "", "", ""


def entry_of(
    request: Request, at: int, action: str, object: str, who: Person | MachineToken | None, **more: Any
) -> AuditEntry:
    """An entry of the audit log about a request."""
    actor, name, role, unit = actor_of(who)
    return AuditEntry(at, actor, name, role, unit, action, object[:200], address=address_of(request), **more)


def address_of(request: Request) -> str:
    """Where a request comes from, as the connection says."""
    return request.client.host if request.client else ""


def device_of(request: Request) -> str:
    """What the browser calls itself."""
    return request.headers.get("user-agent", "")[:_LONGEST_DEVICE]


def own_path(text: str) -> str:
    """A path of the desk to go on to; anything else is the start page."""
    parts = urlsplit(text)
    own = (
        text.startswith("/") and not text.startswith(("//", "/\\")) and not parts.netloc and not parts.scheme
    )
    return text if own and "\\" not in text and text.isprintable() else "/"


def sign_in_path(request: Request) -> str:
    """Where somebody signs in who then goes on to what they asked for."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return "/sign-in" if asked == "/" else f"/sign-in?next={quote(asked, safe='/')}"


def person_of(request: Request) -> Person | None:
    """Who is signed in, as the guard of the route found."""
    found: Person | None = getattr(request.state, "person", None)
    return found


def must_be(request: Request) -> Person:
    """The person of a route that lets nobody else in."""
    found = person_of(request)
    assert found is not None, "a route without a guard"
    return found


def answering_of(request: Request) -> Answering:
    """What the asker sees: a machine all there is."""
    found = person_of(request)
    return Answering(None) if found is None else found.answering
