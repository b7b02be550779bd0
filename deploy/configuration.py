"""From a configuration folder to the revision that goes into the log."""

from __future__ import annotations

from pathlib import Path

from ingest.records import Revision
from ingest.register import load_register
from processors.revision import compile_revision, make_revision
from processors.rules import load_rules


def revision_of_folder(folder: Path, received_at: int) -> Revision:
    """The folder as a feed record, in force from `received_at`. Raises ConfigError."""
    register = load_register(folder)
    rules = load_rules(folder)
    return make_revision(compile_revision(register, rules.rules), received_at)
