"""Erasing a person from the machine itself, and carrying the list of erasures out in a copy of before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from alerts.people.erasures import Erasure, lines_of
from alerts.store.case_store import wall_ms
from alerts.store.erasure_store import ErasureStore
from deploy.first_accounts import entry


def erase_account(url: str, account: str, reason: str) -> list[str]:
    """Erase an account's person from the store at a URL; what was done, in lines."""
    said = entry("account_erased", f"account:{account}", reason=reason)
    erasure = Erasure.made(account, wall_ms(), said.name, reason)
    with _opened(url) as store:
        emptied = store.apply([(erasure, said)])
        copies, kept = store.copies(), store.named_for_good(account)
    lines = [f"erased: {emptied} texts emptied, the account has ended; erasure {erasure.id}"]
    if kept:
        lines.append(f"{kept} signatures of before name them in rows that take no change: these stay")
    return lines + [
        f"a copy of before still has all of it, and is yours to remove: {path}" for path in copies
    ]


def apply_list(url: str, wanted: Sequence[Erasure]) -> str:
    """Carry a list out in the store at a URL; what was done, in words."""
    entries = [(one, entry("account_erased", f"account:{one.account}", reason=one.reason)) for one in wanted]
    with _opened(url) as store:
        before = len(store.erasures())
        emptied = store.apply(entries)
        new = len(store.erasures()) - before
    return f"{len(wanted)} erasures carried out, {new} of them new here: {emptied} texts emptied"


def listed(url: str) -> list[str]:
    """The list of erasures of the store at a URL."""
    with _opened(url) as store:
        return lines_of(store.erasures())


@contextmanager
def _opened(url: str) -> Iterator[ErasureStore]:
    store = ErasureStore(url)
    try:
        yield store
    finally:
        store.close()
