"""What is held in quarantine, what a retry gains, and how the list shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest
from click.testing import CliRunner

from deploy.cli import program
from ingest.batches import Row
from ingest.codec import encode_quarantined, headers_of
from ingest.quarantine import RETRIED, QuarantinedMessage, is_worth_it, note_record, outcomes_of
from ingest.records import Headers, Quarantined
from ingest.register import load_register
from ingest.resolve import Arrival, Resolver
from tests.counties import device, iso, write_county

NOW = 1_795_392_000_000
DAY = 86_400_000


class Written(NamedTuple):
    """A record of the topic, as a consumer hands it over."""

    partition: int
    offset: int
    value: bytes
    headers: Headers


def quarantined(offset: int, topic: str = "a/b", detail: str = "odd") -> Written:
    record = Quarantined(NOW + offset, "bridge", topic, "bad_json", detail, b"raw")
    return Written(0, offset, *encode_quarantined(record))


def held_of(records: list[Written]) -> list[str]:
    held: dict[str, QuarantinedMessage] = {}
    for record in records:
        note_record(held, record)
    return list(held)


def test_what_was_put_through_is_not_held_any_more() -> None:
    done = Written(0, 2, orjson.dumps({"id": "0/0"}), headers_of(RETRIED, NOW))
    assert held_of([quarantined(0), quarantined(1), done]) == ["0/1"]


UNREADABLE = {
    "no JSON": b"\xff",
    "another form": b'{"later": 1}',
    "a list": b"[]",
    "raw bytes that are no base64": orjson.dumps({"raw": "*"}),
}


@pytest.mark.parametrize("value", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("like", [quarantined(0).headers, headers_of(RETRIED, NOW)])
def test_a_record_that_cannot_be_read_hides_no_other(value: bytes, like: Headers) -> None:
    assert held_of([Written(0, 0, value, like), quarantined(1)]) == ["0/1"]


def test_the_good_readings_of_a_message_do_not_wait_for_its_bad_one(tmp_path: Path) -> None:
    body = [{"time": iso(NOW), "pm10": n} for n in range(9)] + [{"time": iso(NOW - 9 * DAY), "pm10": 9}]
    came = Arrival("site/dev-1/pm", json.dumps(body).encode(), NOW)
    before = load_register(write_county(tmp_path / "before", [device("dev-1")]))
    (held,) = Resolver(before).resolve(came)
    assert isinstance(held, Quarantined)
    assert held.code == "unknown_topic"
    fixed = write_county(
        tmp_path / "fixed",
        [device("dev-1", aliases=["site/dev-1/pm"])],
        extra={"ingest.yaml": [{"filter": "site/+/pm", "format": "json_v1"}]},
    )
    outcomes = outcomes_of(held, Resolver(load_register(fixed)))
    assert [isinstance(one, Row) for one in outcomes] == [True] * 9 + [False]
    assert is_worth_it(outcomes)
    back = outcomes[-1]
    assert isinstance(back, Quarantined)
    assert (back.code, back.part, back.raw) == ("bad_time", 9, came.payload)


def test_a_message_that_is_bad_throughout_stays_where_it_is(tmp_path: Path) -> None:
    register = load_register(write_county(tmp_path, [device("dev-1")]))
    outcomes = Resolver(register).resolve(Arrival("dust/v1/dev-1/readings", b"[1, 2]", NOW))
    assert len(outcomes) == 2
    assert not is_worth_it(outcomes)


def test_the_list_shows_a_hostile_topic_on_one_line_and_steers_no_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record = Quarantined(NOW, "bridge", "a\x1b[2J\nb", "unknown_topic", "线 \r", b"raw")

    async def held(_: str) -> list[Any]:
        return [QuarantinedMessage(0, 7, record)]

    monkeypatch.setattr("ingest.quarantine.read_quarantine", held)
    result = CliRunner().invoke(program, ["quarantine", "list"])
    first, last = result.stdout.splitlines()
    assert "a\ufffd[2J\ufffdb" in first
    assert "线" in first
    assert last == "1 in quarantine"
