"""Compilation of a configuration folder to the revision that goes into the log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alerts.routing.forms import offline_window_s
from ingest.records import Revision
from ingest.register import load_register
from ingest.strict_yaml import ConfigError
from processors.plan import RuleSet, compile_revision, load_rules, make_revision
from processors.quality import load_quality


def checked_revision(folder: Path, received_at: int, effective: int | None = None) -> Revision:
    """`revision_of_folder` for a folder that passes `dustwatch check`, including its routing.

    Raises ConfigError, among other things if some site at some hour reaches nobody.
    """
    from deploy.county.check import check_folder

    problems, _ = check_folder(folder)
    if problems:
        raise ConfigError(problems)
    return revision_of_folder(folder, received_at, effective)


def revision_of_folder(folder: Path, received_at: int, effective: int | None = None) -> Revision:
    """The folder as a feed record, in force from `effective` (default: `received_at`). Raises ConfigError."""
    return make_revision(body_of_folder(folder, load_rules(folder)), received_at, effective)


def body_of_folder(folder: Path, rules: RuleSet) -> dict[str, Any]:
    """Everything verdicts depend on, with these rules instead of the folder's own. Raises ConfigError."""
    register = load_register(folder)
    return compile_revision(register, rules.rules, load_quality(folder), offline_window_s(folder))
