"""Artemis' security settings: who may use an address, for a county of thousands in reasonable time."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from deploy.brokers import artemis
from deploy.brokers.artemis import address_of
from deploy.brokers.listener import BrokerPlan, Listener
from ingest.access import Access
from ingest.topic_filters import covers

MIXED = [
    Access("all", "simulator", ("#",)),
    Access("bridge", "bridge", (), ("dust/v1/+/readings", "dust/v1/+/status")),
    Access("d1", "device", ("dust/v1/d1/readings", "dust/v1/d1/status"), ("dust/v1/d1/commands",)),
    Access("d2", "device", ("dust/v1/d2/readings",)),
    Access("gate", "gateway", ("dust/v1/d1/readings", "vendor/+/data"), ("dust/v1/d1/commands",)),
    Access("tool", "tool", (), ("#",)),
]


def rights(access: Sequence[Access]) -> dict[tuple[str, str], list[str]]:
    """(address, permission) -> roles, as broker.xml has them."""
    passwords = dict.fromkeys((one.user for one in access), "password")
    plan = BrokerPlan([Listener(1883)], Path("/broker"), Path("/broker/data"), access, passwords)
    tree = ET.fromstring(artemis.files(plan)["etc/broker.xml"])
    return {
        (setting.attrib["match"], permission.attrib["type"]): permission.attrib["roles"].split(",")
        for setting in tree.iter("{urn:activemq:core}security-setting")
        for permission in setting
    }


def test_an_address_is_for_all_whose_topics_and_filters_cover_it_and_for_nobody_else() -> None:
    found = rights(MIXED)
    topics = {"#", *(topic for one in MIXED for topic in (*one.publish, *one.subscribe))}
    assert {address for address, _ in found} == {address_of(topic) for topic in topics}
    for topic in topics:
        send = [one.user for one in MIXED if any(covers(own, topic) for own in one.publish)]
        read = [one.user for one in MIXED if any(covers(own, topic) for own in one.subscribe)]
        assert found[address_of(topic), "send"] == (send or ["~nobody"])
        assert found[address_of(topic), "consume"] == (read or ["~nobody"])


def test_a_county_of_thousands_compares_patterns_alone_with_every_topic(monkeypatch) -> None:
    asked = []
    monkeypatch.setattr(artemis, "covers", lambda broad, narrow: asked.append(broad) or covers(broad, narrow))
    monkeypatch.setattr(artemis, "_hashed", lambda password: password)
    devices = [Access(f"d{n}", "device", (f"dust/v1/d{n}/readings",)) for n in range(3000)]
    found = rights([*devices, Access("bridge", "bridge", (), ("dust/v1/+/readings",))])
    assert found["dust.v1.d7.readings", "send"] == ["d7"]
    assert found["dust.v1.d7.readings", "consume"] == ["bridge"]
    assert {*asked} == {"dust/v1/+/readings"}
