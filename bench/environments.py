"""Python environments beside the project's own: for peers and tools that must not share its packages.

Each is made once by uv, below the cache outside the checkout. `python -m bench.environments NAME VERSION`
makes one and prints its interpreter.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from deploy.embedded.jars import cache_folder

_WITHIN_S = 300


class NotInstalled(RuntimeError):
    """A package that could not be installed, with the installer's last words."""


def interpreter(name: str, version: str, *more: str) -> Path:
    """The interpreter of the environment that holds `name` in that version, and `more` beside it."""
    folder = cache_folder() / "environments" / f"{name}-{version}"
    python = folder / "bin" / "python"
    ready = folder / ".ready"
    wanted = " ".join((f"{name}=={version}", *more))
    if ready.exists() and ready.read_text(encoding="ascii") == wanted:
        return python
    folder.parent.mkdir(parents=True, exist_ok=True)
    _uv("venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
    _uv("pip", "install", "--quiet", "--python", str(python), *wanted.split())
    ready.write_text(wanted, encoding="ascii")
    return python


def _uv(*words: str) -> None:
    uv = Path(sys.executable).with_name("uv")
    env = {**os.environ, "UV_SYSTEM_CERTS": "1"}
    for name in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT"):
        env.pop(name, None)
    try:
        done = subprocess.run(
            [uv, *words], env=env, capture_output=True, text=True, timeout=_WITHIN_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotInstalled(f"uv {words[0]}: {error}") from error
    if done.returncode:
        raise NotInstalled(done.stderr.strip().rsplit("\n", 1)[-1][:200] or f"uv {words[0]} failed")


if __name__ == "__main__":
    print(interpreter(*sys.argv[1:]))
