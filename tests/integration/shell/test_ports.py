"""Ports for servers that are about to start: nobody else of this machine gets the same one meanwhile."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from deploy.embedded import ports
from deploy.embedded.ports import HOST, RANGE, NoPort, free_port, lease, usual_or_free

ASK = "from deploy.embedded.ports import lease, usual_or_free; import sys; port = int(sys.argv[1]); "


def said_elsewhere(what: str, port: int) -> str:
    """What another process prints of a port."""
    done = subprocess.run(
        [sys.executable, "-c", ASK + f"print({what})", str(port)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_free_port_is_one_that_no_outgoing_connection_is_given_and_that_a_server_can_listen_on() -> None:
    port = free_port()
    assert port in RANGE
    with socket.socket() as server:
        server.bind((HOST, port))
        server.listen()
        assert said_elsewhere("lease(port)", port) == "False"


def test_a_port_that_waits_for_its_server_is_given_to_nobody_else() -> None:
    port = free_port()
    assert not lease(port)
    assert said_elsewhere("lease(port)", port) == "False"


def test_two_counties_that_start_at_once_on_one_machine_do_not_share_the_usual_ports() -> None:
    usual = free_port()  # the first county has it, and nothing listens there yet
    assert int(said_elsewhere("usual_or_free(port)", usual)) not in (usual, 0)


def test_the_usual_port_is_taken_when_it_is_free() -> None:
    usual = free_port()
    ports._leases.pop(usual).close()
    assert usual_or_free(usual) == usual


def test_a_port_that_something_listens_on_is_not_leased() -> None:
    with socket.socket() as server:
        server.bind((HOST, 0))
        server.listen()
        assert not lease(server.getsockname()[1])


def test_a_machine_without_a_free_port_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = free_port()
    monkeypatch.setattr(ports, "RANGE", range(taken, taken + 1))
    with pytest.raises(NoPort, match=f"no free port on {HOST} from {taken} to {taken}"):
        free_port()
