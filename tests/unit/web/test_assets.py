"""Browser code: pinned, checked, fetched once, and none of it in the repository."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from deploy.assets import WEB, AssetError, compile_catalogues, fetch_assets, missing_assets, pinned_assets


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A folder like alerts/web whose packages are installed already."""
    code = b"/* code */"
    (tmp_path / "node_modules" / "thing").mkdir(parents=True)
    (tmp_path / "node_modules" / "thing" / "thing.js").write_bytes(code)
    files = [{"from": "thing/thing.js", "to": "thing.js", "sha256": hashlib.sha256(code).hexdigest()}]
    (tmp_path / "package.json").write_text(json.dumps({"dustwatch": {"files": files}}))
    return tmp_path


def test_files_are_fetched_once_and_mended_when_damaged(web: Path) -> None:
    assert fetch_assets(web) == 1
    assert fetch_assets(web) == 0
    (web / "static" / "vendor" / "thing.js").write_text("/* other */")
    assert fetch_assets(web) == 1
    assert missing_assets(web) == []
    assert [p.name for p in (web / "static" / "vendor").iterdir()] == ["thing.js"]


def test_a_file_that_is_not_the_pinned_one_is_refused_with_both_hashes(
    web: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (web / "node_modules" / "thing" / "thing.js").write_text("/* other */")
    monkeypatch.setattr("deploy.assets._npm_ci", lambda web: None)
    with pytest.raises(AssetError, match=r"thing\.js: SHA-256 [0-9a-f]{64}, pinned is [0-9a-f]{64}"):
        fetch_assets(web)
    assert not (web / "static" / "vendor" / "thing.js").exists()


def test_the_lock_file_pins_every_package_by_hash_and_names_no_registry() -> None:
    text = (WEB / "package-lock.json").read_text(encoding="utf-8")
    assert "http" not in text
    packages = {name: p for name, p in json.loads(text)["packages"].items() if name}
    assert all(p["integrity"].startswith("sha512-") for p in packages.values())
    assert {a.source.partition("/")[0] for a in pinned_assets()} == {n.rpartition("/")[2] for n in packages}


def test_every_pinned_file_of_a_package_comes_with_its_licence() -> None:
    by_package: dict[str, set[str]] = {}
    for asset in pinned_assets():
        by_package.setdefault(asset.source.partition("/")[0], set()).add(asset.source.rpartition("/")[2])
    assert all("LICENSE" in names for names in by_package.values())


def test_catalogues_are_compiled_when_they_are_older_than_their_source(tmp_path: Path) -> None:
    folder = tmp_path / "locale" / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "desk.po").write_text('msgid ""\nmsgstr "Language: zh_CN\\n"\n\nmsgid "a"\nmsgstr "甲"\n')
    assert compile_catalogues(tmp_path) == 1
    assert compile_catalogues(tmp_path) == 0
    assert (folder / "desk.mo").read_bytes()[:4] == b"\xde\x12\x04\x95"
