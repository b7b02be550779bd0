"""Records of people at the desk. Instants are ms UTC of the real clock: a simulated one signs nobody out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from alerts.people.tokens import digest, new_token

INVITED, ACTIVE, ENDED = "invited", "active", "ended"

INVITATION, SIGN_IN = "invitation", "sign_in"
_MINUTE = 60_000
# How long a one-time link is good for.
LINK_LASTS_MS: dict[str, int] = {
    INVITATION: 7 * 24 * 60 * _MINUTE,
    SIGN_IN: 30 * _MINUTE,
}
# How long after a password (or a one-time link) it is not asked for again, where it is asked for.
CONFIRMED_MS = 15 * _MINUTE


@dataclass(frozen=True, slots=True)
class Account:
    """A person who may sign in."""

    id: str
    login: str
    name: str  # as it stands in the history of cases
    role: str  # of alerts.people.roles
    unit: str  # county, department:ID, site:ID, contractor:NAME
    state: str
    created_at: int
    created_by: str  # an account's id, or `terminal`
    contact: str = ""  # the recipient of messages that this person is: department:ID/NAME, site:ID/NAME
    password: str = field(default="", repr=False)  # argon2, or empty: none yet
    of_demo: bool = False
    ended_at: int | None = None


def plain_login(text: str) -> str:
    """A login as it is kept: small letters, no blanks around."""
    return text.strip().casefold()[:64]


@dataclass(frozen=True, slots=True)
class Visit:
    """A signed-in device: known by the digest of its token."""

    token: str
    account: str
    began_at: int
    seen_at: int
    expires_at: int
    confirmed_at: int  # when the person last proved who they are
    device: str  # what the browser calls itself


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link, known by the digest of its token."""

    token: str
    account: str
    purpose: str
    created_at: int
    expires_at: int
    case: str | None = None
    used_at: int | None = None

    @classmethod
    def drawn(cls, account: str, purpose: str, now: int, case: str | None = None) -> tuple[str, Link]:
        """(secret, link): a new one, good from now on for as long as its purpose is."""
        token = new_token()
        return token, cls(digest(token), account, purpose, now, now + LINK_LASTS_MS[purpose], case)

    def good(self, now: int) -> bool:
        """True while it may be used."""
        return self.used_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class MachineToken:
    """What a machine signs in with; known by its digest."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: int
    created_by: str
    seen_at: int | None = None
    revoked_at: int | None = None


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """What somebody did or saw. `once`: the same one again within its hour is not written."""

    at: int
    actor: str  # an account's id, `token:ID`, `terminal`, or `nobody`
    name: str
    role: str
    unit: str
    action: str
    object: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    address: str = ""
    once: str | None = None
