"""The list of cases as a page and as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from alerts.web.app import create_app
from alerts.web.taken_along import cell
from tests.fakes.alerts import apply, breach
from tests.fakes.desk import DUSTY, HOUR, NOW
from tests.fakes.people import cookie_of
from tests.fakes.stored_county import StoredCounty


@pytest.fixture
async def county(tmp_path: Path) -> StoredCounty:
    """Sixty-five open cases at a site, one of them signed by somebody with an odd name."""
    found = StoredCounty.start(tmp_path, NOW - HOUR)
    for n in range(65):
        apply(
            found.cases,
            breach(id=f"b{n}", site=DUSTY, device=f"dev-{n:03d}", at=NOW + n),
            found.planner,
            NOW + n,
        )
    return found


@pytest.fixture
async def http(county: StoredCounty) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(county.sources, county.register, county.clock, "http://desk.test")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://desk.test", headers={"accept-language": "en"}
    ) as opened:
        opened.cookies.update(cookie_of(county.people))
        yield opened


def listed(page: str) -> list[str]:
    return re.findall(r'href="/cases/(\w{20})"', page)


async def test_the_list_is_paged_and_its_counts_are_true(http: httpx.AsyncClient) -> None:
    first = (await http.get("/cases")).text
    assert '<span class="count">65</span>' in first
    more = re.search(r'href="(/cases\?[^"]+)" rel="next"', first)
    assert more
    second = (await http.get(more[1].replace("&amp;", "&"))).text
    assert len(listed(first)) == 50
    assert len(set(listed(first)) | set(listed(second))) == 65
    assert 'rel="next"' not in second


async def test_a_search_and_what_nobody_knows(http: httpx.AsyncClient, county: StoredCounty) -> None:
    found = (await http.get("/cases?q=dev-064")).text
    assert len(listed(found)) == 1
    by_name = (await http.get(f"/cases?q={county.register.sites[DUSTY].name[:4]}")).text
    assert len(listed(by_name)) == 50
    strange = await http.get("/cases?which=ripe&kind=mystery&site=site-77")
    assert strange.status_code == 400
    assert "which=ripe, kind=mystery, site=site-77" in strange.text
    assert len(listed(strange.text)) == 50
    nothing = (await http.get("/cases?kind=suspicion")).text
    assert "No case is like that." in nothing
    assert (await http.get("/cases?after=nonsense")).status_code == 200


async def test_the_whole_list_is_taken_along_with_a_reason_that_is_written(
    http: httpx.AsyncClient, county: StoredCounty
) -> None:
    case = county.cases.cases(limit=1)[0]
    county.cases.acknowledge(case.id, "=HYPERLINK(1)", "", NOW + 100)
    token = re.search(r'name="token" value="([^"]+)"', (await http.get("/cases")).text)
    assert token
    fields = {"token": token[1], "which": "all"}
    without = await http.post("/cases/export", data=fields)
    assert without.status_code == 303
    answer = await http.post("/cases/export", data={**fields, "reason": "季度考核"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == 66
    assert rows[0][0] == "Number"
    assert {row[1] for row in rows[1:]} == {county.register.sites[DUSTY].name}
    signed = next(row for row in rows if row[0] == case.id)
    assert signed[-1] == "'=HYPERLINK(1)"
    entry = county.people.entries(action="exported")[0][1]
    assert (entry.reason, entry.after["rows"], entry.after["which"]) == ("季度考核", 65, "all")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=1+1", "'=1+1"),
        ("+86", "'+86"),
        ("@a", "'@a"),
        ("-x", "'-x"),
        ("\tx", "'\tx"),
        (-5, "-5"),
        (None, ""),
    ],
)
def test_no_cell_is_a_formula(value: object, text: str) -> None:
    assert cell(value) == text


async def test_a_unit_takes_along_only_what_it_sees(http: httpx.AsyncClient, county: StoredCounty) -> None:
    apply(county.cases, replace(breach(id="x"), site="site-02", device="dev-900"), county.planner, NOW)
    http.cookies.clear()
    http.cookies.update(cookie_of(county.people, "site", "site:site-02"))
    page = (await http.get("/cases?which=all")).text
    assert len(listed(page)) == 1
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert token
    answer = await http.post("/cases/export", data={"token": token[1], "which": "all", "reason": "x"})
    assert len(answer.text.strip().splitlines()) == 2
