"""The gateway as a process under the limits of a usual machine: few open files, many silent connections."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.embedded.ports import free_port
from ingest.decoders.hj212.ack import build_frame
from tests.fakes.desk import EXAMPLE
from tests.pipeline import wait_for

BEAT = build_frame("QN=20240601080500002;ST=39;CN=9015;PW=123456;MN=NOBODY;Flag=9;CP=&&&&")


def is_answered(port: int) -> bool:
    """Whether a heartbeat over a new connection is."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as one:
        one.settimeout(5)
        one.sendall(BEAT)
        return one.recv(1000).startswith(b"##")
    return False


@pytest.mark.parametrize(
    ("limit", "held"),
    [
        pytest.param("ulimit -Sn 256", 600, id="a soft limit, which it raises"),
        pytest.param("ulimit -n 256", 128, id="a hard limit, to which it keeps"),
    ],
)
def test_silent_connections_beyond_the_open_files_lock_nobody_out(
    tmp_path: Path, limit: str, held: int
) -> None:
    port = free_port()
    settings = {
        "CONFIG": EXAMPLE,
        "KAFKA": f"127.0.0.1:{free_port()}",
        "GATEWAY_PORT": port,
        "GATEWAY_CONNECTIONS": 600,
        "GATEWAY_CONNECTIONS_PER_ADDRESS": 600,
        "HEALTH_PORT": free_port(),
    }
    environment = {**os.environ, **{f"DUSTWATCH_{name}": str(value) for name, value in settings.items()}}
    program = f"{limit}; exec {sys.executable} -m deploy.cli run gateway"
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(["sh", "-c", program], env=environment, stdout=said, stderr=said)
    try:
        wait_for("the gateway answers", lambda: process.poll() is None and is_answered(port))
        with contextlib.ExitStack() as crowd:
            for _ in range(900):
                crowd.enter_context(socket.create_connection(("127.0.0.1", port), 20))
            assert all(is_answered(port) for _ in range(5))
            assert open_sockets(process.pid) <= held + 20
        process.terminate()
        assert process.wait(20) == 0
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    said_lines = (tmp_path / "said").read_text()
    assert ("gateway_few_connections" in said_lines) is (held == 128)
    assert said_lines.count('"event": "gateway_connections"') == 1
    assert "Traceback" not in said_lines


def open_sockets(pid: int) -> int:
    """How many sockets a process holds."""
    folder, count = f"/proc/{pid}/fd", 0
    for one in os.listdir(folder):
        with contextlib.suppress(OSError):  # closed meanwhile
            count += os.readlink(f"{folder}/{one}").startswith("socket:")
    return count
