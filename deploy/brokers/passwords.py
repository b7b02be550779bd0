"""Passwords of the broker's users: made once, kept in a file that its owner alone can read."""

from __future__ import annotations

import os
import secrets
from base64 import b64encode
from collections.abc import Iterable
from hashlib import pbkdf2_hmac
from pathlib import Path

FILE = "passwords"
# Whoever knows the name of a session can take it over, and empty it: the bridge's is as secret as a password.
CLIENT_ID = "~client-id"  # beside the users; no name of a user begins like this
_BYTES = 18
_SALT_BYTES = 12


class PasswordsUnreadable(ValueError):
    """The file of passwords holds something else; the message says where and what to do."""

    exit_code = 2


def passwords_of(folder: Path, users: Iterable[str]) -> dict[str, str]:
    """A password for each user: those of `folder`/passwords, and new ones for who has none yet.

    Lines are `USER:PASSWORD`; those of users who have gone are left. Raises PasswordsUnreadable.
    """
    file = folder / FILE
    known = _read(file)
    new = {user: secrets.token_urlsafe(_BYTES) for user in users if user not in known}
    if new:
        write_privately(file, "".join(f"{user}:{word}\n" for user, word in {**known, **new}.items()))
    return {user: {**known, **new}[user] for user in users}


def write_privately(file: Path, text: str) -> None:
    """Replace a file by one that its owner alone can read, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    with os.fdopen(
        os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(file)


def _read(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    known: dict[str, str] = {}
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        user, colon, word = line.partition(":")
        if not (user and colon and word):
            raise PasswordsUnreadable(
                f"{file}:{number}: expected USER:PASSWORD; mend the line, or remove the file for new ones"
            )
        known[user] = word
    return known


def salted(password: str, digest: str, rounds: int, size: int) -> tuple[bytes, bytes]:
    """(salt, hash) of a password by PBKDF2 (RFC 8018)."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return salt, pbkdf2_hmac(digest, password.encode(), salt, rounds, size)


def base64_text(data: bytes) -> str:
    """Bytes as Base64 text."""
    return b64encode(data).decode()
