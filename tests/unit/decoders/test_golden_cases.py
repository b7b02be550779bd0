"""Every folder of tests/cases/decode: an input, its options, and the lines that `decode` gives."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest

from deploy.commands.decode import parse_offset
from ingest.decoded_lines import decode_lines
from ingest.records import REJECTION_CODES, DevicePolicy

FOLDER = Path(__file__).parents[2] / "cases" / "decode"
CASES = sorted(path for path in FOLDER.iterdir() if path.is_dir())


def decoded_text(case: Path) -> str:
    """The lines of one case, keys in the order of the contract, raw bytes left out (the input has them)."""
    options = json.loads((case / "options.json").read_text())
    policy = DevicePolicy(
        clock=parse_offset(options.get("utc_offset", "+08:00")),
        units=options.get("units", {}),
        modbus_crc=options.get("modbus_crc", False),
    )
    lines = []
    for listed in decode_lines(
        options["format"], (case / "input").read_bytes(), options.get("topic", ""), policy
    ):
        assert listed.get("rejected", "empty") in REJECTION_CODES
        listed.pop("raw_base64", None)
        lines.append(orjson.dumps(listed).decode())
    return "".join(line + "\n" for line in lines)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_decode_gives_the_expected_lines(case: Path) -> None:
    assert decoded_text(case) == (case / "expected.jsonl").read_text()
