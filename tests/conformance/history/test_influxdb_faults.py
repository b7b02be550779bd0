"""What InfluxDB does to a write when points, token, bucket or the server itself are bad."""

from __future__ import annotations

import signal
import uuid
from pathlib import Path

import httpx
import pytest

from processors.history import HistoryUnusable, Point, open_history
from processors.history.influx import InfluxHistory
from tests.fakes.servers import PageFake
from tests.servers import influxdb as influxdb_server
from tests.servers.influxdb import InfluxServer

pytestmark = pytest.mark.servers
T0 = 1_763_856_000_000


def point(device: str, minute: int, **fields: float | str) -> Point:
    return Point(
        "readings", {"device": device, "site": "s"}, {**fields, "received_at": T0}, T0 + minute * 60_000
    )


def bucket_of(server: InfluxServer, keep_s: int = 0) -> str:
    name = f"dust-{uuid.uuid4().hex[:12]}"
    server.create_bucket(name, keep_s)
    return name


def history_of(
    server: InfluxServer, bucket: str, token: str | None = None, timeout_s: float = 10
) -> InfluxHistory:
    return InfluxHistory(
        server.url, org=server.org, bucket=bucket, token=token or server.token, timeout_s=timeout_s
    )


def foul(server: InfluxServer, bucket: str, line: str) -> None:
    """Write behind our back, so that InfluxDB gets an opinion on the type of a field."""
    httpx.post(
        f"{server.url}/api/v2/write",
        params={"org": server.org, "bucket": bucket, "precision": "ms"},
        headers={"Authorization": f"Token {server.token}"},
        content=line,
    ).raise_for_status()


def test_points_beyond_retention_are_refused_with_the_servers_reason_and_the_rest_is_stored(
    influxdb: InfluxServer,
) -> None:
    history = history_of(influxdb, bucket_of(influxdb, keep_s=3600))
    now = 7_258_118_400_000  # the year 2200: within any retention
    good = [Point("readings", {"device": "d"}, {"pm10": 1.0, "received_at": 1}, now + i) for i in range(100)]
    old = [Point("readings", {"device": "d"}, {"pm10": 1.0, "received_at": 1}, 1000 + i) for i in range(3)]
    outcome = history.write([*good[:40], old[0], *good[40:70], old[1], old[2], *good[70:]])
    assert outcome.accepted == history.count("readings") == 100
    assert [refusal.point for refusal in outcome.rejected] == old
    assert all("retention" in refusal.reason for refusal in outcome.rejected)
    assert outcome.kept == []


def test_a_field_whose_type_the_bucket_knows_otherwise_refuses_only_the_points_that_have_it(
    influxdb: InfluxServer,
) -> None:
    bucket = bucket_of(influxdb)
    foul(influxdb, bucket, f'readings,device=x,site=s pm10="much" {T0}')
    history = history_of(influxdb, bucket)
    points = [point("d", i, **({"pm10": 1.0} if i % 10 == 0 else {"tsp": 1.0})) for i in range(50)]
    outcome = history.write(points)
    assert outcome.accepted == 45
    assert [refusal.point for refusal in outcome.rejected] == points[::10]
    assert all("conflict" in refusal.reason for refusal in outcome.rejected)
    assert len(history.readings("d", "tsp", T0, T0 + 3_600_000)) == 45


def test_a_wrong_token_keeps_everything_and_says_so_in_words(influxdb: InfluxServer) -> None:
    history = history_of(influxdb, influxdb.bucket, token="wrong")
    outcome = history.write([point("d", 1, pm10=1.0), point("d", 2, pm10=2.0)])
    assert (outcome.accepted, outcome.rejected, len(outcome.kept_points)) == (0, [], 2)
    assert "refuses the token" in outcome.why
    with pytest.raises(HistoryUnusable, match=r"refuses the token.*token_env") as caught:
        history.check()
    assert caught.value.exit_code == 2


def test_an_unknown_bucket_keeps_everything_and_names_it(influxdb: InfluxServer) -> None:
    history = history_of(influxdb, "no-such-bucket")
    outcome = history.write([point("d", 1, pm10=1.0)])
    assert len(outcome.kept_points) == 1
    assert "no-such-bucket" in outcome.why
    with pytest.raises(HistoryUnusable, match="no-such-bucket") as caught:
        history.check()
    assert caught.value.exit_code == 2


def test_a_token_is_read_from_a_file_or_from_the_environment(
    influxdb: InfluxServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "token"
    secret.write_text(influxdb.token + "\n")
    open_history(f"{influxdb.history_url}&token_file={secret}").check()
    monkeypatch.setenv("OTHER_TOKEN", influxdb.token)
    open_history(f"{influxdb.history_url}&token_env=OTHER_TOKEN&gzip=1").check()


def test_gzip_stores_the_same(influxdb: InfluxServer) -> None:
    bucket = bucket_of(influxdb)
    history = InfluxHistory(influxdb.url, org=influxdb.org, bucket=bucket, token=influxdb.token, gzip=True)
    assert history.write([point("城东", i, pm10=i / 3) for i in range(6000)]).accepted == 6000
    assert history.count("readings") == 6000


def test_a_dead_server_keeps_everything_and_takes_it_when_it_is_back(tmp_path: Path) -> None:
    server = influxdb_server.start(tmp_path / "influxdb")
    history = history_of(server, server.bucket)
    try:
        assert history.write([point("d", 0, pm10=0.0)]).accepted == 1
        server.process.stop(signal.SIGKILL)
        outcome = history.write([point("d", i, pm10=1.0) for i in range(1, 12_000)])
        assert (outcome.accepted, outcome.rejected, len(outcome.kept_points)) == (0, [], 11_999)
        assert f"{server.url} does not answer" in outcome.why
        with pytest.raises(HistoryUnusable, match=r"does not answer.*start it") as caught:
            history.check()
        assert caught.value.exit_code == 3
        server.start_again()
        again = history.write_batches(outcome.kept)
        assert (again.accepted, again.kept) == (11_999, [])
        assert history.count("readings") == 12_000
    finally:
        server.stop()


def test_a_server_that_hangs_is_given_up_after_the_time_out(tmp_path: Path) -> None:
    server = influxdb_server.start(tmp_path / "influxdb")
    history = history_of(server, server.bucket, timeout_s=0.5)
    try:
        server.pause()
        outcome = history.write([point("d", 1, pm10=1.0)])
        assert len(outcome.kept_points) == 1
        assert "does not answer" in outcome.why
        server.resume()
        assert history_of(server, server.bucket).write_batches(outcome.kept).accepted == 1
    finally:
        server.resume()
        server.stop()


def test_a_proxy_that_answers_200_for_a_while_loses_no_reading(influxdb: InfluxServer) -> None:
    """1,221 readings were lost to a path that answers 200 with a page: each counted as stored."""
    lies = [True]

    def answer(method: str, path: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        if lies[0]:
            return 200, {"Content-Type": "text/html"}, b"<html>It works!</html>"
        token = {"Authorization": f"Token {influxdb.token}"}
        passed = httpx.request(method, f"{influxdb.url}{path}", content=body, headers=token)
        return passed.status_code, {"Content-Type": "application/json"}, passed.content

    proxy = PageFake(answer)
    bucket = bucket_of(influxdb)
    history = InfluxHistory(proxy.url, org=influxdb.org, bucket=bucket, token=influxdb.token)
    try:
        points = [point("d", n, pm10=1.0) for n in range(1221)]
        outcome = history.write(points)
        assert (outcome.accepted, outcome.rejected, outcome.kept_points) == (0, [], points)
        lies[0] = False
        history.check()
        assert history.write_batches(outcome.kept).accepted == history.count("readings") == 1221
    finally:
        proxy.stop()
