"""Opens a history store by its URL."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from ingest.addresses import shown
from processors.history.base import History, HistoryUnusable

FORMS = (
    "sqlite:///relative/or//absolute/path.db or "
    "influx+http://HOST:8086?org=ORG&bucket=BUCKET&token_env=NAME (or token_file=PATH)"
)


def open_history(url: str) -> History:
    """The store that `url` names, ready to use.

    `sqlite:///path` is relative to the working directory, `sqlite:////path` absolute;
    `influx+http://` and `influx+https://` take org, bucket and the source of the token: `token_env` (default
    DUSTWATCH_INFLUX_TOKEN) or `token_file`, and optionally `timeout_s` and `gzip=1`.
    Raises HistoryUnusable; a server that cannot be reached is found by `check`.
    """
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - a bracket left open, or a port beyond 65535
    except ValueError:  # its words may hold what was taken for the port: a password
        raise _wrong(url, "its host and port can't be told apart") from None
    if parts.scheme == "sqlite":
        from processors.history.sqlite import SqliteHistory

        path = unquote(parts.path)[1:]
        if parts.netloc or not path:
            raise _wrong(url, "a SQLite history needs a path after three slashes")
        return SqliteHistory(Path(path))
    if parts.scheme in ("influx+http", "influx+https"):
        return _open_influx(url)
    raise _wrong(url, f"the scheme {parts.scheme!r} is not known")


def _open_influx(url: str) -> History:
    from processors.history.influx import InfluxHistory

    parts = urlsplit(url)
    if "@" in parts.netloc:
        # they would be left unused without a word; InfluxDB 1.8 takes `user:password` as the token
        raise _wrong(
            url, "user and password don't belong into it: token_env or token_file says where a token is"
        )
    if not parts.hostname:
        raise _wrong(url, "the host is missing")
    asked = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    allowed = {"org", "bucket", "token_env", "token_file", "timeout_s", "gzip"}
    unknown = sorted(set(asked) - allowed)
    if unknown:
        raise _wrong(url, f"unknown option {unknown[0]!r}; known are {', '.join(sorted(allowed))}")
    for needed in ("org", "bucket"):
        if not asked.get(needed):
            raise _wrong(url, f"{needed}= is missing")
    try:
        timeout_s = float(asked.get("timeout_s", "10"))
    except ValueError:
        raise _wrong(url, f"timeout_s={asked['timeout_s']!r} is not a number of seconds") from None
    return InfluxHistory(
        f"{parts.scheme.removeprefix('influx+')}://{parts.netloc}{parts.path}".rstrip("/"),
        org=asked["org"],
        bucket=asked["bucket"],
        token=_token(url, asked),
        timeout_s=timeout_s,
        gzip=asked.get("gzip", "0") == "1",
    )


def _token(url: str, asked: dict[str, str]) -> str:
    if "token_file" in asked:
        try:
            return _checked(url, "token_file", Path(asked["token_file"]).read_text().strip())
        except (OSError, UnicodeDecodeError, ValueError) as error:
            raise _wrong(url, f"token_file cannot be read: {error}") from None
    name = asked.get("token_env", "DUSTWATCH_INFLUX_TOKEN")
    token = os.environ.get(name, "").strip()
    if not token:
        raise _wrong(url, f"the environment variable {name} holds no token")
    return _checked(url, f"the environment variable {name}", token)


def _checked(url: str, where: str, token: str) -> str:
    """The token, if a header can carry it: what refuses it later would print it."""
    if not token.isascii() or not token.isprintable():
        raise _wrong(url, f"{where} holds more than a token: line breaks, or signs that are not ASCII")
    return token


def _wrong(url: str, why: str) -> HistoryUnusable:
    return HistoryUnusable(f"history URL {shown(url)!r}: {why}; expected {FORMS}", exit_code=2)
