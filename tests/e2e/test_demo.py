"""`dustwatch demo` as a newcomer runs it: it starts, tells a department, accounts, and ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from deploy.embedded.process import free_port


def test_a_demo_of_half_a_minute_tells_a_department_and_accounts_for_every_reading(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "deploy.cli", "demo", "--for", "30s", "--speed", "60"]
    command += ["--port", str(free_port()), "--data", str(tmp_path / "demo")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    account = json.loads(done.stdout.strip().splitlines()[-1])
    assert account["published"] > 500
    settled = account["stored"] + account["duplicates"] + sum(account["quarantined"].values())
    assert account["published"] == settled
    assert account["duplicates"] > 0, "one monitor stutters"
    assert account["quarantined"], "one monitor is broken"
    assert account["breaches"] >= account["cases"] > 0
    assert account["messages"] > 0
    told = list((tmp_path / "demo" / "messages").rglob("*"))
    assert any(file.is_file() and file.stat().st_size for file in told), "the file channel wrote messages"


def test_a_demo_on_a_taken_port_says_which_one_and_what_to_do(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "deploy.cli", "demo", "--for", "5s", "--port", port]
        command += ["--data", str(tmp_path / "demo")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert port in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr
