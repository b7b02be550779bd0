"""County dashboard as code: `python -m deploy.grafana.dashboard` writes dashboards/county.json.

Measurements and fields are those of processors/history/measurements.py. Titles are Chinese first. A limit is
drawn as its rule states it; the amount that the clause lets be subtracted (`subtracted`) is shown beside the
value.
"""

from __future__ import annotations

import json
from pathlib import Path

from deploy.grafana.panels import (
    DATASOURCE,
    Json,
    Panel,
    Query,
    column,
    dashed,
    laid_out,
    lines,
    newest,
    sorted_by,
    steps,
)

TARGET = Path(__file__).parent / "dashboards" / "county.json"
_UNIT = "conμgm3"
_AGO = "dateTimeFromNow"
_INTERVALS = "pollutant = '$pollutant' AND \"window\" = '1h' AND $timeFilter"
_VERDICTS = "pollutant = '$pollutant' AND kind = 'interval' AND $timeFilter"
_SITE = "site = '$site'"
_COLOURS = {"compliant": "green", "undetermined": "yellow", "exceeds": "red"}
_WORDS = {
    "compliant": "达标 compliant",
    "undetermined": "无法判定 undetermined",
    "exceeds": "超标 exceeds",
}
_ANSWER = [{"type": "value", "options": {k: {"text": _WORDS[k], "color": _COLOURS[k]} for k in _COLOURS}}]


def _answers(where: str) -> list[Query]:
    """Number of verdicts of each answer per time step."""
    return [
        Query(
            f"SELECT count(\"id\") FROM verdicts WHERE answer = '{answer}' AND {where} "
            "GROUP BY time($__interval) fill(0)",
            words,
        )
        for answer, words in _WORDS.items()
    ]


def _answer_colours() -> list[Json]:
    return [
        column(words, color={"mode": "fixed", "fixedColor": _COLOURS[answer]})
        for answer, words in _WORDS.items()
    ]


def _verdicts(where: str, width: int, height: int = 8) -> Panel:
    """Panel with the number of verdicts of each answer."""
    bars = {"drawStyle": "bars", "fillOpacity": 80, "stacking": {"mode": "normal", "group": "A"}}
    return Panel(
        "判定次数 · Verdicts",
        "timeseries",
        _answers(where),
        width=width,
        height=height,
        defaults={"unit": "short", "custom": bars},
        overrides=_answer_colours(),
    )


def _newest_means() -> Panel:
    return Panel(
        "各工地最新小时均值 · Newest hour mean by site",
        "bargauge",
        [
            Query(
                f'SELECT max("value") FROM intervals WHERE {_INTERVALS} GROUP BY time(1h), site fill(none)',
                "$tag_site",
            )
        ],
        width=12,
        description="The highest device of each site in its newest hour; limits are in the table beside.",
        options=newest(orientation="horizontal", displayMode="gradient", showUnfilled=True),
        # No colour of a limit: limits differ by pollutant, clause and background.
        defaults={"unit": _UNIT, "min": 0, "color": {"mode": "continuous-GrYlRd"}},
    )


def _against_limits() -> Panel:
    return Panel(
        "各工地浓度与限值 · Level against limit by site",
        "table",
        [
            Query(
                'SELECT last("value") AS value, background, subtracted, "limit", answer FROM verdicts '
                f"WHERE {_VERDICTS} GROUP BY site, device, rule",
                table=True,
            )
        ],
        width=12,
        description="value minus subtracted is compared with limit",
        overrides=[
            column("value", unit=_UNIT),
            column("background", unit=_UNIT),
            column("subtracted", unit=_UNIT),
            column("limit", unit=_UNIT),
            column("answer", mappings=_ANSWER, custom_cellOptions={"type": "color-text"}),
        ],
        transformations=sorted_by("value", descending=True),
    )


def _worst_sites() -> Panel:
    return Panel(
        "超标最多的工地 · Worst sites",
        "table",
        [
            Query(
                'SELECT count("id") AS exceeding, max("value") AS highest FROM verdicts '
                f"WHERE answer = 'exceeds' AND {_VERDICTS} GROUP BY site",
                table=True,
            )
        ],
        width=6,
        overrides=[column("highest", unit=_UNIT)],
        transformations=sorted_by("exceeding", descending=True, limit=10),
    )


def _longest_silent() -> Panel:
    return Panel(
        "设备静默 · Longest silent devices",
        "table",
        [Query('SELECT last("received_at") AS seen FROM readings GROUP BY device, site', table=True)],
        width=6,
        description="Whatever the time range: when each device was last heard, the longest silent first.",
        overrides=[column("seen", unit=_AGO)],
        transformations=sorted_by("seen", descending=False, limit=20),
    )


def _levels() -> Panel:
    return Panel(
        "实时浓度与限值 · Levels and limits",
        "timeseries",
        [
            Query(
                f'SELECT mean("$pollutant") FROM readings WHERE {_SITE} AND $timeFilter '
                "GROUP BY time($__interval), device, period fill(null)",
                "$tag_device / $tag_period s",
            ),
            Query(
                f'SELECT last("limit") FROM verdicts WHERE {_SITE} AND {_VERDICTS} '
                "GROUP BY time($__interval), rule fill(none)",
                "限值 limit $tag_rule",
            ),
        ],
        width=24,
        height=9,
        defaults=lines(_UNIT, gap_min=15),
        overrides=[dashed("/^限值 /")],
    )


def _hour_means() -> Panel:
    return Panel(
        "小时均值 · Hour means",
        "timeseries",
        [
            Query(
                f'SELECT "value" FROM intervals WHERE {_SITE} AND {_INTERVALS} GROUP BY device',
                "$tag_device",
            ),
            Query(
                f'SELECT "background" FROM verdicts WHERE {_SITE} AND {_VERDICTS} GROUP BY rule',
                "背景 background $tag_rule",
            ),
            Query(
                f'SELECT "limit" FROM verdicts WHERE {_SITE} AND {_VERDICTS} GROUP BY rule',
                "限值 limit $tag_rule",
            ),
        ],
        width=16,
        height=9,
        defaults=lines(_UNIT, gap_min=90),
        overrides=[dashed("/^限值 /")],
    )


def _newest_verdicts() -> Panel:
    return Panel(
        "判定明细 · Verdicts, newest first",
        "table",
        [
            Query(
                'SELECT device, pollutant, rule, kind, answer, reasons, "value", background, '
                f'subtracted, "limit", capture FROM verdicts WHERE {_SITE} AND $timeFilter '
                "ORDER BY time DESC LIMIT 200",
                table=True,
            )
        ],
        width=16,
        overrides=[
            column("answer", mappings=_ANSWER, custom_cellOptions={"type": "color-text"}),
            column("capture", unit="percentunit"),
        ],
    )


def _last_heard() -> Panel:
    return Panel(
        "设备最后上报 · Device last heard",
        "table",
        [
            Query(
                f'SELECT last("received_at") AS seen FROM readings WHERE {_SITE} GROUP BY device',
                table=True,
            )
        ],
        width=8,
        overrides=[column("seen", unit=_AGO)],
        transformations=sorted_by("seen", descending=False),
    )


def _capture() -> Panel:
    return Panel(
        "数据有效率 · Capture of each device",
        "timeseries",
        [
            Query(
                f'SELECT "capture" FROM intervals WHERE {_SITE} AND {_INTERVALS} GROUP BY device',
                "$tag_device",
            )
        ],
        width=24,
        height=6,
        description="Part of an hour's slots with an admitted value; below 75 % it is undetermined.",
        defaults={
            **lines("percentunit", gap_min=90),
            "max": 1,
            "thresholds": steps((None, "red"), (0.75, "green")),
        },
    )


def county() -> list[Panel]:
    """Panels of the whole county: levels and limits, verdicts, worst sites, silent devices."""
    return [
        _newest_means(),
        _against_limits(),
        _verdicts("$timeFilter", width=12),
        _worst_sites(),
        _longest_silent(),
    ]


def site() -> list[Panel]:
    """Panels of one site: its curves with the limits, its verdicts, the health of its devices."""
    return [
        _levels(),
        _hour_means(),
        _verdicts(f"{_SITE} AND $timeFilter", width=8, height=9),
        _newest_verdicts(),
        _last_heard(),
        _capture(),
    ]


def variables() -> list[Json]:
    """Variables: the pollutant, and the site of the lower half."""
    pollutants = ["pm10", "pm2_5", "tsp"]
    return [
        {
            "name": "pollutant",
            "label": "污染物 pollutant",
            "type": "custom",
            "query": ",".join(pollutants),
            "options": [{"text": p, "value": p, "selected": p == "pm10"} for p in pollutants],
            "current": {"text": "pm10", "value": "pm10"},
        },
        {
            "name": "site",
            "label": "工地 site",
            "type": "query",
            "datasource": DATASOURCE,
            "query": "SHOW TAG VALUES FROM readings WITH KEY = site",
            "refresh": 2,
            "sort": 1,
            "multi": False,
            "includeAll": False,
        },
    ]


def dashboard() -> Json:
    """The dashboard as read by Grafana's file provider."""
    return {
        "uid": "dustwatch-county",
        "title": "扬尘监测 · Dust watch",
        "description": "Generated by deploy/grafana/dashboard.py",
        "tags": ["dustwatch"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "timezone": "browser",
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": variables()},
        "annotations": {"list": []},
        "panels": laid_out(
            [("全县概览 · The county", county()), ("工地 $site · One site", site())],
        ),
    }


def text() -> str:
    """Content of the file."""
    return json.dumps(dashboard(), ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
    print(TARGET)
