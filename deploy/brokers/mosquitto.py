"""Mosquitto's files: settings, password hashes, and the topics of each user (mosquitto.conf(5))."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from deploy.brokers.limits import AWAY_DAYS, IN_FLIGHT, MOST_BYTES
from deploy.brokers.listener import BrokerPlan, Listener
from deploy.brokers.passwords import base64_text, salted
from ingest.access import Access

_ROUNDS = 10_000
_HASH_BYTES = 64


def files(plan: BrokerPlan) -> dict[str, str]:
    """Name -> text of each file; the settings name the others by their whole path."""
    found = {"mosquitto.conf": "\n".join([*_settings(plan), ""])}
    if plan.access is not None:
        found["users"] = "".join(f"{one.user}:{_hashed(plan.passwords[one.user])}\n" for one in plan.access)
        found["acl"] = "\n".join(_acl(plan.access)) + "\n"
    return found


def _settings(plan: BrokerPlan) -> Iterator[str]:
    for listener in plan.listeners:
        yield from _listener(listener)
    yield f"allow_anonymous {'true' if plan.access is None else 'false'}"
    if plan.access is not None:
        yield f"password_file {plan.folder}/users"
        yield f"acl_file {plan.folder}/acl"
    yield "persistence true"
    yield f"persistence_location {plan.data}/"
    # With the default autosave a kill -9 of the broker loses all that it queued.
    yield "autosave_interval 1"
    yield "max_queued_messages 0"
    yield "max_queued_bytes 0"
    yield f"max_inflight_messages {IN_FLIGHT}"
    yield f"max_packet_size {MOST_BYTES}"
    yield f"persistent_client_expiration {AWAY_DAYS}d"
    if os.geteuid() == 0:
        yield "user root"  # else it becomes the user mosquitto, who can read nothing of ours


def _listener(listener: Listener) -> Iterator[str]:
    yield f"listener {listener.port} {listener.host}"
    if listener.tls is not None:
        yield f"certfile {listener.tls.certificate}"
        yield f"keyfile {listener.tls.key}"
        if listener.tls.clients is not None:
            yield f"cafile {listener.tls.clients}"
            yield "require_certificate true"


def _acl(access: Sequence[Access]) -> Iterator[str]:
    for one in access:
        yield f"user {one.user}"
        yield from (f"topic write {topic}" for topic in one.publish)
        yield from (f"topic read {name}" for name in one.subscribe)
        yield ""


def _hashed(password: str) -> str:
    salt, digest = salted(password, "sha512", _ROUNDS, _HASH_BYTES)
    return f"$7${_ROUNDS}${base64_text(salt)}${base64_text(digest)}"
