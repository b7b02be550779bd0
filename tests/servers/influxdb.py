"""InfluxDB 2.7.12 for tests: built once from the Go module proxy, started with a bucket and a token.

`python -m tests.servers.influxdb` builds it when it is absent and prints the path.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import httpx

from deploy.embedded.ports import free_port
from tests.servers.process import Process, ServerMissing

VERSION = "2.7.12"
ORG, BUCKET, TOKEN = "dustwatch", "dust", "a-token-for-tests"

_GO_MOD = f"""module influxd.build

go 1.22

require github.com/influxdata/influxdb/v2 v{VERSION}

replace github.com/nats-io/nats-streaming-server v0.11.2 => github.com/influxdata/nats-streaming-server v0.11.3-0.20201112040610-c277f7560803
"""
_TOOLS_GO = """//go:build tools

package tools

import _ "github.com/influxdata/influxdb/v2/cmd/influxd"
"""
# Flux's Rust library denies warnings that newer compilers added; RUSTFLAGS does not reach them.
_LINT_CAP = '#!/bin/sh\nrustc="$1"; shift; exec "$rustc" "$@" --cap-lints warn\n'
_TAGS = "sqlite_foreign_keys,sqlite_json,noassets"


def cache() -> Path:
    """Where built servers are kept, outside the checkout."""
    base = os.environ.get("DUSTWATCH_CACHE") or Path.home() / ".cache" / "dustwatch"
    return Path(base) / "influxdb"


def binary() -> Path:
    """The server program, built when it is not in the cache yet (5 to 7 minutes). Raises ServerMissing."""
    path = cache() / f"influxd-{VERSION}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="influxd-build-") as folder:
            shutil.move(_build(Path(folder)), path.with_suffix(".new"))
            path.with_suffix(".new").replace(path)
    return path


def _build(folder: Path) -> Path:
    tools = {name: _tool(name) for name in ("go", "cargo")}
    (folder / "go.mod").write_text(_GO_MOD)
    (folder / "tools.go").write_text(_TOOLS_GO)
    lint_cap = folder / "lint-cap"
    lint_cap.write_text(_LINT_CAP)
    lint_cap.chmod(0o755)
    env = dict(os.environ)
    env["PATH"] = os.pathsep.join([*{str(Path(tool).parent) for tool in tools.values()}, env.get("PATH", "")])
    env["GOBIN"] = str(folder / "bin")
    env["GOFLAGS"] = "-mod=mod"
    _run([tools["go"], "install", "github.com/influxdata/pkg-config@v0.2.14"], Path("/"), env)
    _run([tools["go"], "mod", "tidy"], folder, env)
    # Flux pins a Rust toolchain that is not installed; the wrapper's path must be absolute, for cargo
    # runs in a folder of its own.
    env |= {
        "PKG_CONFIG": str(folder / "bin" / "pkg-config"),
        "RUSTUP_TOOLCHAIN": env.get("RUSTUP_TOOLCHAIN", "stable"),
        "RUSTC_WRAPPER": str(lint_cap.absolute()),
    }
    out = folder / "influxd"
    package = "github.com/influxdata/influxdb/v2/cmd/influxd"
    _run([tools["go"], "build", "-tags", _TAGS, "-o", str(out), package], folder, env)
    return out


def _tool(name: str) -> str:
    usual = [f"/usr/local/go/bin/{name}", str(Path.home() / ".cargo" / "bin" / name)]
    found = shutil.which(name) or next((path for path in usual if os.access(path, os.X_OK)), None)
    if found is None:
        raise ServerMissing(
            f"InfluxDB {VERSION} is built from source and needs {name}, which is not installed: install Go 1.22 "
            f"or newer and Rust (rustup), or put a built influxd at {cache() / f'influxd-{VERSION}'}"
        )
    return found


def _run(command: list[str], folder: Path, env: dict[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ServerMissing(f"building InfluxDB: {' '.join(command)} failed:\n{done.stderr[-3000:]}")


@dataclass(slots=True)
class InfluxServer:
    """A running server with organisation, bucket and token; its data lives in `folder`."""

    folder: Path
    port: int
    process: Process
    org: str = ORG
    bucket: str = BUCKET
    token: str = TOKEN

    @property
    def url(self) -> str:
        """Address of its API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def history_url(self) -> str:
        """The URL for `open_history`; the token is expected in DUSTWATCH_INFLUX_TOKEN."""
        return f"influx+{self.url}?org={self.org}&bucket={self.bucket}"

    def stop(self) -> None:
        """End it and wait for its end."""
        self.process.stop()

    def pause(self) -> None:
        """Let connections hang without an answer."""
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Answer again."""
        os.kill(self.process.pid, signal.SIGCONT)

    def start_again(self) -> None:
        """The same data on the same port."""
        self.process = _launch(self.folder, self.port)

    def create_bucket(self, name: str, keep_s: int = 0) -> None:
        """A bucket of its own, for a test that must be alone; points older than `keep_s` are refused."""
        with httpx.Client(base_url=self.url, headers={"Authorization": f"Token {self.token}"}) as client:
            org = (
                client.get("/api/v2/orgs", params={"org": self.org})
                .raise_for_status()
                .json()["orgs"][0]["id"]
            )
            rules = [{"type": "expire", "everySeconds": keep_s}] if keep_s else []
            client.post(
                "/api/v2/buckets", json={"orgID": org, "name": name, "retentionRules": rules}
            ).raise_for_status()


def start(folder: Path) -> InfluxServer:
    """A fresh server with its data in `folder`. Raises ServerMissing."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    server = InfluxServer(folder, port, _launch(folder, port))
    setup = {
        "username": "tests",
        "password": "only-for-tests",
        "org": server.org,
        "bucket": server.bucket,
        "token": server.token,
    }
    answer = httpx.post(f"{server.url}/api/v2/setup", json=setup, timeout=30)
    if answer.status_code != 201:
        server.stop()
        raise ServerMissing(f"InfluxDB at {server.url} refused its set-up: {answer.text}")
    return server


def _launch(folder: Path, port: int) -> Process:
    command = [
        str(binary()),
        f"--bolt-path={folder / 'influxd.bolt'}",
        f"--sqlite-path={folder / 'influxd.sqlite'}",
        f"--engine-path={folder / 'engine'}",
        f"--http-bind-address=127.0.0.1:{port}",
        "--reporting-disabled",
        "--log-level=error",
    ]
    process = Process(command, folder / "influxd.log")
    process.wait_until(lambda: _healthy(port), seconds=60)
    return process


def _healthy(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


if __name__ == "__main__":
    try:
        print(binary())
    except ServerMissing as missing:
        raise SystemExit(str(missing)) from None
