"""Fetches the jars of the embedded servers from Maven Central's layout, each checked against its SHA-256.

The base address is `DUSTWATCH_MAVEN_BASE`; the cache is `DUSTWATCH_CACHE` (default ~/.cache/dustwatch).
"""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import httpx

MAVEN_CENTRAL = "https://repo1.maven.org/maven2"
_TRIES = 3


class JarError(RuntimeError):
    """A jar that could not be fetched, or is not the pinned one."""


class Jar(NamedTuple):
    """A pinned file: SHA-256 in hex, and its path below the repository's base."""

    sha256: str
    path: str

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[-1]


def cache_folder() -> Path:
    """Folder in which downloads are shared between checkouts."""
    return Path(os.environ.get("DUSTWATCH_CACHE") or Path.home() / ".cache" / "dustwatch")


class JarSet(NamedTuple):
    """The jars of one server, pinned in the file `NAME-jars.txt` beside this module."""

    name: str
    version: str

    @property
    def title(self) -> str:
        """As people call it."""
        return f"{self.name.capitalize()} {self.version}"

    @property
    def folder(self) -> Path:
        """Where they are kept; the folder may not exist yet."""
        return cache_folder() / self.name / self.version

    def pinned(self) -> list[Jar]:
        """The jars of the manifest."""
        manifest = Path(__file__).with_name(f"{self.name}-jars.txt")
        lines = manifest.read_text(encoding="ascii").splitlines()
        return [Jar(*line.split()) for line in lines if line and not line.startswith("#")]

    def missing(self, folder: Path) -> list[Jar]:
        """Jars that are absent from `folder` or differ from their pinned hash."""
        return [jar for jar in self.pinned() if not _is_sound(folder / jar.name, jar.sha256)]

    def fetch(self, folder: Path | None = None) -> Path:
        """Bring every missing jar into the cache and return the folder. Raises JarError."""
        folder = folder or self.folder
        folder.mkdir(parents=True, exist_ok=True)
        missing = self.missing(folder)
        if not missing:
            return folder
        base = os.environ.get("DUSTWATCH_MAVEN_BASE", MAVEN_CENTRAL).rstrip("/")
        with (
            httpx.Client(timeout=60, follow_redirects=True) as client,
            ThreadPoolExecutor(max_workers=8) as pool,
        ):
            list(pool.map(lambda jar: _fetch(client, base, jar, folder), missing))
        return folder


KAFKA = JarSet("kafka", "3.9.1")


def _fetch(client: httpx.Client, base: str, jar: Jar, folder: Path) -> None:
    url = f"{base}/{jar.path}"
    said = ""
    for _ in range(_TRIES):
        try:
            answer = client.get(url)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            said = str(error) or type(error).__name__
            continue
        found = hashlib.sha256(answer.content).hexdigest()
        if found == jar.sha256:
            partial = folder / f".{jar.name}.{os.getpid()}"
            partial.write_bytes(answer.content)
            partial.replace(folder / jar.name)
            return
        said = f"SHA-256 is {found}, pinned is {jar.sha256}"
    raise JarError(
        f"{url}: {said}; set DUSTWATCH_MAVEN_BASE to a mirror in Maven Central's layout, or try again"
    )


def _is_sound(file: Path, sha256: str) -> bool:
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == sha256
