"""A check is added by its module and one entry of the table; the documentation follows the table."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from processors.quality.checks import TABLE, check_lines
from processors.quality.pointwise import WORDS

ROOT = Path(__file__).parents[3]
TOY = '''
"""Unlucky numbers: a check of a test."""

from processors.quality.flags import Found
from processors.quality.forms import CheckSettings, Thousandths
from processors.quality.quality_check import QualityCheck


class Unlucky(CheckSettings):
    """A number that nobody likes."""

    number: Thousandths


def _over(settings, stretch):
    own, value = settings[stretch.pollutant], stretch.own_series.value
    return None if own is None else Found(value == 2 * own.number, value == own.number)


CHECK = QualityCheck(
    name="unlucky",
    says="a number that nobody likes",
    settings=Unlucky,
    defaults={"number": 13},
    refused=True,
    over=_over,
)
'''
USE = """
import json

import numpy as np

from deploy.schemas import schema_of
from ingest.units import JUDGED
from processors.plan.rules import NO_MEASUREMENT
from processors.quality.checks import check_lines, names_of
from processors.quality.final import SortedReadings, final_flags
from processors.quality.limits import Limits
from processors.quality.monitors import Monitors
from processors.quality.settings import QualitySettings

def words(settings):
    limits = Limits.of(QualitySettings.model_validate(settings), Monitors.plain(np.array([60_000])))
    time = np.arange(3) * 60_000
    readings = SortedReadings(
        np.zeros(3, np.int32), time, np.tile(np.array([12_000, 13_000, 26_000], np.int32), (3, 1)),
        np.zeros(3, np.uint32),
    )
    bits = final_flags(readings, limits, (0, 900_000))
    return [[names_of(int(b)) for b in one[JUDGED.index("pm10")]] for one in (bits.fail, bits.suspect)]

print(json.dumps({
    "default": words({}),
    "off": words({"pm10": {"unlucky": None}}),
    "schema": schema_of("config-quality")["$defs"],
    "rules": schema_of("config-rules")["$defs"]["Rule"]["properties"]["refuses"]["items"]["enum"],
    "refused": NO_MEASUREMENT,
    "lines": check_lines(),
}))
"""


def test_a_check_of_one_module_and_one_entry_flags_and_stands_in_schema_rules_and_documentation(
    tmp_path: Path,
) -> None:
    for package in ("ingest", "processors", "alerts", "deploy"):
        ignored = shutil.ignore_patterns("__pycache__", "static", "texts", "docs", "locale")
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    quality = tmp_path / "processors" / "quality"
    (quality / "unlucky.py").write_text(TOY, encoding="utf-8")
    table = quality / "checks.py"
    text = table.read_text(encoding="utf-8")
    entry = text.replace("    clock.CHECK,\n", "    clock.CHECK,\n    unlucky.CHECK,\n")
    table.write_text(entry.replace("    spike,\n", "    spike,\n    unlucky,\n"), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", USE],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["default"] == [[[], [], ["unlucky"]], [[], ["unlucky"], []]]
    assert said["off"] == [[[], [], []], [[], [], []]]
    assert said["schema"]["Checks"]["properties"]["unlucky"]["anyOf"][0] == {"$ref": "#/$defs/Unlucky"}
    assert said["schema"]["Unlucky"]["description"] == "A number that nobody likes."
    assert said["rules"][-1] == "unlucky"
    assert "unlucky" in said["refused"]
    assert said["lines"][-1].startswith(
        "| `unlucky` | a number that nobody likes | over a quarter of an hour |"
    )


def test_the_documentation_has_the_table_as_it_is() -> None:
    text = (ROOT / "deploy" / "docs" / "rules.md").read_text(encoding="utf-8")
    assert "\n".join(check_lines()) in text


def test_no_two_checks_share_a_bit_of_what_arrival_packs() -> None:
    bits = [int(word.packed) for word in WORDS]
    assert len(set(bits)) == len(bits)
    assert max(bits) < 1 << 16 or all(bit >= 1 << 20 for bit in bits if bit >= 1 << 16)  # 16 to 19 are taken


def test_every_check_looks_somewhere_and_says_what_it_flags() -> None:
    assert [check.name for check in TABLE if not check.looks or not check.says] == []
