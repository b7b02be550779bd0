"""What an answer to a write means: only 204 stores, whatever else stands at the address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from deploy.waiting import until_it_takes
from ingest.telemetry import Telemetry
from processors.history import HistoryBusy, HistoryUnusable, Point
from processors.history.influx import InfluxHistory
from tests.fakes.servers import PageFake

POINTS = [
    Point("readings", {"device": "d", "site": "s"}, {"pm10": 1.0, "received_at": 1}, n) for n in range(4)
]
PAGE = b"<!doctype html><html><body>Welcome to nginx!</body></html>"
JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html"}
NOTHING = b'{"results":[{"statement_id":0}]}'


class Answer(NamedTuple):
    """What the server says to a write."""

    status: int
    headers: dict[str, str] = HTML
    body: bytes = PAGE


@pytest.fixture
def server() -> Iterator[PageFake]:
    """Answers writes by `server.said`, queries as an empty InfluxDB does."""
    answers: list[Answer] = []

    def answer(method: str, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if path.startswith("/query"):
            return 200, JSON, NOTHING
        return answers[0] if len(answers) == 1 else answers.pop(0)

    fake = PageFake(answer)
    fake.said = answers  # type: ignore[attr-defined]
    yield fake
    fake.stop()


def history_of(server: PageFake, *said: Answer) -> InfluxHistory:
    server.said[:] = said  # type: ignore[attr-defined]
    return InfluxHistory(server.url, org="o", bucket="b", token="t", timeout_s=5)


def test_a_write_that_is_answered_with_204_is_stored(server: PageFake) -> None:
    outcome = history_of(server, Answer(204, {}, b"")).write(POINTS)
    assert (outcome.accepted, outcome.kept, outcome.why) == (4, [], "")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        pytest.param(Answer(200), "answers 200 (text/html), which InfluxDB does not", id="a web page"),
        pytest.param(Answer(200, JSON, b"{}"), "answers 200 (application/json)", id="another API"),
        pytest.param(Answer(200, {}, b""), "answers 200 (no content type)", id="an empty page"),
        pytest.param(Answer(201), "answers 201", id="created"),
        pytest.param(Answer(202, JSON, b"{}"), "answers 202", id="a proxy that accepts for later"),
        pytest.param(Answer(206), "answers 206", id="a part"),
        pytest.param(Answer(200, HTML, b"\xff\xfe\x00"), "bytes that are no text", id="no text"),
        pytest.param(
            Answer(307, {"Location": "https://u:s3cret@elsewhere/login?token=s3cret"}),
            "sends us to https://***@elsewhere/login?token=***: nothing counts as stored",
            id="a redirect",
        ),
        pytest.param(Answer(302, {}), "sends us to nowhere", id="a redirect to nowhere"),
        pytest.param(Answer(400), "answers 400: <!doctype html>", id="a proxy that refuses"),
        pytest.param(Answer(422), "answers 422", id="a proxy that does not understand"),
        pytest.param(Answer(401, JSON, b'{"code":"unauthorized"}'), "refuses the token", id="token"),
        pytest.param(Answer(404), "does not know organisation", id="a wrong path"),
        pytest.param(Answer(405), "answers 405", id="a page that takes no POST"),
    ],
)
def test_what_is_not_influxdb_stores_nothing_and_is_refused_at_the_start_with_the_way_out(
    server: PageFake, said: Answer, words: str
) -> None:
    history = history_of(server, said)
    outcome = history.write(POINTS)
    assert (outcome.accepted, outcome.rejected, len(outcome.kept_points)) == (0, [], 4)
    assert words in outcome.why
    assert "s3cret" not in outcome.why
    with pytest.raises(HistoryUnusable) as caught:
        history.check()
    assert caught.value.exit_code == 2
    assert not isinstance(caught.value, HistoryBusy)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        pytest.param(Answer(503, {"Retry-After": "7"}), 7.0, id="starting"),
        pytest.param(Answer(429, {"Retry-After": "100000"}, b""), 300.0, id="too many requests"),
        pytest.param(
            Answer(503, {"Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"}), 300.0, id="until a date to come"
        ),
        pytest.param(Answer(503, {"Retry-After": "Sat, 01 Jan 2000 00:00:00 GMT"}), 0.0, id="a date gone by"),
        pytest.param(Answer(503, {"Retry-After": "soon"}), None, id="a wait that nobody can read"),
        pytest.param(Answer(500, JSON, b'{"code":"internal error","message":"x"}'), None, id="an own fault"),
        pytest.param(Answer(502), None, id="a proxy whose server is away"),
        pytest.param(Answer(504), None, id="a proxy whose server is slow"),
        pytest.param(Answer(408), None, id="too slow"),
    ],
)
def test_a_server_that_is_there_but_busy_is_waited_for(
    server: PageFake, said: Answer, asked: float | None
) -> None:
    history = history_of(server, said)
    outcome = history.write(POINTS)
    assert (outcome.accepted, outcome.rejected, len(outcome.kept_points)) == (0, [], 4)
    assert outcome.wait_s == asked
    with pytest.raises(HistoryBusy) as caught:
        history.check()
    assert (caught.value.exit_code, caught.value.wait_s) == (3, asked)


def test_points_are_bad_only_in_influxdbs_own_words(server: PageFake) -> None:
    said = Answer(400, JSON, b'{"code":"invalid","message":"partial write: field type conflict dropped=4"}')
    outcome = history_of(server, said).write(POINTS)
    assert len(outcome.rejected) == 4
    assert outcome.kept == []


def test_what_is_too_large_for_a_proxy_is_sent_in_halves(server: PageFake) -> None:
    outcome = history_of(server, Answer(413), Answer(204, {}, b"")).write(POINTS)
    assert (outcome.accepted, outcome.rejected, outcome.kept) == (4, [], [])


@pytest.mark.parametrize(
    "body", [PAGE, b"{}", b'{"results": 7}', b"\xff"], ids=["page", "empty", "odd", "bytes"]
)
def test_a_query_that_something_else_answers_is_told_and_not_a_trace(body: bytes) -> None:
    fake = PageFake(lambda method, path, sent: (200, HTML, body))
    try:
        history = InfluxHistory(fake.url, org="o", bucket="b", token="t")
        with pytest.raises(HistoryUnusable, match=r"answers a query with something else \(text/html\)"):
            history.count("readings")
    finally:
        fake.stop()


# ------------------------------------------------------------------------------- at the start of a service


def test_a_store_that_is_busy_at_the_start_is_waited_for_as_long_as_it_asks(server: PageFake) -> None:
    history = history_of(
        server, Answer(503, {"Retry-After": "9"}), Answer(429), Answer(204, {}, b""), Answer(204, {}, b"")
    )
    telemetry, waits, said = Telemetry("store"), [], []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        said.append(telemetry.unready())
        return False

    assert until_it_takes(history, telemetry, wait)
    assert waits[0] == 9.0
    assert len(waits) == 2
    assert "answers 503" in said[0]["history_start"]
    assert telemetry.unready() == {"start": "still starting"}


def test_who_is_told_to_stop_waits_no_longer(server: PageFake) -> None:
    assert not until_it_takes(history_of(server, Answer(503)), Telemetry("store"), lambda seconds: True)


def test_a_page_at_the_start_is_not_waited_for(server: PageFake) -> None:
    with pytest.raises(HistoryUnusable, match="correct the history URL") as caught:
        until_it_takes(history_of(server, Answer(200)), Telemetry("store"), lambda seconds: False)
    assert caught.value.exit_code == 2
