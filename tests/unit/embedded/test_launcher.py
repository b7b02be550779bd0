"""Servers end with their parent, however that one ends: by the kernel's death signal, and by a pipe without it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from deploy.embedded import launcher
from deploy.embedded.process import ServerError, ServerProcess, no_longer_share, share_with_children
from tests.pipeline import wait_for

HOWS = pytest.mark.parametrize(
    "stays",
    [
        pytest.param(
            False, id="exec", marks=pytest.mark.skipif(sys.platform != "linux", reason="no death signal")
        ),
        pytest.param(True, id="stay"),
    ],
)
WAITS = "echo up; while :; do sleep 0.02; done"
OBEDIENT = f"trap 'echo told; exit 7' TERM; {WAITS}"
STUBBORN = f"trap 'echo told' TERM; {WAITS}"
PARENT = """
import sys, time
from pathlib import Path
from deploy.embedded.process import ServerProcess
log, shell, stays, grace = sys.argv[1:]
one = ServerProcess("one", ["sh", "-c", shell], Path(log), stays=stays == "True", grace_s=int(grace))
print(one.pid, flush=True)
time.sleep(600)
"""


def lives(pid: int) -> bool:
    """Whether a process, or any of its group, runs."""
    with suppress(ProcessLookupError):
        os.killpg(pid, 0)
        return any(group_of(entry) == pid for entry in Path("/proc").glob("[0-9]*"))
    return False


def group_of(process: Path) -> int:
    """The group of a process that is no zombie, else 0."""
    with suppress(OSError):
        state, _, group = (process / "stat").read_text().rpartition(")")[2].split()[:3]
        return 0 if state in "ZX" else int(group)
    return 0


@contextmanager
def parent_of(
    shell: str, log: Path, stays: bool, grace_s: int
) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process with one server, which runs; and the server's pid."""
    command = [sys.executable, "-c", PARENT, str(log), shell, str(stays), str(grace_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        try:
            wait_for("the server runs", lambda: "up" in log.read_text(), 20, 0.02)
            yield parent, pid
        finally:
            parent.kill()
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)


@HOWS
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM], ids=str)
def test_a_server_is_told_to_stop_when_its_parent_ends(
    tmp_path: Path, stays: bool, how: signal.Signals
) -> None:
    log = tmp_path / "log"
    with parent_of(OBEDIENT, log, stays, 60) as (parent, pid):
        assert lives(pid)
        parent.send_signal(how)
        wait_for("the server has ended, and its watcher", lambda: not lives(pid), 20, 0.02)
    assert log.read_text().split() == ["up", "told"]


@HOWS
def test_a_server_that_does_not_stop_is_killed_when_its_time_is_over(tmp_path: Path, stays: bool) -> None:
    log = tmp_path / "log"
    with parent_of(STUBBORN, log, stays, 1) as (parent, pid):
        parent.kill()
        wait_for("the server has ended, and its watcher", lambda: not lives(pid), 20, 0.02)
    assert log.read_text().split() == ["up", "told"]


@HOWS
@pytest.mark.parametrize(
    ("shell", "code"), [("exit 7", 7), ("exit 0", 0), ("kill -KILL $$", -9), ("kill -TERM $$", -15)]
)
def test_a_server_ends_with_its_own_code(tmp_path: Path, stays: bool, shell: str, code: int) -> None:
    assert ServerProcess("one", ["sh", "-c", shell], tmp_path / "log", stays=stays).ended() == code


@HOWS
def test_a_server_that_is_stopped_or_killed_leaves_nobody_of_its_group(tmp_path: Path, stays: bool) -> None:
    for end in (ServerProcess.stop, ServerProcess.kill):
        log = tmp_path / end.__name__
        one = ServerProcess("one", ["sh", "-c", OBEDIENT], log, stays=stays)
        one.wait_until(lambda log=log: "up" in log.read_text(), 20)
        end(one)
        wait_for("nobody is left", lambda pid=one.pid: not lives(pid), 20, 0.02)
        assert not one.running()


@pytest.mark.skipif(sys.platform != "linux", reason="no death signal")
def test_the_launcher_becomes_the_server_and_hands_on_no_signal_that_it_ignored(tmp_path: Path) -> None:
    log = tmp_path / "log"
    one = ServerProcess("one", ["sh", "-c", "echo $$; grep SigIgn /proc/$$/status"], log)
    assert one.ended() == 0
    pid, _, ignored = log.read_text().split()
    assert int(pid) == one.pid
    assert int(ignored, 16) & (1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1) == 0


@HOWS
def test_a_server_has_the_environment_and_the_open_files_that_it_was_given(
    tmp_path: Path, stays: bool
) -> None:
    given = tmp_path / "given"
    with given.open("w") as file:
        share_with_children(file.fileno())
        try:
            shell = f'echo "$PLACE"; ls /proc/$$/fd; echo written >/dev/fd/{file.fileno()}'
            one = ServerProcess("one", ["sh", "-c", shell], tmp_path / "log", {"PLACE": "城东"}, stays=stays)
            assert one.ended() == 0
        finally:
            no_longer_share(file.fileno())
        place, *fds = (tmp_path / "log").read_text().split()
        assert place == "城东"
        assert set(fds) == {"0", "1", "2", str(file.fileno())}
    assert given.read_text() == "written\n"


@HOWS
def test_a_program_that_is_not_there_is_named(tmp_path: Path, stays: bool) -> None:
    one = ServerProcess("one", [str(tmp_path / "absent")], tmp_path / "log", stays=stays)
    with pytest.raises(ServerError, match=r"one ended with 127: .*absent can't be started: No such file"):
        one.wait_until(lambda: False, 20)


def test_a_server_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    log, started = tmp_path / "log", []
    thread = threading.Thread(
        target=lambda: started.append(ServerProcess("one", ["sh", "-c", OBEDIENT], log))
    )
    thread.start()
    thread.join()
    (one,) = started
    one.wait_until(lambda: "up" in log.read_text(), 20)
    assert one.stop() == 7


def test_a_server_whose_parent_is_gone_already_is_not_started(tmp_path: Path) -> None:
    life, ours = os.pipe()
    command = ["touch", str(tmp_path / "started")]
    done = subprocess.run(
        [sys.executable, launcher.__file__, "1", str(life), "10", "", launcher.EXEC, *command],
        pass_fds=(life,),
        check=False,
    )
    os.close(life)
    os.close(ours)
    assert done.returncode == 0
    assert list(tmp_path.iterdir()) == []
