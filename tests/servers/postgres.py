"""PostgreSQL for tests: a cluster in a temporary folder, run as the user postgres when we are root."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg

from deploy.embedded.ports import free_port
from tests.servers.process import Process, ServerMissing, find_program

_WAY_OUT = "run tests/servers/install.sh as root (apt: postgresql)"
# A test server may lose everything at a power cut, but not at a kill.
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "max_connections": "50",
    "shared_buffers": "32MB",
}


@dataclass(slots=True)
class PostgresServer:
    """A running server; `folder` holds its data and belongs to its user."""

    folder: Path
    port: int
    process: Process
    database: str = "postgres"

    @property
    def url(self) -> str:
        """Address for SQLAlchemy with psycopg."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{self.database}"

    def create_database(self, name: str) -> str:
        """A database of its own for a test; returns its address."""
        with psycopg.connect(_conninfo(self.port), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')  # type: ignore[arg-type]
        return self.url.removesuffix(self.database) + name

    def stop(self) -> None:
        """End it without waiting for clients, and remove its data."""
        self.process.stop(signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        """Die as at a power cut (SIGQUIT: no checkpoint; kill -9 would leave its shared memory behind)."""
        self.process.stop(signal.SIGQUIT)

    def start_again(self) -> None:
        """The same data on the same port."""
        self.process = _launch(self.folder, self.port)


def start(folder: Path) -> PostgresServer:
    """A fresh cluster. Raises ServerMissing.

    Its data lies in a folder of its own under the system's temporary folder: the user postgres cannot
    enter pytest's. `folder` takes the log of its making.
    """
    folder.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="dustwatch-postgres-"))
    user = _user()
    if user:
        shutil.chown(home, user)
    made = subprocess.run(
        [
            _program("initdb"),
            "-D",
            str(home / "data"),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
        ],
        user=user,
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    (folder / "initdb.log").write_text(made.stdout + made.stderr)
    if made.returncode != 0:
        raise ServerMissing(f"initdb failed: {made.stderr[-2000:]}")
    port = free_port()
    return PostgresServer(home, port, _launch(home, port))


def _launch(home: Path, port: int) -> Process:
    settings = {**_SETTINGS, "port": str(port), "unix_socket_directories": str(home)}
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    process = Process(
        [_program("postgres"), "-D", str(home / "data"), *options], home / "postgres.log", user=_user()
    )
    process.wait_until(lambda: _answers(port))
    return process


def _answers(port: int) -> bool:
    try:
        psycopg.connect(_conninfo(port), connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _conninfo(port: int) -> str:
    return f"host=127.0.0.1 port={port} user=postgres dbname=postgres"


def _program(name: str) -> str:
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0,
        reverse=True,
    )
    return find_program(name, *map(str, versions), way_out=_WAY_OUT)


def _user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise ServerMissing(f"there is no user postgres to run the server as: {_WAY_OUT}") from None
