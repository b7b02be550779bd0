"""`python -m deploy.embedded.prepare`: fetch the servers' jars, and make their first start a quick one."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from deploy.embedded.jars import ARTEMIS, KAFKA, JarError, JarSet
from deploy.embedded.java import aot_cache
from deploy.embedded.kafka import KafkaNode
from deploy.embedded.mqtt import MqttBroker
from deploy.embedded.process import ServerError


class Trained(Protocol):
    """A server that can be started and stopped."""

    def start(self) -> object: ...
    def stop(self) -> None: ...


SERVERS: dict[JarSet, Callable[[Path, list[str]], Trained]] = {
    KAFKA: lambda folder, options: KafkaNode(folder, java_options=options),
    ARTEMIS: lambda folder, options: MqttBroker(folder, java_options=options),
}


def train(jars: JarSet) -> None:
    """Boot a server once and keep its classes as the JVM has linked them. Raises ServerError.

    A Java before 25 can't: then the server starts as it always did.
    """
    cache = aot_cache(jars.folder)
    if cache.is_file():
        return
    with tempfile.TemporaryDirectory(prefix="dustwatch-") as name:
        made = Path(name) / cache.name
        # the quick compiler alone: what it leaves in the cache serves the slow one as well
        options = ["-XX:TieredStopAtLevel=1", f"-XX:AOTCacheOutput={made}"]
        server = SERVERS[jars](Path(name) / jars.name, options)
        server.start()
        server.stop()
        if not made.is_file():
            raise ServerError("this Java has made none")
        partial = cache.with_suffix(f".{os.getpid()}")  # another checkout may be set up beside us
        shutil.copyfile(made, partial)
        partial.replace(cache)


def main() -> None:
    """Fetch, train, and say so; exit 3 where a jar can't be had."""
    for jars in SERVERS:
        try:
            where = jars.fetch()
        except JarError as error:
            print(error, file=sys.stderr)
            sys.exit(3)
        print(f"{jars.title}: {len(jars.pinned())} jars in {where}")
        try:
            train(jars)
        except (ServerError, OSError) as error:
            print(f"{jars.title}: it will start more slowly, without a cache of its classes: {error}")


if __name__ == "__main__":
    main()
