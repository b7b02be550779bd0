"""Laws of the configuration check: whatever stands in the files, it ends with problems, never an error."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.county.check import FILES, check_folder
from tests.unit.config.golden import SMALLEST

_SCRAPS = st.sampled_from(
    [
        "",
        " ",
        "\n",
        "no",
        "0412",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ": ",
        '"',
        "&a ",
        "*a",
        "!!int ",
        "<<: ",
        "\t",
        "null",
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([name for name in FILES if (SMALLEST / name).exists()]),
    st.floats(0, 1),
    st.integers(0, 12),
    _SCRAPS | st.text(max_size=6),
)
def test_a_damaged_county_is_judged_and_never_crashes_the_check(
    tmp_path: Path, file: str, where: float, removed: int, put: str
) -> None:
    folder = tmp_path / "county"
    shutil.copytree(SMALLEST, folder, dirs_exist_ok=True)
    text = (SMALLEST / file).read_text(encoding="utf-8")
    at = int(where * len(text))
    damaged = text[:at] + put + text[at + removed :]
    (folder / file).write_bytes(damaged.encode("utf-8", "surrogatepass"))
    problems, warnings = check_folder(folder)
    for problem in (*problems, *warnings):
        assert problem.file in FILES
        assert 1 <= problem.line <= damaged.count("\n") + 2
        assert "\n" not in str(problem)


@pytest.mark.parametrize("seed", range(20))
def test_no_order_of_entries_changes_whether_a_county_is_accepted(tmp_path: Path, seed: int) -> None:
    example = Path(__file__).parents[2] / "deploy" / "example"
    folder = tmp_path / "county"
    shutil.copytree(example, folder)
    lines = [
        line
        for line in (example / "devices.yaml").read_text(encoding="utf-8").splitlines()
        if line[:1] == "-"
    ]
    random.Random(seed).shuffle(lines)
    (folder / "devices.yaml").write_text("\n".join(lines), encoding="utf-8")
    assert check_folder(folder)[0] == []
