"""Options shared by several commands: instants in the county's zone, the address of the desk."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import click

_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(%[\w.-]+)?")
_LINK = re.compile(r"[!$-&(->@-~]+")  # printable ASCII, but no quotes and nothing that ends a path: ? #


def _host(ctx: click.Context, option: click.Parameter, text: str | None) -> str | None:
    if text is None or _HOST.fullmatch(text):
        return text
    raise click.BadParameter(f"{text!r}: expected an address of this machine, for example 0.0.0.0 for all")


def _base_url(ctx: click.Context, option: click.Parameter, text: str | None) -> str | None:
    if text is None:
        return None
    if not _is_base_url(text):
        raise click.BadParameter(f"{text!r}: expected for example https://dust.example.gov.cn/desk")
    return text.rstrip("/")


def _is_base_url(text: str) -> bool:
    """True if a link may begin so. What urlsplit would strip, such as a line break, is refused."""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises for one that is none
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and bool(_LINK.fullmatch(text))


def desk_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--host` and `--base-url`: where the desk listens, and where others reach it."""
    host = click.option(
        "--host",
        envvar="DUSTWATCH_DESK_HOST",
        callback=_host,
        help="Where the desk listens, 0.0.0.0: everywhere; kept for the next start.  [default: 127.0.0.1]",
    )
    base_url = click.option(
        "--base-url",
        envvar="DUSTWATCH_BASE_URL",
        callback=_base_url,
        metavar="URL",
        help="Address of the desk in messages' links; kept for the next start.",
    )
    return host(base_url(command))


def instant_ms(text: str, zone: ZoneInfo, option: str) -> int:
    """Milliseconds UTC of an option's ISO instant, local if it has no zone. Raises UsageError."""
    try:
        instant = datetime.fromisoformat(text)
        if not 1970 <= instant.year <= 2200:
            raise ValueError("far from any reading")
    except ValueError:
        raise click.UsageError(
            f"{option} {text!r} is no instant; write for example 2026-11-23T23:30 or 2026-11-23T15:30:00Z"
        ) from None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=zone)
    return round(instant.timestamp() * 1000)
