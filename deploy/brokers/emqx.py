"""EMQX' files: settings, users with hashed passwords, and rights (EMQX 5, file authorization).

Written by its documentation; no EMQX has read them here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from deploy.brokers.limits import AWAY_DAYS, IN_FLIGHT, MOST_BYTES
from deploy.brokers.listener import BrokerPlan, Listener
from deploy.brokers.passwords import salted

_ROUNDS, _HASH_BYTES = 10_000, 32


def files(plan: BrokerPlan) -> dict[str, str]:
    """Name -> text of each file: `emqx.conf` to be included, what it names beside it."""
    return {
        "emqx.conf": "\n".join([*_settings(plan), ""]),
        "users.json": json.dumps(list(_users(plan)), ensure_ascii=False, indent=1) + "\n",
        "acl.conf": "\n".join([*_rules(plan), ""]),
    }


def _settings(plan: BrokerPlan) -> Iterator[str]:
    for number, listener in enumerate(plan.listeners):
        yield from _listener(number, listener)
    yield f"mqtt.max_inflight = {IN_FLIGHT}"
    yield "mqtt.max_mqueue_len = infinity"
    yield "mqtt.mqueue_store_qos0 = false"
    yield f"mqtt.session_expiry_interval = {AWAY_DAYS}d"
    yield f"mqtt.max_packet_size = {MOST_BYTES}B"
    # without it queued messages are in memory alone
    yield "durable_sessions.enable = true"
    yield (
        "authentication = [{mechanism = password_based, backend = built_in_database, "
        "user_id_type = username, password_hash_algorithm "
        f"{{name = pbkdf2, mac_fun = sha256, iterations = {_ROUNDS}, "
        f'dk_length = {_HASH_BYTES}}}, bootstrap_file = "{plan.folder}/users.json", bootstrap_type = hash}}]'
    )
    yield "authorization.no_match = deny"
    yield "authorization.deny_action = ignore"
    yield f'authorization.sources = [{{type = file, path = "{plan.folder}/acl.conf"}}]'


def _listener(number: int, listener: Listener) -> Iterator[str]:
    kind = "tcp" if listener.tls is None else "ssl"
    name = f"listeners.{kind}.dustwatch_{number}"
    yield f'{name}.bind = "{listener.host}:{listener.port}"'
    if listener.tls is not None:
        yield f'{name}.ssl_options.certfile = "{listener.tls.certificate}"'
        yield f'{name}.ssl_options.keyfile = "{listener.tls.key}"'
        if listener.tls.clients is not None:
            yield f'{name}.ssl_options.cacertfile = "{listener.tls.clients}"'
            yield f"{name}.ssl_options.verify = verify_peer"
            yield f"{name}.ssl_options.fail_if_no_peer_cert = true"


def _users(plan: BrokerPlan) -> Iterator[dict[str, object]]:
    for one in plan.access or ():
        salt, digest = salted(plan.passwords[one.user], "sha256", _ROUNDS, _HASH_BYTES)
        # the salt is taken as the text that stands here
        yield {
            "user_id": one.user,
            "password_hash": digest.hex(),
            "salt": salt.hex(),
            "is_superuser": False,
        }


def _rules(plan: BrokerPlan) -> Iterator[str]:
    for one in plan.access or ():
        for action, topics in (("publish", one.publish), ("subscribe", one.subscribe)):
            if topics:
                listed = ", ".join(_text(topic) for topic in topics)
                yield f"{{allow, {{username, {_text(one.user)}}}, {action}, [{listed}]}}."
    yield "{deny, all}."


def _text(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)
