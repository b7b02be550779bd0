"""What is written and published is what `dustwatch schema` says: no key more, none less."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from deploy.schemas import names, schema_of
from ingest.codec import encode, encode_quarantined
from ingest.records import Background, Quarantined, Revision, Signal, Status, Tick
from processors.records.breaches import encode_breach
from processors.records.judgements import encode_judgements
from processors.records.outlooks import encode_outlooks
from processors.records.readings import encode_flags
from tests.counties import device, write_county
from tests.kept import log_of
from tests.logs import Run

CASES = Path(__file__).parents[2] / "cases" / "replay"
FILES = sorted(CASES.glob("*/expected/*.json*"))
T0 = 1_763_856_000_000


def check(name: str, said: Any) -> None:
    schema = schema_of(name)
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(said)
    assert set(said) <= set(schema["properties"]), name  # what is not in the schema is nobody's promise


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parts[-3]}/{file.name}")
def test_every_line_of_the_golden_replays_follows_its_schema(file: Path) -> None:
    schema = schema_of(f"replay-{file.stem}")
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for text in file.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        validator.validate(line)
        assert set(line) <= set(schema["properties"])


def test_every_file_that_a_replay_writes_has_a_schema() -> None:
    assert {f"replay-{file.stem}" for file in FILES} <= set(names())


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir()))
def test_every_published_record_follows_its_schema(case: str) -> None:
    folder = CASES / case
    log = log_of(folder / "config", [folder / "recording.jsonl"])
    run = Run(*log)
    ticks = [record for record in log if isinstance(record, Tick)]
    for record in (ticks[0], ticks[-1], *(r for r in log if isinstance(r, Background | Signal | Revision))):
        check(type(record).__name__.lower(), orjson.loads(encode(record)[0]))
    for out in run.outputs:  # most records lead to nothing
        if out.intervals or out.verdicts:
            check(
                "judgements", orjson.loads(encode_judgements(out.interval_groups, out.verdict_groups, 0)[0])
            )
        if out.flags:
            check("flags", orjson.loads(encode_flags(out.flags, 0)[0]))
        if out.outlooks:
            check("outlooks", orjson.loads(encode_outlooks(out.outlooks, 0)[0]))
        for breach in out.breaches:
            check("breach", orjson.loads(encode_breach(breach)[1]))


def test_what_is_set_aside_and_what_is_ordered_follow_their_schemas() -> None:
    aside = Quarantined(T0, "bridge", "dust/v1/x/readings", "bad_json", "line 1", b"{", parts=(1, 2))
    check("quarantined", orjson.loads(encode_quarantined(aside)[0]))
    check("status", orjson.loads(encode(Status(T0, "dev-1", "site-1", "offline", False))[0]))
    check("signal", orjson.loads(encode(Signal("s", T0, "site-1", "alert", "red", T0, None))[0]))
    factor = {"from": T0, "pollutant": "pm10", "slope": 1.0, "offset": 0.0, "factor": 1.2}
    told = Signal("c", T0, "site-1", "calibration", None, T0, None, "dev-1", [factor])
    check("signal", orjson.loads(encode(told)[0]))


def test_a_configuration_as_it_is_applied_follows_its_schema(tmp_path: Path) -> None:
    from deploy.county.compile import revision_of_folder
    from deploy.county.revisions import prepared, standing

    folder = write_county(tmp_path, [device("dev-1")])
    made = prepared(revision_of_folder(folder, T0), standing([], T0), "li", "first")
    check("revision", orjson.loads(encode(made)[0]))
