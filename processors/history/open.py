"""Opens a history store by its URL."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

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
    parts = urlsplit(url)
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
            return Path(asked["token_file"]).read_text().strip()
        except OSError as error:
            raise _wrong(url, f"token_file cannot be read: {error}") from None
    name = asked.get("token_env", "DUSTWATCH_INFLUX_TOKEN")
    token = os.environ.get(name, "").strip()
    if not token:
        raise _wrong(url, f"the environment variable {name} holds no token")
    return token


def _wrong(url: str, why: str) -> HistoryUnusable:
    return HistoryUnusable(f"history URL {url!r}: {why}; expected {FORMS}", exit_code=2)
