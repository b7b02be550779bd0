"""Starts a server that ends with its parent, however that one ends; run by its path, by `ServerProcess`.

    python -I -S launcher.py PARENT LIFE GRACE HELD HOW COMMAND ...

PARENT is the pid that the parent must have, LIFE the reading end of a pipe whose other end the parent alone
holds, GRACE the whole seconds between SIGTERM and SIGKILL, HELD the files that are for the server (`5,6`).

With HOW `exec` the kernel sends SIGTERM to the server at the parent's death; a watcher, a shell that waits
for the pipe's end, sends SIGKILL to the server's group after GRACE. This process becomes the server: its pid
is the server's. The kernel's signal belongs to the *thread* that started this process: it must live as long
as the parent. With HOW `stay`, and where the system has no such signal, this process stays between the two:
it hands signals on, ends as the server does, and sends SIGTERM and SIGKILL itself.

Every server starts through this, so it imports next to nothing: the interpreter itself is most of its cost.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # as `typing` has it, whose import would cost more than all the rest here
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

EXEC, STAY = "exec", "stay"
SHELL = "/bin/sh"
# The group is the server's and this shell is in it. A server that ends first takes its shell along, but not
# what that one waits for: so it waits for a second at a time.
WATCH = 'read _; i=0; while [ "$i" -lt "$1" ]; do sleep 1; i=$((i + 1)); done; kill -KILL 0'
NOT_FOUND = 127  # as shells say it
# By their numbers, which POSIX and Linux fix: the module `signal` is as dear.
SIGINT, SIGKILL, SIGPIPE, SIGTERM, SIGXFSZ = 2, 9, 13, 15, 25
PR_SET_PDEATHSIG = 1


def main(arguments: Sequence[str]) -> NoReturn:
    """Become the server of the arguments, or stay beside it."""
    parent, life, grace, held, how, *command = arguments
    fds = [int(fd) for fd in held.split(",") if fd]
    signals = None if how == STAY else death_signals()
    if signals is None or not signals.send(SIGTERM):
        stay(int(life), int(grace), fds, command)
    if os.getppid() != int(parent):  # it ended before the signal was asked for
        os._exit(0)
    watch(signals, [int(life), *fds], grace)
    os.close(int(life))
    signals.usual(SIGPIPE)
    signals.usual(SIGXFSZ)
    become(command)


class DeathSignals:
    """The C library's calls that need no import of `signal`."""

    def __init__(self, prctl: Callable[..., int], signal: Callable[..., object]) -> None:
        self._prctl, self._signal = prctl, signal

    def send(self, number: int) -> bool:
        """Ask for a signal at the end of the thread that started this process; False: the kernel can't."""
        return self._prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) == 0

    def usual(self, number: int) -> None:
        """What the interpreter ignores, a server must not: exec would hand that on."""
        self._signal(number, None)


def death_signals() -> DeathSignals | None:
    """The calls, where the system has death signals and a shell for the watcher."""
    if sys.platform != "linux" or not os.access(SHELL, os.X_OK):
        return None
    try:
        from ctypes import CDLL, c_int, c_ulong, c_void_p

        library = CDLL(None)
        library.prctl.argtypes = [c_int, *[c_ulong] * 4]
        library.signal.argtypes, library.signal.restype = [c_int, c_void_p], c_void_p
    except (ImportError, OSError, AttributeError):
        return None
    return DeathSignals(library.prctl, library.signal)


def watch(signals: DeathSignals, fds: Sequence[int], grace: str) -> None:
    """Leave a watcher behind as the server's child; of `fds` it holds the pipe, which is the first."""
    server = os.getpid()
    if os.fork():
        return
    try:
        signals.send(SIGKILL)
        if os.getppid() == server:
            nothing = os.open(os.devnull, os.O_WRONLY)
            for fd, source in ((0, fds[0]), (1, nothing), (2, nothing)):
                os.dup2(source, fd)
            for fd in (*fds, nothing):
                os.close(fd)
            os.execve(SHELL, [SHELL, "-c", WATCH, "dustwatch-watcher", grace], {"PATH": os.defpath})
    finally:
        os._exit(NOT_FOUND)


def become(command: list[str]) -> NoReturn:
    """Exec the server; its log says why where that is impossible."""
    try:
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]} can't be started: {error.strerror}\n".encode())
    os._exit(NOT_FOUND)


def stay(life: int, grace_s: int, held: Sequence[int], command: list[str]) -> NoReturn:
    """Run the server as a child, and end with it."""
    import select
    import signal
    import time

    # Signals wake the loop as bytes of a pipe, so that none is lost between two steps.
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    for taken in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
        signal.signal(taken, lambda *_: None)
    server = os.fork()
    if server == 0:
        os.close(life)
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(ignored, signal.SIG_DFL)
        become(command)
    for fd in held:  # they are the server's, and must be free when it has ended
        os.close(fd)
    watched, kill_at = [woken, life], float("inf")
    while True:
        left_s = None if kill_at == float("inf") else max(0.0, kill_at - time.monotonic())
        ready = select.select(watched, [], [], left_s)[0]
        for number in os.read(woken, 512) if woken in ready else b"":
            if number != signal.SIGCHLD:
                os.kill(server, number)
                continue
            ended, status = os.waitpid(server, os.WNOHANG)
            if ended:
                end_as(os.waitstatus_to_exitcode(status))
        if life in ready:
            watched.remove(life)
            kill_at = time.monotonic() + grace_s
            os.kill(server, SIGTERM)
        if time.monotonic() >= kill_at:
            os.killpg(0, SIGKILL)


def end_as(code: int) -> NoReturn:
    """End as a server did: with its code, or by its signal (negative)."""
    if code < 0:
        import signal

        if -code != SIGKILL:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
