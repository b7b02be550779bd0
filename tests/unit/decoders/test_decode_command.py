"""`dustwatch decode`: its lines, its options and its exit codes."""

from __future__ import annotations

import base64
import gzip
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from deploy.commands.decode import command, parse_offset
from ingest.decoders import FORMATS
from ingest.decoders.hj212.ack import build_frame

FRAME = build_frame("ST=39;CN=2011;MN=T1;CP=&&DataTime=20240601080000;a34001-Avg=0.160&&")


def run(*arguments: str, stdin: bytes = b"") -> tuple[int, list[dict[str, object]]]:
    result = CliRunner().invoke(command, list(arguments), input=stdin)
    return result.exit_code, [
        orjson.loads(line) for line in result.stdout_bytes.splitlines() if line[:1] == b"{"
    ]


def test_the_command_knows_every_decoder() -> None:
    (format_,) = [option for option in command.params if option.name == "format_"]
    assert format_.type.choices == tuple(FORMATS)


def test_a_reading_is_one_line_and_exit_0() -> None:
    code, lines = run("--format", "json_v1", "-", stdin=b'{"pm10": 12.5, "time": "2026-11-23T00:00:00Z"}')
    assert code == 0
    assert lines == [
        {
            "device": None,
            "time": "2026-11-23T00:00:00.000Z",
            "period": 0,
            "values": {"pm10": {"value": 12.5, "unit": "ug/m3", "flag": "N"}},
            "extras": {},
        }
    ]


def test_a_rejection_shows_the_bytes_does_not_end_the_stream_and_is_exit_1() -> None:
    code, lines = run("--format", "hj212", stdin=FRAME.replace(b"T1", b"T2") + FRAME)
    assert code == 1
    assert lines[0]["rejected"] == "bad_crc"
    assert base64.b64decode(str(lines[0]["raw_base64"])) == FRAME.replace(b"T1", b"T2").rstrip()
    assert lines[1]["device"] == "T1"


def test_the_unit_of_a_code_is_an_option(tmp_path: Path) -> None:
    (tmp_path / "frames").write_bytes(FRAME)
    _, lines = run("--format", "hj212", "--unit", "a34001=mg/m3", str(tmp_path / "frames"))
    assert lines[0]["values"] == {"tsp": {"value": 160.0, "unit": "ug/m3", "flag": "N"}}


def test_a_misspelt_code_is_refused_rather_than_read_in_the_wrong_unit() -> None:
    result = CliRunner().invoke(command, ["--format", "hj212", "--unit", "a3401=mg/m3"], input=FRAME)
    assert "did you mean `a34001`?" in result.output


def test_the_topic_names_the_device() -> None:
    _, lines = run("--format", "json_v1", "--topic", "dust/v1/dev-7/readings", stdin=b'{"pm10": 1}')
    assert lines[0]["device"] == "dev-7"


def test_a_recording_brings_its_topics() -> None:
    recording = b'{"received_at":"2026-11-23T00:00:00Z","topic":"dust/v1/dev-8/readings","payload":"{\\"pm10\\":1}"}\n'
    code, lines = run("--format", "json_v1", "--topic", "dust/v1/dev-7/readings", stdin=recording)
    assert (code, [line["device"] for line in lines]) == (0, ["dev-8"])


def test_a_gzipped_recording_is_read_as_it_is(tmp_path: Path) -> None:
    recording = b'{"topic":"dust/v1/dev-8/readings","payload":"{\\"pm10\\":1}"}\n'
    (tmp_path / "recording.jsonl.gz").write_bytes(gzip.compress(recording))
    code, lines = run("--format", "json_v1", str(tmp_path / "recording.jsonl.gz"))
    assert (code, [line["device"] for line in lines]) == (0, ["dev-8"])


def test_what_only_begins_like_gzip_is_a_bad_payload() -> None:
    code, lines = run("--format", "json_v1", stdin=b"\x1f\x8bnonsense")
    assert (code, lines[0]["rejected"]) == (1, "bad_json")


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param((), id="no format"),
        pytest.param(("--format", "hj213"), id="no such format"),
        pytest.param(("--format", "hj212", "/no/such/file"), id="no such file"),
        pytest.param(("--format", "hj212", "--unit", "a34001"), id="a unit of nothing"),
        pytest.param(("--format", "hj212", "--unit", "=mg/m3"), id="a unit without code"),
        pytest.param(("--format", "hj212", "--unit", "a3401=mg/m3"), id="an unknown code"),
        pytest.param(("--format", "json_v1", "--unit", "a34001=mg/m3"), id="codes are of HJ 212 alone"),
        pytest.param(("--format", "hj212", "--utc-offset", "8"), id="an offset without sign"),
        pytest.param(("--format", "hj212", "--utc-offset", "+25:00"), id="an offset beyond a day"),
    ],
)
def test_wrong_usage_is_exit_2(arguments: tuple[str, ...]) -> None:
    assert run(*arguments)[0] == 2


def test_help_shows_an_example() -> None:
    assert "Example: dustwatch decode" in CliRunner().invoke(command, ["--help"]).output


@pytest.mark.parametrize(("text", "seconds"), [("+08:00", 28_800), ("-03:30", -12_600), ("+00:00", 0)])
def test_an_offset_is_hours_and_minutes(text: str, seconds: int) -> None:
    assert parse_offset(text) == seconds
