"""The desk reads the same from InfluxDB and PostgreSQL as from SQLite."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import httpx
import pytest

from alerts.web.app import create_app
from processors.history import open_history
from tests.fakes.desk import DUSTY, HOUR, NOW
from tests.fakes.people import cookie_of
from tests.fakes.stored_county import StoredCounty
from tests.servers.influxdb import InfluxServer
from tests.servers.postgres import PostgresServer

pytestmark = pytest.mark.servers


async def pages_of(county: StoredCounty) -> dict[str, str]:
    """The pages of a desk over a county's stores, without what differs from visit to visit."""
    app = create_app(county.sources, county.register, county.clock, "http://desk.test")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    case = county.cases.cases(site=DUSTY)[0].id
    found = {}
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as http:
        http.cookies.update(cookie_of(county.people))
        for path in (
            "/",
            f"/sites/{DUSTY}",
            f"/sites/{DUSTY}?part=calendar",
            f"/sites/{DUSTY}?part=quality",
            f"/sites/{DUSTY}?part=cases",
            "/cases",
            f"/cases/{case}",
            "/api/series?device=dev-003&hours=3",
        ):
            answer = await http.get(path)
            assert answer.status_code == 200, answer.text[:500]
            found[path] = re.sub(r'name="token" value="[^"]+"', "", answer.text)
    return found


async def test_the_pages_on_influxdb_and_postgresql_are_those_on_sqlite(
    influxdb: InfluxServer, postgres: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = f"desk-{uuid.uuid4().hex[:12]}"
    influxdb.create_bucket(bucket)
    monkeypatch.setenv("DUSTWATCH_INFLUX_TOKEN", influxdb.token)
    history = open_history(f"influx+{influxdb.url}?org={influxdb.org}&bucket={bucket}")
    cases = str(postgres.create_database(f"desk_{uuid.uuid4().hex[:12]}"))

    big = StoredCounty.start(tmp_path, NOW - 3 * HOUR, history, cases)
    big.run_to(NOW)
    small = StoredCounty.start(tmp_path, NOW - 3 * HOUR)
    small.run_to(NOW)

    assert await pages_of(big) == await pages_of(small)
    for county in (big, small):
        county.history.close()
        county.cases.close()
