"""A channel of each kind with a peer that behaves as told; a new kind adds its own peer here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alerts.channels import CHANNEL_KINDS, Sender
from alerts.records import CaseContext, Message
from tests.fakes.alerts import NIGHT, breach, messages_of, planner
from tests.fakes.servers import HttpFake, SmtpFake, closed_port

TAKES, ABSENT, HANGS_UP, BABBLES, REFUSES = "takes", "absent", "hangs up", "babbles", "refuses"
BEHAVIOURS = (TAKES, ABSENT, HANGS_UP, BABBLES, REFUSES)


@dataclass(frozen=True)
class Opened:
    """A sender behind whose address a peer behaves so, and a message for it."""

    kind: str
    sender: Sender
    message: Message


@dataclass
class Peers:
    """Starts peers, and stops them at the end of the test."""

    folder: Path
    started: list[Any]

    def http(self, behaviour: str, taken: bytes) -> str:
        """The address of an HTTP server."""
        if behaviour == ABSENT:
            return f"http://127.0.0.1:{closed_port()}/hook"
        answers = {
            TAKES: (200, {}, taken),
            HANGS_UP: None,
            BABBLES: (599, {}, b"\xff\x00"),
            REFUSES: (400, {}, b"no"),
        }
        self.started.append(HttpFake(lambda number: answers[behaviour]))
        return self.started[-1].url

    def smtp(self, behaviour: str) -> int:
        """The port of a mail server."""
        if behaviour == ABSENT:
            return closed_port()
        replies = {
            TAKES: {},
            HANGS_UP: {"END": None},
            BABBLES: {"EHLO": "?", "HELO": "?"},
            REFUSES: {"RCPT": "550 no"},
        }
        self.started.append(SmtpFake(replies[behaviour]))
        return self.started[-1].port


def _file(peers: Peers, behaviour: str) -> dict[str, Any]:
    if behaviour != TAKES:
        (peers.folder / "messages.jsonl").mkdir()  # a file has no peer: all that can go wrong is the disk
    return {}


def _webhook(peers: Peers, behaviour: str) -> dict[str, Any]:
    return {"url": peers.http(behaviour, b"{}")}


def _mail(peers: Peers, behaviour: str) -> dict[str, Any]:
    return {
        "host": "127.0.0.1", "port": peers.smtp(behaviour), "security": "none",
        "sender": "dust@county.example", "timeout": 5.0,
    }  # fmt: skip


def _wecom(peers: Peers, behaviour: str) -> dict[str, Any]:
    (peers.folder / "ROBOT").write_text(peers.http(behaviour, b'{"errcode": 0}'), encoding="utf-8")
    return {"url_secret": "ROBOT"}


SET_UP: dict[str, Callable[[Peers, str], dict[str, Any]]] = {
    "file": _file, "webhook": _webhook, "mail": _mail, "wecom": _wecom,
}  # fmt: skip


def open_channel(kind: str, behaviour: str, peers: Peers) -> Opened:
    """The sender of a channel of `kind` whose peer behaves so."""
    assert kind in SET_UP, f"say in {__file__} how a peer of a channel of kind {kind!r} is set up"
    form = CHANNEL_KINDS[kind].form.model_validate(
        {"id": "it", "kind": kind, **SET_UP[kind](peers, behaviour)}
    )
    sender = form.open(lambda name: (peers.folder / name).read_text(encoding="utf-8"), peers.folder)
    (change,) = planner().breach(breach(), CaseContext(), NIGHT)
    plain = messages_of(change)[-1]
    address = "manager@site.example" if form.needs_address() else ""
    return Opened(
        kind, sender, replace(plain, recipient=plain.recipient._replace(address=address, kind=kind))
    )
