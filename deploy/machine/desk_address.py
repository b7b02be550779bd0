"""Address on which the desk of one machine listens, and where people reach it: kept in the data folder."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from pathlib import Path

FILE = "desk.json"
LOOPBACK = "127.0.0.1"


class NoSuchAddress(ValueError):
    """Address on which the desk can't listen."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class DeskAddress:
    """Values of `--host` and `--base-url`; None if not given."""

    host: str | None = None
    base_url: str | None = None

    def or_kept(self, data: Path) -> DeskAddress:
        """Return the values given now, else those kept by an earlier start. An unreadable file is ignored."""
        kept: dict[str, object] = {}
        with suppress(OSError, ValueError):
            found = json.loads((data / FILE).read_text(encoding="utf-8"))
            kept = found if isinstance(found, dict) else {}
        host, base_url = kept.get("host"), kept.get("base_url")
        return DeskAddress(
            self.host or (host if isinstance(host, str) else None),
            self.base_url or (base_url if isinstance(base_url, str) else None),
        )

    def keep(self, data: Path) -> None:
        """Save the values for the next start on this folder."""
        (data / FILE).write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")

    def check(self) -> None:
        """Raises NoSuchAddress if this machine has no such address."""
        try:
            family, kind, _, _, address = socket.getaddrinfo(self.listens_on, 0, type=socket.SOCK_STREAM)[0]
            with socket.socket(family, kind) as probe:
                probe.bind(address)
        except (OSError, UnicodeError) as error:
            raise NoSuchAddress(
                f"the desk can't listen on {self.listens_on} ({error}): name an address of this machine with "
                "--host, for example 0.0.0.0 for all that it has"
            ) from error

    @property
    def listens_on(self) -> str:
        """Address that the desk binds to."""
        return self.host or LOOPBACK

    @property
    def probed_at(self) -> str:
        """Address at which this machine itself reaches the desk: a wildcard can't be connected to."""
        return {"0.0.0.0": LOOPBACK, "::": "::1"}.get(self.listens_on, self.listens_on)

    def url(self, port: int) -> str:
        """URL for people, as in the links of messages."""
        return self.base_url or f"http://{in_url(self.probed_at)}:{port}"

    def probe_url(self, port: int) -> str:
        """URL at which this machine probes the desk."""
        return f"http://{in_url(self.probed_at)}:{port}"

    @property
    def warning(self) -> str | None:
        """Warning for an operator who opens the desk to others, if any."""
        if _is_loopback(self.listens_on):
            return None
        words = (
            f"the desk listens on {self.listens_on}: over http a password can be read on the way, so let a "
            "proxy with TLS stand before it"
        )
        if self.base_url is None and self.probed_at != self.listens_on:
            words += "; links in messages open only here: name the desk's address for others with --base-url"
        return words


def in_url(host: str) -> str:
    """Host as URLs write it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
