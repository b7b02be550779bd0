"""Orders checked against the register, and their form in the log: older records read as before."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest

from ingest.codec import decode, encode
from ingest.decoders.notices import SignalNotice
from ingest.orders import places_of, signal_of_notice
from ingest.records import Signal
from ingest.register import Register, load_register
from ingest.units import Refused
from tests.counties import device, site, write_county

PLAIN = Signal("o1", 5, "site-1", "power", None, 5, None)


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    devices = [device("dev-1", aliases=["MN1"]), device("dev-2", "site-2")]
    folder = write_county(tmp_path_factory.mktemp("county"), devices, [site("site-1"), site("site-2")])
    return load_register(folder)


def test_an_order_of_before_has_the_bytes_and_the_meaning_that_it_had() -> None:
    value, headers = encode(PLAIN)
    assert set(orjson.loads(value)) == {"id", "received_at", "place", "kind", "level", "start", "end"}
    assert decode(value, headers) == PLAIN


def test_what_people_say_travels_with_the_order() -> None:
    said = replace(PLAIN, author="li", reason="line", document="7", device="dev-1")
    assert decode(*encode(said)) == said
    value, headers = encode(said)
    for key in ("author", "reason", "document"):
        wrong = orjson.dumps({**orjson.loads(value), key: 7})
        with pytest.raises(ValueError, match=key):
            decode(wrong, headers)


def test_places_are_the_county_its_areas_townships_and_sites(register: Register) -> None:
    assert places_of(register) == ["county", "housing", "town-east", "site-1", "site-2"]


def test_a_monitor_is_found_by_its_alias_and_only_at_its_site(register: Register) -> None:
    notice = SignalNotice("o1", "site-1", "power", None, None, None, "mn1")
    assert signal_of_notice(notice, register, 9).device == "dev-1"
    assert signal_of_notice(notice, register, 9).start == 9
    with pytest.raises(Refused, match="stands at 'site-2'"):
        signal_of_notice(notice._replace(device="dev-2"), register, 9)
    with pytest.raises(Refused, match="did you mean `site-"):
        signal_of_notice(notice._replace(place="site-3"), register, 9)
