"""What is wrong with a case store: which, what happened, and the way out."""

from __future__ import annotations


class StoreError(ConnectionError):
    """The case store can't be used: address, what happened, what to do."""

    exit_code = 3


class StoreBehind(StoreError):
    """Its tables are older than this program needs: a service waits until somebody has migrated them."""


class WrongStore(StoreError):
    """The address is invalid, or the database there is not one of ours."""

    exit_code = 2


class WrongSchema(WrongStore):
    """Its tables are too new for this program, of a revision nobody wrote, or contradict each other."""


class StoreDamaged(WrongStore):
    """The file is no whole database: a person has to put a copy back, or move it away."""
