"""From a message to its outcome: routes, devices, clocks, retained messages and redeliveries."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import pytest

from ingest import codec
from ingest.batches import Row
from ingest.codec import decode_quarantined, encode_quarantined
from ingest.placing import TimePolicy
from ingest.quarantine import outcomes_of
from ingest.records import Background, Quarantined, Signal, Status
from ingest.register import Register, load_register
from ingest.resolve import Arrival, Duplicate, Outcome, Resolver, gathered
from ingest.topic_filters import filters_of, matches
from tests.counties import device, iso, write_county

NOW = 1_795_392_000_000
MINUTE, DAY = 60_000, 86_400_000
TOPIC = "dust/v1/dev-1/readings"


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Register:
    """Two native monitors, and one that speaks HJ 212 on a topic of many."""
    devices = [
        device("dev-1", interval=60),
        device("dev-2", aliases=["AA:BB"]),
        device("dev-3", format="hj212", aliases=["010000A8900016F000169DC0"]),
    ]
    ingest = [
        {"filter": "dust/v1/+/readings", "format": "json_v1"},
        {"filter": "hj/#", "format": "hj212"},
    ]
    folder = write_county(tmp_path_factory.mktemp("county"), devices, extra={"ingest.yaml": ingest})
    return load_register(folder)


@pytest.fixture
def resolver(register: Register) -> Resolver:
    return Resolver(register)


def native(at: int | None = None, **values: object) -> bytes:
    return json.dumps({**({} if at is None else {"time": iso(at)}), "pm10": 12.5, **values}).encode()


def take(
    resolver: Resolver, payload: bytes, topic: str = TOPIC, at: int = NOW, **more: bool
) -> list[Outcome]:
    return resolver.resolve(Arrival(topic, payload, at, **more))


def only(outcomes: list[Outcome]) -> Outcome:
    assert len(outcomes) == 1
    return outcomes[0]


def test_a_reading_finds_its_device_and_site(resolver: Resolver) -> None:
    row = only(take(resolver, native(NOW - 1000, seq=3)))
    assert row == Row("dev-1", "site-1", NOW - 1000, 0, NOW, {"pm10": 12500}, {}, {"seq": 3}, ())


def test_an_alias_finds_the_device_whatever_its_case(resolver: Resolver) -> None:
    row = only(take(resolver, native(NOW), "dust/v1/aa:bb/readings"))
    assert isinstance(row, Row)
    assert row.device == "dev-2"


STATUS = "dust/v1/dev-1/status"


@pytest.mark.parametrize("payload", [b"online", b" Online\n", b'"online"', b"ONLINE"])
def test_a_status_is_a_word_of_its_device(resolver: Resolver, payload: bytes) -> None:
    assert take(resolver, payload, STATUS) == [Status(NOW, "dev-1", "site-1", "online", False)]


def test_a_last_will_that_the_broker_had_kept_says_so_and_may_name_an_alias(resolver: Resolver) -> None:
    found = take(resolver, b"offline", "dust/v1/aa:bb/status", retain=True)
    assert found == [Status(NOW, "dev-2", "site-1", "offline", True)]


def test_an_empty_status_takes_the_word_back(resolver: Resolver) -> None:
    assert take(resolver, b"", STATUS, retain=True) == [Status(NOW, "dev-1", "site-1", "", True)]


@pytest.mark.parametrize("payload", [b"asleep", b"\xff\xfe", b"{}", b"online" * 1000, b"true"])
def test_another_status_is_set_aside(resolver: Resolver, payload: bytes) -> None:
    refused = only(take(resolver, payload, STATUS))
    assert isinstance(refused, Quarantined)
    assert refused.code == "bad_value"


def test_a_status_of_nobody_is_set_aside_but_not_each_time_that_a_bridge_starts(resolver: Resolver) -> None:
    stranger = "dust/v1/stranger/status"
    refused = only(take(resolver, b"online", stranger))
    assert isinstance(refused, Quarantined)
    assert refused.code == "unknown_device"
    assert take(resolver, b"online", stranger, retain=True) == [Duplicate("retained_status_of_nobody")]


def test_a_filter_over_everything_takes_no_status_for_a_reading(tmp_path: Path) -> None:
    ingest = [{"filter": "dust/v1/+/+", "format": "json_v1"}]
    folder = write_county(tmp_path, [device("dev-1")], extra={"ingest.yaml": ingest})
    assert isinstance(only(take(Resolver(load_register(folder)), b"online", STATUS)), Status)


CLOCKS: dict[str, tuple[int, tuple[int, tuple[str, ...]] | str]] = {
    "right": (-1000, (-1000, ())),
    "five minutes ahead": (5 * MINUTE, (5 * MINUTE, ())),
    "more than five minutes ahead": (5 * MINUTE + 1, (0, ("clock",))),
    "in 2040": (14 * 365 * DAY, (0, ("clock",))),
    "seven days back": (-7 * DAY, (-7 * DAY, ())),
    "more than seven days back": (-7 * DAY - 1, "bad_time"),
}


@pytest.mark.parametrize(("ahead", "expected"), CLOCKS.values(), ids=CLOCKS)
def test_a_clock_is_placed_by_policy(
    resolver: Resolver, ahead: int, expected: tuple[int, tuple[str, ...]] | str
) -> None:
    outcome = only(take(resolver, native(NOW + ahead)))
    if isinstance(expected, str):
        assert isinstance(outcome, Quarantined)
        assert outcome.code == expected
        assert "7 d 0 h 0 min before receipt" in outcome.detail
    else:
        assert isinstance(outcome, Row)
        assert (outcome.time - NOW, outcome.marks) == expected


def test_a_device_may_have_a_policy_of_its_own(register: Register) -> None:
    resolver = Resolver(register, policies={"dev-1": TimePolicy(when_ahead="refuse", when_behind="keep")})
    ahead = only(take(resolver, native(NOW + DAY)))
    behind = only(take(resolver, native(NOW - 30 * DAY)))
    assert isinstance(ahead, Quarantined)
    assert isinstance(behind, Row)
    assert (behind.time, behind.marks) == (NOW - 30 * DAY, ("clock",))


def test_the_policy_of_a_device_stands_in_devices_yaml(tmp_path: Path) -> None:
    logger = {"behind": 600, "when_behind": "keep", "when_ahead": "refuse"}
    devices = [device("dev-1", clock=logger), device("dev-2")]
    resolver = Resolver(load_register(write_county(tmp_path, devices)))
    behind = only(take(resolver, native(NOW - 30 * DAY)))
    assert isinstance(behind, Row)
    assert (behind.time, behind.marks) == (NOW - 30 * DAY, ("clock",))
    ahead = only(take(resolver, native(NOW + DAY)))
    other = only(take(resolver, native(NOW - 30 * DAY), "dust/v1/dev-2/readings"))
    assert [one.code for one in (ahead, other) if isinstance(one, Quarantined)] == ["bad_time"] * 2


def test_without_a_time_receipt_counts(resolver: Resolver) -> None:
    row = only(take(resolver, native()))
    assert isinstance(row, Row)
    assert row.time == NOW


BURSTS = {
    "one at a time": ([0, 60_000], [0, 60_000]),
    "three in one millisecond": ([0, 0, 0], [0, 1, 2]),
    "receipt moves on slower than they come": ([0, 0, 0, 1, 1, 9], [0, 1, 2, 3, 4, 9]),
    "put through again with an older receipt": ([5_000, 0, 0], [5_000, 0, 1]),
}


@pytest.mark.parametrize(("receipts", "times"), BURSTS.values(), ids=BURSTS)
def test_readings_without_time_that_come_in_a_burst_are_told_apart(
    resolver: Resolver, receipts: list[int], times: list[int]
) -> None:
    rows = [only(take(resolver, native(), at=NOW + after)) for after in receipts]
    assert [row.time - NOW for row in rows if isinstance(row, Row)] == times
    assert [row.received_at - NOW for row in rows if isinstance(row, Row)] == receipts


def test_a_burst_of_one_device_moves_no_other(resolver: Resolver) -> None:
    take(resolver, native())
    row = only(take(resolver, native(), "dust/v1/dev-2/readings"))
    assert isinstance(row, Row)
    assert row.time == NOW


def test_a_retained_message_is_marked(resolver: Resolver) -> None:
    row = only(take(resolver, native(NOW), retain=True))
    assert isinstance(row, Row)
    assert row.marks == ("retained",)


def test_a_retained_message_without_time_is_dropped_and_named(resolver: Resolver) -> None:
    assert take(resolver, native(), retain=True) == [Duplicate("retained_without_time")]


def test_a_retained_message_whose_clock_is_ahead_is_dropped_too(resolver: Resolver) -> None:
    assert take(resolver, native(NOW + DAY), retain=True) == [Duplicate("retained_without_time")]


REDELIVERIES = {
    "the same within twice the interval": (120_000, True, b'{"pm10": 1}', True),
    "the same after twice the interval": (120_001, True, b'{"pm10": 1}', False),
    "other content": (1_000, True, b'{"pm10": 2}', False),
    "the same, but not marked as redelivered": (1_000, False, b'{"pm10": 1}', False),
}


@pytest.mark.parametrize(("after", "dup", "payload", "is_duplicate"), REDELIVERIES.values(), ids=REDELIVERIES)
def test_a_redelivery_without_time_is_known_by_its_content(
    resolver: Resolver, after: int, dup: bool, payload: bytes, is_duplicate: bool
) -> None:
    take(resolver, b'{"pm10": 1}')
    outcome = only(take(resolver, payload, at=NOW + after, dup=dup))
    assert (outcome == Duplicate("redelivered_without_time")) is is_duplicate


@pytest.mark.parametrize(("after", "other", "counted"), [(10_000, 0, 1), (120_001, 0, 2), (10_000, 1, 2)])
def test_what_a_device_with_a_wrong_clock_sends_twice_counts_once(
    resolver: Resolver, after: int, other: int, counted: int
) -> None:
    first = take(resolver, native(NOW + DAY))
    again = take(resolver, native(NOW + DAY + other), at=NOW + after)
    assert sum(isinstance(one, Row) for one in first + again) == counted
    assert (Duplicate("repeated_by_a_wrong_clock") in again) is (counted == 1)


def test_a_redelivery_with_time_is_left_to_the_fold(resolver: Resolver) -> None:
    take(resolver, native(NOW))
    assert isinstance(only(take(resolver, native(NOW), dup=True)), Row)


def test_two_equal_readings_of_one_payload_are_both_taken(resolver: Resolver) -> None:
    outcomes = take(resolver, b'[{"pm10": 1}, {"pm10": 1}]')
    assert [type(one) for one in outcomes] == [Row, Row]


REFUSED = {
    "no JSON": (b"rubbish", TOPIC, "bad_json"),
    "nothing": (b"", TOPIC, "empty"),
    "a device nobody registered": (native(NOW), "dust/v1/dev-9/readings", "unknown_device"),
    "a topic no filter matches": (native(NOW), "elsewhere", "unknown_topic"),
    "a station of no area": (native(NOW), "dust/v1/background/S009", "unknown_station"),
    "a place that is none": (b'{"kind": "alert"}', "dust/v1/signals/nowhere", "unknown_place"),
    "a background that is no JSON": (b"x", "dust/v1/background/S001", "bad_json"),
}


@pytest.mark.parametrize(("payload", "topic", "code"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_quarantined_whole(
    resolver: Resolver, payload: bytes, topic: str, code: str
) -> None:
    outcome = only(take(resolver, payload, topic))
    assert isinstance(outcome, Quarantined)
    assert (outcome.code, outcome.raw, outcome.topic) == (code, payload, topic)


def test_background_and_signals_become_records(resolver: Resolver) -> None:
    body = json.dumps({"time": iso(NOW - 60 * MINUTE), "pm10": 80}).encode()
    background = only(take(resolver, body, "dust/v1/background/S001"))
    signal = only(take(resolver, b'{"id": "x", "kind": "alert", "level": 2}', "dust/v1/signals/county"))
    assert isinstance(background, Background)
    assert (background.start, background.end) == (NOW - 60 * MINUTE, NOW)
    assert background.values == {"pm10": 80_000}
    assert signal == Signal("x", NOW, "county", "alert", "2", NOW, None)


def test_a_calibration_names_a_monitor_of_the_site_by_id_or_alias(resolver: Resolver) -> None:
    body = {
        "id": "c",
        "kind": "calibration",
        "device": "DEV-1",
        "calibration": [{"pollutant": "pm10", "factor": 2}],
    }
    signal = only(take(resolver, json.dumps(body).encode(), "dust/v1/signals/site-1"))
    correction = {"from": NOW, "pollutant": "pm10", "slope": 1.0, "offset": 0.0, "factor": 2.0}
    assert signal == Signal("c", NOW, "site-1", "calibration", None, NOW, None, "dev-1", [correction])
    assert isinstance(signal, Signal)
    assert codec.decode(*codec.encode(signal)) == signal
    for monitor, place in (("dev-9", "site-1"), ("dev-1", "county")):
        refused = only(
            take(resolver, json.dumps({**body, "device": monitor}).encode(), f"dust/v1/signals/{place}")
        )
        assert isinstance(refused, Quarantined)
        assert refused.code == "unknown_device"


@pytest.mark.parametrize(
    "wrong",
    [[], [1], [{"from": 1}], [{"from": 1, "pollutant": "pm10", "slope": 0.0, "offset": 0.0, "factor": 1.0}]],
)
def test_a_record_with_corrections_that_cannot_be_folded_is_no_record(wrong: list[object]) -> None:
    _, headers = codec.encode(Signal("c", NOW, "site-1", "calibration", None, NOW, None, "dev-1"))
    body = json.dumps({**asdict(Signal("c", NOW, "s", "calibration", None, NOW, None)), "calibration": wrong})
    with pytest.raises(ValueError, match="calibration"):
        codec.decode(body.encode(), headers)


def test_a_signal_without_corrections_has_the_keys_that_it_always_had() -> None:
    value, _ = codec.encode(Signal("x", NOW, "county", "alert", "2", NOW, None))
    assert set(json.loads(value)) == {"id", "received_at", "place", "kind", "level", "start", "end"}


def test_a_station_s_time_without_zone_is_the_county_s_time(tmp_path: Path) -> None:
    west = {"name": "西县", "zone": "Asia/Urumqi", "background": [{"area": "county", "stations": ["S001"]}]}
    folder = write_county(tmp_path, [device("dev-1")], extra={"county.yaml": west})
    resolver = Resolver(load_register(folder))
    hour = json.dumps({"time": "2026-11-23T08:00:00", "pm10": 80}).encode()
    background = only(take(resolver, hour, "dust/v1/background/S001"))
    alert = b'{"kind": "alert", "from": "2026-11-23T08:00:00"}'
    signal = only(take(resolver, alert, "dust/v1/signals/county"))
    eight = 1_795_399_200_000  # 08:00 at +06:00
    assert isinstance(background, Background)
    assert isinstance(signal, Signal)
    assert (background.start, signal.start) == (eight, eight)


def test_a_bad_part_of_a_payload_can_be_put_through_alone(register: Register) -> None:
    frames = (
        b"##0187QN=20240601080500002;ST=39;CN=2051;PW=123456;MN=010000A8900016F000169DC0;Flag=5;"
        b"CP=&&DataTime=20240601080000;a34002-Min=80.0,a34002-Avg=95.5,a34002-Max=110.0,a34002-Flag=N;"
        b"Leq-Data=61.2&&C481\r\n"
    )
    other = frames.replace(b"MN=010000A8900016F000169DC0", b"MN=010000A8900016F000169DC1")
    at = 1_717_200_400_000
    strict = Resolver(register, policy=TimePolicy(behind_ms=10 * MINUTE, ahead_ms=10 * MINUTE))
    good, bad = strict.resolve(Arrival("hj/x", frames + other, at + DAY)), None
    assert [type(one) for one in good] == [Quarantined, Quarantined]
    bad = good[0]
    assert isinstance(bad, Quarantined)
    assert (bad.code, bad.part) == ("bad_time", 0)
    again = outcomes_of(bad, Resolver(register))
    assert len(again) == 1
    assert isinstance(again[0], Row)
    assert again[0].received_at == at + DAY


def test_many_bad_readings_of_one_payload_are_one_record_and_only_they_are_put_through(
    register: Register,
) -> None:
    payload = b"[" + b",".join(native(NOW - (i % 2) * 9 * DAY, seq=i) for i in range(60)) + b"]"
    outcomes = gathered(Resolver(register).resolve(Arrival(TOPIC, payload, NOW)), payload)
    assert [type(one) for one in outcomes] == [Row] * 30 + [Quarantined]
    held = outcomes[-1]
    assert isinstance(held, Quarantined)
    assert (held.code, held.count, held.parts) == ("bad_time", 30, tuple(range(1, 60, 2)))
    held = decode_quarantined(encode_quarantined(held)[0])
    again = outcomes_of(held, Resolver(register, policy=TimePolicy(when_behind="keep")))
    assert [row.extras["seq"] for row in again if isinstance(row, Row)] == list(range(1, 60, 2))


@dataclass(frozen=True)
class ManyBad:
    """A payload of many results that no decoder can use, and how many, in the format's own manner."""

    topic: str
    payload: bytes
    codes: dict[str, int]


def _thingsboard(count: int) -> bytes:
    return orjson.dumps(
        {"d1": ["x"] * (count // 2), "d2": [{"ts": 1, "values": {"pm10": "?"}}] * (count // 2)}
    )


MANY_BAD = {
    "json_v1: elements that are no object": ManyBad(TOPIC, b"[" + b"1," * 9999 + b"1]", {"bad_json": 10_000}),
    "json_v1: two kinds in turn": ManyBad(
        TOPIC, b"[" + b'1,{"pm10":"?"},' * 4999 + b"1,2]", {"bad_json": 5001, "bad_value": 4999}
    ),
    "json_v1: readings of nobody": ManyBad(
        "dust/v1/nobody/readings", b"[" + b'{"pm10":1},' * 9999 + b'{"pm10":1}]', {"unknown_device": 10_000}
    ),
    "hj212: frames with a wrong checksum": ManyBad(
        "hj/x", b"##0020QN=1;MN=1;CP=&&a=1&&FFFF\r\n" * 500, {"bad_crc": 500}
    ),
    "hj212: noise": ManyBad("hj/x", b"noise\n" * 900, {"bad_syntax": 900}),
    "thingsboard: entries that are none": ManyBad(
        "tb/x", _thingsboard(10_000), {"bad_json": 5000, "bad_value": 5000}
    ),
    "qingping: entries that are no object": ManyBad(
        "/qp/dev-1/up", b'{"sensorData":[' + b"1," * 9999 + b"1]}", {"bad_json": 10_000}
    ),
}


@pytest.mark.parametrize("name", MANY_BAD)
def test_one_payload_of_ten_thousand_bad_elements_is_one_entry_with_a_count_in_every_format(
    tmp_path: Path, name: str
) -> None:
    bad = MANY_BAD[name]
    rules = [
        {"filter": "dust/v1/+/readings", "format": "json_v1"},
        {"filter": "hj/x", "format": "hj212"},
        {"filter": "tb/x", "format": "thingsboard"},
        {"filter": "/qp/+/up", "format": "qingping"},
    ]
    folder = write_county(tmp_path, [device("dev-1")], extra={"ingest.yaml": rules})
    resolver = Resolver(load_register(folder))
    held = gathered(resolver.resolve(Arrival(bad.topic, bad.payload, NOW)), bad.payload)
    assert {one.code: one.count for one in held if isinstance(one, Quarantined)} == bad.codes
    assert len(held) == len(bad.codes)
    for one in held:
        assert isinstance(one, Quarantined)
        again = outcomes_of(decode_quarantined(encode_quarantined(one)[0]), resolver)
        assert len(again) == one.count
        assert {back.code for back in again if isinstance(back, Quarantined)} == {one.code}
        # what is put through and refused again stays one entry
        assert gathered(again, one.raw, one.parts) == [one]


@pytest.mark.parametrize(
    ("pattern", "topic", "matched"),
    [
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a/b/c/d", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "a/b", True),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("a/b", "a/b", True),
        ("a/b", "a", False),
        ("a", "a/b", False),
        ("+", "", True),
    ],
    ids=[
        "+ is one level",
        "+ is not two levels",
        "# is also its parent",
        "# is all below",
        "# is everything",
        "but for the server's own topics",
        "+ is no topic of the server's own",
        "names are themselves",
        "a topic is not its parent",
        "a topic is not its child",
        "+ may be empty",
    ],
)
def test_filters_match_as_mqtt_says(pattern: str, topic: str, matched: bool) -> None:
    assert matches(pattern, topic) is matched


def test_the_reserved_topics_are_subscribed_beside_the_rules(register: Register) -> None:
    assert filters_of(register) == [
        "dust/v1/+/readings",
        "hj/#",
        "dust/v1/background/+",
        "dust/v1/signals/+",
    ]


def test_invented_topics_do_not_fill_the_memory(resolver: Resolver) -> None:
    for number in range(20_100):
        take(resolver, b"x", f"invented/{number}")
    assert len(resolver._routes) <= 20_000


def test_of_two_words_of_a_device_the_newer_connection_s_counts_whichever_arrives_first(
    resolver: Resolver,
) -> None:
    topic = "dust/v1/dev-1/status"

    def word(state: str, at: int) -> bytes:
        return json.dumps({"state": state, "at": iso(at)}).encode()

    assert isinstance(only(take(resolver, word("online", NOW), topic)), Status)
    assert isinstance(only(take(resolver, word("online", NOW + MINUTE), topic)), Status)
    assert only(take(resolver, word("offline", NOW), topic)) == Duplicate("overtaken_status")
    assert isinstance(only(take(resolver, word("offline", NOW + MINUTE), topic)), Status), "its own last will"
    assert isinstance(only(take(resolver, b"online", topic)), Status), "without `at` arrival decides"


@pytest.mark.parametrize(
    "payload", [b'{"state": "away"}', b'{"at": 1}', b'{"state": "online", "at": "yesterday"}', b"{"]
)
def test_a_status_object_that_says_nothing_is_kept(resolver: Resolver, payload: bytes) -> None:
    assert isinstance(only(take(resolver, payload, "dust/v1/dev-1/status")), Quarantined)


def test_a_signal_begins_when_it_was_given_where_it_has_no_from(resolver: Resolver) -> None:
    given = json.dumps({"kind": "stage", "level": "earthwork", "at": iso(NOW - MINUTE)}).encode()
    signal = only(take(resolver, given, "dust/v1/signals/site-1"))
    assert isinstance(signal, Signal)
    assert signal.start == NOW - MINUTE
