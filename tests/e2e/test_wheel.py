"""The wheel holds all that the commands read: rule packs, templates, catalogues, revisions, the example."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from alerts.store.standing import name_of
from alerts.store.tables import REVISION
from tests.counties import device, reading, write_county, write_recording
from tests.stored_stores import put_stored

ROOT = Path(__file__).parent.parent.parent
T0 = 1_763_856_000_000
_RUN = "import sys; sys.path.insert(0, sys.argv.pop(1)); from deploy.cli import main; main()"
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing in it but what the wheel brings."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "build", "--quiet", "--wheel", "--out-dir", folder, ROOT], check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


@pytest.fixture
def run(installed: Path, tmp_path: Path) -> Run:
    """The program out of the wheel, far from the checkout."""

    def dustwatch(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", _RUN, str(installed), *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": "", "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return dustwatch


def test_what_is_installed_is_the_wheel_s_and_not_the_checkout_s(installed: Path, tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(installed)!r}); import deploy.cli; print(deploy.cli.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(str(installed))


def test_every_rule_pack_template_catalogue_and_dashboard_and_revision_is_in_the_wheel(
    installed: Path,
) -> None:
    kinds = {
        "processors/standards": ".yaml",
        "alerts/texts": ".j2",
        "alerts/store/migrations": ".py",
        "alerts/web/templates": ".html",
        "alerts/web/static": "",
        "deploy/example": ".yaml",
        "deploy/grafana": ".json",
        "deploy/embedded": ".txt",
    }
    for folder, ending in kinds.items():
        ours = {p.relative_to(ROOT) for p in (ROOT / folder).rglob(f"*{ending}") if p.is_file()}
        ours = {p for p in ours if "__pycache__" not in p.parts}
        assert ours, folder
        assert ours <= {p.relative_to(installed) for p in installed.rglob("*")}, folder


def test_a_folder_is_checked_far_from_the_checkout(run: Run, installed: Path) -> None:
    done = run("check", installed / "deploy" / "example")
    assert done.returncode == 0, done.stderr


def test_a_recording_is_judged_far_from_the_checkout(run: Run, tmp_path: Path) -> None:
    county = write_county(tmp_path / "county", [device("d1")])
    recording = write_recording(
        tmp_path / "r.jsonl", [reading("d1", T0 + n * 60_000, pm10=200.0) for n in range(200)]
    )
    done = run("replay", county, recording, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "verdicts.jsonl").stat().st_size > 0


def test_a_case_store_is_migrated_far_from_the_checkout(run: Run, tmp_path: Path) -> None:
    done = run("store", "migrate", put_stored(f"sqlite:///{tmp_path}/cases.sqlite"))
    assert done.returncode == 0, done.stderr
    assert f"migrated from revision 0001 to {name_of(REVISION)}" in done.stdout


@pytest.mark.parametrize("command", ["up", "demo", "run", "explain", "backtest", "schema", "store"])
def test_a_command_says_what_it_does_far_from_the_checkout(run: Run, command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0, done.stderr
    assert "Example" in done.stdout
