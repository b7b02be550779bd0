"""Apache Artemis' files: broker.xml, and the users, roles and login module of its security domain.

Every user is a role of its own name. A more special address hides what is said of a broader one, so each
address that occurs is written out with all who may use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from deploy.brokers.limits import AWAY_DAYS, IN_FLIGHT, MOST_BYTES
from deploy.brokers.listener import BrokerPlan, Listener
from deploy.brokers.passwords import salted
from ingest.access import Access
from ingest.topic_filters import covers

DOMAIN = "dustwatch"
LOGIN = "etc/login.config"
_ROUNDS, _HASH_BYTES = 1024, 64  # what its one-way codec reads: PBKDF2WithHmacSHA1
_SEND = ("send", "createAddress")
_READ = (
    "consume",
    "browse",
    "createAddress",
    "createDurableQueue",
    "deleteDurableQueue",
    "createNonDurableQueue",
    "deleteNonDurableQueue",
)
_NOBODY = "~nobody"  # no user's name begins like this


def files(plan: BrokerPlan) -> dict[str, str]:
    """Name -> text of each file, below the folder that the broker is started with."""
    found = {"etc/broker.xml": _broker(plan)}
    for number, listener in enumerate(plan.listeners):
        if listener.tls is not None:
            parts = (listener.tls.key, listener.tls.certificate)
            found[_pem(number)] = "".join(part.read_text(encoding="ascii").rstrip() + "\n" for part in parts)
    if plan.access is not None:
        found["etc/users"] = "".join(
            f"{_escaped(one.user)}={_hashed(plan.passwords[one.user])}\n" for one in plan.access
        )
        found["etc/roles"] = "".join(f"{_escaped(one.user)}={_escaped(one.user)}\n" for one in plan.access)
        found[LOGIN] = _LOGIN
    return found


_LOGIN = f"""{DOMAIN} {{
   org.apache.activemq.artemis.spi.core.security.jaas.PropertiesLoginModule required
      reload=true
      org.apache.activemq.jaas.properties.user="users"
      org.apache.activemq.jaas.properties.role="roles";
}};
"""


def _broker(plan: BrokerPlan) -> str:
    secured = plan.access is not None
    lines = [
        '<configuration xmlns="urn:activemq">',
        '  <core xmlns="urn:activemq:core">',
        "    <name>dustwatch</name>",
        f"    <security-enabled>{str(secured).lower()}</security-enabled>",
        "    <persistence-enabled>true</persistence-enabled>",
        "    <journal-type>NIO</journal-type>",
        "    <journal-pool-files>10</journal-pool-files>",
        *(
            f"    <{name}-directory>{plan.data}/{name}</{name}-directory>"
            for name in ("journal", "bindings", "paging", "large-messages")
        ),
        # a full disk is told by us; the broker would go on, but take nothing more
        "    <max-disk-usage>-1</max-disk-usage>",
        "    <configuration-file-refresh-period>2000</configuration-file-refresh-period>",
        "    <acceptors>",
        *(f"      {_acceptor(plan, number, one)}" for number, one in enumerate(plan.listeners)),
        "    </acceptors>",
        "    <security-settings>",
        *_rights(plan.access or ()),
        "    </security-settings>",
        "    <address-settings>",
        '      <address-setting match="#">',
        # by itself it gives up on a message after ten deliveries
        "        <max-delivery-attempts>-1</max-delivery-attempts>",
        "      </address-setting>",
        "    </address-settings>",
        "  </core>",
        "</configuration>",
    ]
    return "\n".join(lines) + "\n"


def _acceptor(plan: BrokerPlan, number: int, listener: Listener) -> str:
    options = {
        "protocols": "MQTT",
        "maximumPacketSize": str(MOST_BYTES),
        "receiveMaximum": str(IN_FLIGHT),
        # of MQTT 3.1.1, which has no such word; by itself all 65,535 ids at once
        "defaultMaximumInFlightPublishMessages": str(IN_FLIGHT),
        "defaultMqttSessionExpiryInterval": str(AWAY_DAYS * 24 * 3600),
    }
    if plan.access is not None:
        options["securityDomain"] = DOMAIN
    if listener.tls is not None:
        options |= {
            "sslEnabled": "true",
            "keyStoreType": "PEM",
            "keyStorePath": str(plan.folder / _pem(number)),
        }
        if listener.tls.clients is not None:
            options |= {
                "needClientAuth": "true",
                "trustStoreType": "PEMCA",
                "trustStorePath": str(listener.tls.clients),
            }
    query = ";".join(f"{key}={value}" for key, value in options.items())
    return f'<acceptor name="mqtt-{number}">tcp://{listener.host}:{listener.port}?{query}</acceptor>'


def _pem(number: int) -> str:
    return f"etc/listener-{number}.pem"


def _rights(access: Sequence[Access]) -> Iterator[str]:
    named = dict.fromkeys(["#", *(topic for one in access for topic in (*one.publish, *one.subscribe))])
    senders = _users_of(named, [(one.user, one.publish) for one in access])
    readers = _users_of(named, [(one.user, one.subscribe) for one in access])
    for topic in named:
        yield f"      <security-setting match={quoteattr(address_of(topic))}>"
        for right in dict.fromkeys((*_SEND, *_READ)):
            users = [*(senders[topic] if right in _SEND else ()), *(readers[topic] if right in _READ else ())]
            yield f"        {_permission(right, list(dict.fromkeys(users)) or [_NOBODY])}"
        yield "      </security-setting>"


def _users_of(topics: Iterable[str], rights: Sequence[tuple[str, Iterable[str]]]) -> dict[str, list[str]]:
    """Topic -> the users that have a right to it, in their order.

    A county of thousands has as many topics as users: only patterns are held against every topic.
    """
    found: dict[str, dict[int, str]] = {topic: {} for topic in topics}
    for place, (user, filters) in enumerate(rights):
        for own in filters:
            broad = "+" in own or "#" in own
            for topic in (one for one in found if covers(own, one)) if broad else (own,):
                found[topic][place] = user
    return {topic: [users[place] for place in sorted(users)] for topic, users in found.items()}


def _permission(right: str, users: Sequence[str]) -> str:
    return f"<permission type={quoteattr(right)} roles={quoteattr(','.join(users))}/>"


def address_of(topic: str) -> str:
    """An MQTT filter as an address: `.` parts levels, `*` is one, `#` the rest; points are escaped."""
    levels = (
        "*" if level == "+" else level.replace("\\", "\\\\").replace(".", "\\.") for level in topic.split("/")
    )
    return ".".join(levels)


def _escaped(name: str) -> str:
    """A name as a Java properties file has it (ISO 8859-1)."""
    return "".join(one if one.isascii() else f"\\u{ord(one):04x}" for one in name)


def _hashed(password: str) -> str:
    salt, digest = salted(password, "sha1", _ROUNDS, _HASH_BYTES)
    return f"ENC({_ROUNDS}:{salt.hex().upper()}:{digest.hex().upper()})"


def login_option(folder: Path) -> str:
    """The Java option that leads to the login module."""
    return f"-Djava.security.auth.login.config={folder / LOGIN}"
