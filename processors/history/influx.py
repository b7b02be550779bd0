"""History in InfluxDB 2: writes line protocol, reads with InfluxQL.

Writes are synchronous (call them from a worker thread): the client's batching mode tells of failures
in callbacks only. Stored is what was answered with 204, as InfluxDB 2 and 1.8 document it: a web page or a
proxy at the same address answers 200, too. 400, 413 and 422 in InfluxDB's own words mean that some points are
bad: they are found by halving. Everything else says nothing against the points: they are kept.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import orjson
import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService

from ingest.addresses import shown
from ingest.units import QUANTITIES
from processors.history.base import (
    HistoryBusy,
    HistoryUnusable,
    LatestReading,
    WriteOutcome,
    latest_of,
    outlook_of,
    tidy,
    write_points,
)
from processors.history.bisection import Accepted, Later, PointsRefused, Reply, divide
from processors.history.line_protocol import Lines, lines_of
from processors.history.measurements import MEASUREMENTS
from processors.history.points import Point, PointBatch, Refusal, merge, set_apart
from processors.history.summaries import (
    FlaggedReading,
    StepAnswer,
    StepCapture,
    Steps,
    flagged_readings,
    influx_text,
    influxql_answers,
    influxql_captures,
    influxql_flagged,
    step_answers,
    step_captures,
)

LINES_A_REQUEST = 5_000
_MS: Any = WritePrecision.MS
_STORED = 204
_BAD_POINTS = frozenset({400, 422})
_TOO_MUCH = 413  # of bytes, whoever says so: a half may pass
_PATIENCE = frozenset({408, 425, 429})  # and every 5xx: the server, or what stands before it, is there
_LONGEST_ASKED_S = 300.0  # however long we are asked to wait: a server that is well again is found
_FIRST_MS, _LAST_MS = 0, 9_000_000_000_000  # InfluxDB ends in the year 2262
_DROPPED = re.compile(r"dropped=(\d+)")
_OTHER_PROGRAM = (
    "Another program answers there (a web page, a proxy, a wrong path): correct the history URL, or what "
    "stands between us and InfluxDB"
)


class InfluxHistory:
    """`History` on a bucket of an InfluxDB 2 server at `url`."""

    def __init__(
        self, url: str, *, org: str, bucket: str, token: str, timeout_s: float = 10.0, gzip: bool = False
    ) -> None:
        self.url, self.org, self.bucket = url, org, bucket
        self._client = InfluxDBClient(
            url,
            token,
            org=org,
            timeout=round(timeout_s * 1000),
            enable_gzip=gzip,
            # our own back-off knows what is at stake; a redirect is told, not followed
            retries=urllib3.Retry(total=0, redirect=False),
        )
        self._writer: Any = WriteService(self._client.api_client)  # type: ignore[no-untyped-call]
        self._newest: dict[tuple[str, str, str], dict[str, Any]] = {}  # newest row of each series
        self._asking_latest = threading.Lock()
        self._reader = httpx.Client(
            base_url=url, headers={"Authorization": f"Token {token}"}, timeout=timeout_s, trust_env=False
        )

    def check(self) -> None:
        """See `History.check`: the server answers, and the token may write and read the bucket."""
        reply = self.send(b"\n")
        if isinstance(reply, Later):
            if reply.passes:
                raise HistoryBusy(reply.why, reply.wait_s)
            raise HistoryUnusable(reply.why, exit_code=3 if "does not answer" in reply.why else 2)
        self._ask("SHOW MEASUREMENTS LIMIT 1")

    def write(self, points: Sequence[Point]) -> WriteOutcome:
        """See `History.write`."""
        return write_points(self, points)

    def write_batches(self, batches: Iterable[PointBatch]) -> WriteOutcome:
        """See `History.write_batches`. Once something must be kept, everything after it is kept unsent."""
        outcome = WriteOutcome()
        for merged in merge(batches):
            batch, refused = set_apart(merged)
            outcome.rejected += refused
            for start in range(0, len(batch), LINES_A_REQUEST):
                part = batch.slice(start, min(start + LINES_A_REQUEST, len(batch)))
                if outcome.why:
                    outcome.kept.append(part)
                else:
                    self._write_part(part, outcome)
        return outcome

    def _write_part(self, part: PointBatch, outcome: WriteOutcome) -> None:
        lines: Lines = lines_of(part)
        division = divide(len(part), lambda start, stop: self.send(lines.run(start, stop)))
        outcome.accepted += division.accepted
        outcome.rejected += [Refusal(part.point(row), reason) for row, reason in division.rejected]
        outcome.kept += [part.slice(start, stop) for start, stop in division.kept]
        outcome.why, outcome.wait_s = division.why, division.wait_s

    def send(self, body: bytes) -> Reply:
        """Send prepared line protocol (times in ms) in one request."""
        try:
            _, status, headers = self._writer.post_write_with_http_info(
                self.org, self.bucket, body, precision=_MS, content_type="text/plain; charset=utf-8"
            )
        except ApiException as error:
            if not error.status:  # TLS
                return Later(self._silent(error.reason))
            return self._judge(error.status, error.headers or {}, _text_of(error.body or error.reason or ""))
        except (urllib3.exceptions.HTTPError, OSError) as error:
            return Later(self._silent(error))
        except UnicodeDecodeError:  # the client reads every answer as text
            return Later(f"InfluxDB at {self.url} answers with bytes that are no text: {_OTHER_PROGRAM}")
        return Accepted() if status == _STORED else self._judge(status, headers, "")

    def _judge(self, status: int, headers: Mapping[str, str], body: str) -> PointsRefused | Later:
        """What an answer that is no success means for the points that were sent."""
        message = _message(body)
        if status == _TOO_MUCH or (status in _BAD_POINTS and _is_influxs(body)):
            dropped = _DROPPED.search(message)
            return PointsRefused(f"InfluxDB {status}: {message}", int(dropped[1]) if dropped else None)
        why = self._refused(status, message, headers)
        passes = status in _PATIENCE or status >= 500
        return Later(why, _wait_asked_for(headers) if passes else None, passes)

    def _refused(self, status: int, message: str, headers: Mapping[str, str]) -> str:
        """Words for the operator: what InfluxDB has against us, and the way out."""
        where = f"InfluxDB at {self.url}"
        if 200 <= status < 300:
            return (
                f"{where} answers {status} ({headers.get('Content-Type') or 'no content type'}), which "
                f"InfluxDB does not: nothing counts as stored. {_OTHER_PROGRAM}"
            )
        if 300 <= status < 400:
            return (
                f"{where} answers {status} and sends us to {shown(headers.get('Location', 'nowhere'))}: "
                "nothing counts as stored. Write the address at which InfluxDB itself answers into the "
                "history URL"
            )
        if status in (401, 403):
            return (
                f"{where} refuses the token ({status}: {message}): give one that may read and write bucket "
                f"{self.bucket!r} of {self.org!r} (token_env or token_file of the history URL)"
            )
        if status == 404:
            return (
                f"{where} does not know organisation {self.org!r} or bucket {self.bucket!r} ({message}): "
                "create them or correct the history URL"
            )
        return f"{where} answers {status}: {message}"

    def _silent(self, error: object) -> str:
        return f"InfluxDB at {self.url} does not answer ({error}): start it or correct the history URL"

    def _ask(self, query: str) -> list[dict[str, Any]]:
        """Rows of an InfluxQL query, including the tags of its GROUP BY. Raises HistoryUnusable."""
        try:
            answer = self._reader.get("/query", params={"db": self.bucket, "q": query, "epoch": "ms"})
        except httpx.HTTPError as error:
            raise HistoryUnusable(self._silent(error), exit_code=3) from None
        if answer.status_code != 200:
            said = self._judge(answer.status_code, answer.headers, answer.text)
            if isinstance(said, Later) and said.passes:
                raise HistoryBusy(said.why, said.wait_s)
            raise HistoryUnusable(said.why if isinstance(said, Later) else said.reason, exit_code=2)
        try:
            (result,) = orjson.loads(answer.content)["results"]
        except (ValueError, KeyError, TypeError):
            kind = answer.headers.get("Content-Type") or "no content type"
            words = f"InfluxDB at {self.url} answers a query with something else ({kind}): {_OTHER_PROGRAM}"
            raise HistoryUnusable(words, exit_code=2) from None
        if "error" in result:
            raise HistoryUnusable(f"InfluxDB at {self.url}: {result['error']}: {query}", exit_code=2)
        return [
            {**series.get("tags", {}), **dict(zip(series["columns"], row, strict=True))}
            for series in result.get("series", ())
            for row in series["values"]
        ]

    def latest(self) -> list[LatestReading]:
        """See `History.latest`."""
        by_series = "GROUP BY device, period, site"
        with self._asking_latest:
            # Ten times cheaper than whole rows, which are fetched only where something new has come.
            stamps = self._ask(f"SELECT last(received_at) FROM readings {by_series}")
            changed = {_series(row): row["time"] for row in stamps if self._newest_differs(row)}
            if changed:
                since = f"WHERE time >= {min(changed.values())}ms {by_series} ORDER BY time DESC LIMIT 1"
                rows = self._ask(f"SELECT * FROM readings {since}")
                self._newest |= {_series(row): row for row in rows}
            return latest_of(self._newest[_series(row)] for row in stamps if _series(row) in self._newest)

    def _newest_differs(self, row: dict[str, Any]) -> bool:
        held = self._newest.get(_series(row))
        return held is None or (held["time"], held["received_at"]) != (row["time"], row["last"])

    def readings(
        self, device: str, quantity: str, start_ms: int, end_ms: int, limit: int | None = None
    ) -> list[tuple[int, float]]:
        """See `History.readings`."""
        if quantity not in QUANTITIES:
            return []
        rows = self._ask(
            f"SELECT {_name(quantity)} AS value FROM readings WHERE device = {influx_text(device)} "
            f"AND {_during(start_ms, end_ms)} ORDER BY time DESC"
            + ("" if limit is None else f" LIMIT {limit}")
        )
        return [(row["time"], float(row["value"])) for row in reversed(rows)]

    def intervals(
        self,
        *,
        pollutant: str,
        start_ms: int,
        end_ms: int,
        site: str | None = None,
        device: str | None = None,
        window: str | None = None,
    ) -> list[dict[str, Any]]:
        """See `History.intervals`."""
        named = {"pollutant": pollutant, "site": site, "device": device, "window": window}
        rows = self._select("intervals", named, start_ms, end_ms)
        rows.sort(key=lambda row: (row["time"], row["device"], row["statistic"], row["window"]))
        return [tidy(row) for row in rows]

    def verdicts(
        self, *, start_ms: int, end_ms: int, site: str | None = None, limit: int = 1000
    ) -> list[dict[str, Any]]:
        """See `History.verdicts`."""
        tail = f" ORDER BY time DESC LIMIT {limit}"
        rows = self._select("verdicts", {"site": site}, start_ms, end_ms, tail)
        order = ("site", "device", "rule", "pollutant", "kind")
        rows.sort(key=lambda row: (-row["time"], *(row[name] for name in order)))
        return [tidy(row) for row in rows]

    def outlooks(self, *, start_ms: int, end_ms: int, site: str | None = None) -> list[dict[str, Any]]:
        """See `History.outlooks`."""
        rows = self._select("outlooks", {"site": site}, start_ms, end_ms)
        rows.sort(key=lambda row: (row["time"], row["device"], row["rule"], row["pollutant"]))
        return [outlook_of(row) for row in rows]

    def answers(self, of: Steps) -> list[StepAnswer]:
        """See `History.answers`."""
        return step_answers(self._ask(influxql_answers(of))) if of.devices else []

    def captures(self, of: Steps) -> list[StepCapture]:
        """See `History.captures`."""
        return step_captures(self._ask(influxql_captures(of))) if of.devices else []

    def flagged(self, of: Steps, most: int) -> list[FlaggedReading]:
        """See `History.flagged`."""
        return flagged_readings(self._ask(influxql_flagged(of, most))) if of.devices else []

    def _select(
        self, measurement: str, named: dict[str, str | None], start_ms: int, end_ms: int, tail: str = ""
    ) -> list[dict[str, Any]]:
        """Rows with every tag and field of the measurement: texts for tags, None for absent fields."""
        spec = MEASUREMENTS[measurement]
        asked = "".join(f" AND {_name(k)} = {influx_text(v)}" for k, v in named.items() if v is not None)
        columns = ", ".join(map(_name, (*spec.fields, *spec.tags)))
        where = _during(start_ms, end_ms) + asked
        rows = self._ask(f"SELECT {columns} FROM {measurement} WHERE {where}{tail}")
        for row in rows:
            row |= {tag: row[tag] or "" for tag in spec.tags}
        return rows

    def rows(
        self,
        measurement: str,
        named: Mapping[str, str],
        start_ms: int | None = None,
        end_ms: int | None = None,
    ) -> list[dict[str, Any]]:
        """See `History.rows`. Selecting by a field reads every point between the times."""
        spec = MEASUREMENTS[measurement]
        start = _FIRST_MS if start_ms is None else start_ms
        rows = self._select(measurement, dict(named), start, _LAST_MS if end_ms is None else end_ms)
        rows.sort(key=lambda row: (row["time"], *(row[tag] for tag in spec.tags)))
        return rows

    def count(self, kind: str) -> int:
        """See `History.count`. Counts a field that every point of the measurement has."""
        rows = self._ask(f"SELECT count({_name(MEASUREMENTS[kind].always)}) AS n FROM {kind}")
        return int(rows[0]["n"]) if rows else 0

    def close(self) -> None:
        """See `History.close`."""
        self._client.close()  # type: ignore[no-untyped-call]
        self._reader.close()


def _series(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["device"], row["period"], row["site"]


def _text_of(body: object) -> str:
    return body.decode(errors="replace") if isinstance(body, bytes) else str(body)


def _message(body: str) -> str:
    try:
        said = orjson.loads(body)
        return str(said.get("message") or said.get("error") or body)
    except (ValueError, AttributeError):
        return " ".join(body.split())[:200]


def _is_influxs(body: str) -> bool:
    """Whether InfluxDB itself said this: a proxy that refuses says nothing of the points."""
    try:
        said = orjson.loads(body)
    except ValueError:
        return False
    return isinstance(said, dict) and bool({"code", "message", "error"} & said.keys())


def _wait_asked_for(headers: Mapping[str, str]) -> float | None:
    """Seconds of `Retry-After` (RFC 9110, 10.2.3: seconds or a date), within bounds; None: none given."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        return min(float(asked[:9]), _LONGEST_ASKED_S)
    try:
        seconds = parsedate_to_datetime(asked).timestamp() - time.time()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), _LONGEST_ASKED_S)


def _during(start_ms: int, end_ms: int) -> str:
    return f"time >= {start_ms}ms AND time < {end_ms}ms"


def _name(identifier: str) -> str:
    escaped = identifier.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
