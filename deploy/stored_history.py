"""Opening of an existing history for reading, without ever creating one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ingest import addresses
from processors.history import History, HistoryUnusable, open_history


@contextmanager
def open_past(url: str) -> Iterator[History]:
    """The history at the URL. Raises HistoryUnusable where there is none, or it can't be asked."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")  # `open_history` says what is wrong
    path = Path(unquote(parts.path)[1:])
    if parts.scheme == "sqlite" and not parts.netloc and path != Path() and not path.is_file():
        raise HistoryUnusable(
            f"no history at {shown(url)}: {path} is no file. Name the file that `dustwatch run store` writes "
            "(--history, or DUSTWATCH_HISTORY; after `dustwatch up` or `demo` it lies in the data folder)",
            exit_code=3,
        )
    history = open_history(url)
    try:
        history.check()
        yield history
    finally:
        history.close()


def shown(url: str) -> str:
    """The URL without what follows `?`: where secrets are is nobody's business."""
    return addresses.shown(url.split("?", 1)[0])
