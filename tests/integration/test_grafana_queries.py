"""Every query of the dashboard, run on the real InfluxDB after the store has written a county's day."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from deploy.grafana.dashboard import dashboard
from ingest.records import Readings
from processors.history.columns import batches_of_intervals, batches_of_readings, batches_of_verdicts
from processors.history.influx import InfluxHistory
from processors.records.verdicts import Interval, Verdict
from tests.fakes.desk import DUSTY, NOW
from tests.fakes.stored_county import StoredCounty
from tests.servers.influxdb import InfluxServer

pytestmark = pytest.mark.servers
HOUR = 3_600_000
END = time.time_ns() // 1_000_000 // HOUR * HOUR
HOURS = 24
SITES = [f"工地-{n}" for n in range(3)]
ANSWERS = ("compliant", "exceeds", "undetermined")
PANELS: list[dict[str, Any]] = dashboard()["panels"]
VARIABLES: list[dict[str, Any]] = dashboard()["templating"]["list"]
QUERIES = [
    pytest.param(target, id=f"{panel['title']} {target['refId']}")
    for panel in PANELS
    for target in panel.get("targets", ())
]


@pytest.fixture(scope="module")
def bucket(influxdb: InfluxServer) -> Iterator[str]:
    """A day of three sites with two devices each."""
    name = f"grafana-{uuid.uuid4().hex[:8]}"
    influxdb.create_bucket(name)
    history = InfluxHistory(influxdb.url, org=influxdb.org, bucket=name, token=influxdb.token)
    devices = [(f"dev-{s}-{d}", site) for s, site in enumerate(SITES) for d in range(2)]
    batches = [
        *batches_of_readings([_readings(device, site) for device, site in devices]),
        *batches_of_intervals([_interval(d, s, hour) for d, s in devices for hour in range(HOURS)]),
        *batches_of_verdicts([_verdict(d, s, hour) for d, s in devices for hour in range(HOURS)]),
    ]
    outcome = history.write_batches(batches)
    assert (outcome.accepted, outcome.rejected, outcome.kept) == (sum(map(len, batches)), [], [])
    yield name
    history.close()


def _readings(device: str, site: str) -> Readings:
    minutes = END - HOURS * HOUR + np.arange(HOURS * 60, dtype=np.int64) * 60_000
    values = {name: 50_000 + np.arange(len(minutes), dtype=np.int64) for name in ("pm10", "pm2_5", "tsp")}
    zeros = np.zeros(len(minutes), np.int32)
    return Readings((device,), (site,), zeros, minutes, zeros.astype(np.int64), minutes + 900, values)


def _interval(device: str, site: str, hour: int) -> Interval:
    start = END - (HOURS - hour) * HOUR
    return Interval(
        f"i-{device}-{hour}", site, device, "pm10", "mean", start, start + HOUR, 60.0 + hour, 0.98, 59, 1
    )


def _verdict(device: str, site: str, hour: int) -> Verdict:
    start = END - (HOURS - hour) * HOUR
    known: dict[str, Any] = dict.fromkeys(Verdict.__dataclass_fields__)
    known |= {"id": f"v-{device}-{hour}", "kind": "interval", "site": site, "point": device}
    known |= {"rule": "hebei-pm10", "title": {"en": "PM10"}, "clause": "4.1", "pollutant": "pm10"}
    known |= {"unit": "ug/m3", "start": start, "end": start + HOUR, "answer": ANSWERS[hour % 3]}
    known |= {"reasons": ("low_capture",), "value": 60.0 + hour, "background": 30.0, "subtracted": 30.0}
    known |= {"background_ids": (), "limit": 80.0, "capture": 0.98, "revision": 1, "decided_at": start + HOUR}
    return Verdict(**known)


def ask(
    influxdb: InfluxServer, bucket: str, query: str, site: str = SITES[1], end: int = END
) -> list[dict[str, Any]]:
    """The series of a query as Grafana sends it, for the day before `end`."""
    filled = query.replace("$timeFilter", f"time >= {end - HOURS * HOUR}ms AND time <= {end}ms")
    filled = filled.replace("$__interval", "5m").replace("$site", site).replace("$pollutant", "pm10")
    assert "$" not in filled
    answer = httpx.get(
        f"{influxdb.url}/query",
        params={"db": bucket, "q": filled, "epoch": "ms"},
        headers={"Authorization": f"Token {influxdb.token}"},
    )
    (result,) = answer.raise_for_status().json()["results"]
    assert "error" not in result, filled
    series: list[dict[str, Any]] = result.get("series", [])
    return series


@pytest.mark.parametrize("target", QUERIES)
def test_a_query_of_the_dashboard_finds_what_the_store_wrote(
    influxdb: InfluxServer, bucket: str, target: dict[str, Any]
) -> None:
    series = ask(influxdb, bucket, target["query"])
    assert any(v is not None for one in series for row in one["values"] for v in row[1:])
    for tag in re.findall(r"\$tag_(\w+)", target["alias"]):
        assert all(one["tags"][tag] for one in series)


@pytest.fixture(scope="module")
def folded(influxdb: InfluxServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Six hours of the example county as the fold judges them and the store writes them."""
    name = f"grafana-{uuid.uuid4().hex[:8]}"
    influxdb.create_bucket(name)
    history = InfluxHistory(influxdb.url, org=influxdb.org, bucket=name, token=influxdb.token)
    county = StoredCounty.start(tmp_path_factory.mktemp("county"), NOW - 6 * HOUR, history)
    county.run_to(NOW)
    yield name
    history.close()
    county.cases.close()


@pytest.mark.parametrize("target", QUERIES)
def test_a_query_of_the_dashboard_finds_what_the_fold_judged_and_the_store_wrote(
    influxdb: InfluxServer, folded: str, target: dict[str, Any]
) -> None:
    series = ask(influxdb, folded, target["query"], DUSTY, NOW)
    assert any(v is not None for one in series for row in one["values"] for v in row[1:])
    for tag in re.findall(r"\$tag_(\w+)", target["alias"]):
        assert all(one["tags"][tag] for one in series)


def test_the_choice_of_sites_is_all_sites(influxdb: InfluxServer, bucket: str) -> None:
    (site,) = [variable for variable in VARIABLES if variable["name"] == "site"]
    (series,) = ask(influxdb, bucket, site["query"])
    assert sorted(value for _, value in series["values"]) == SITES


def test_the_county_shows_every_site_and_a_site_only_its_own_devices(
    influxdb: InfluxServer, bucket: str
) -> None:
    levels, hour_means = (
        next(panel for panel in PANELS if title in panel["title"]) for title in ("by site", "Hour means")
    )
    by_site = ask(influxdb, bucket, levels["targets"][0]["query"])
    assert [one["tags"]["site"] for one in by_site] == SITES
    by_device = ask(influxdb, bucket, hour_means["targets"][0]["query"])
    assert [one["tags"]["device"] for one in by_device] == ["dev-1-0", "dev-1-1"]
    assert [value for _, value in by_device[0]["values"]] == [60.0 + hour for hour in range(HOURS)]
