"""Channel `file`: appends each message as a JSON line to a file; it counts as sent once on disk."""

from __future__ import annotations

import asyncio
import json
import os
import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator

from alerts.channels.base import ChannelForm
from alerts.records import Message
from alerts.retry import Outcome, retry, sent, unknown
from ingest.private import make_private

_NAME = re.compile(r"[\w-][\w.-]{0,119}")


def _file_name(text: str) -> str:
    """A name that stays in the folder, visible there, and beside the files of others."""
    if not _NAME.fullmatch(text):
        raise ValueError(
            f"`{text}` can't be the name of a file in the message folder: at most 120 letters, digits, `_`, "
            "`.`, `-`, and not a `.` first"
        )
    return text


class FileChannel(ChannelForm):
    """Messages as lines of a file in the machine's message folder: for trying out."""

    kind: Literal["file"]
    name: Annotated[str, AfterValidator(_file_name)] = "messages.jsonl"

    stays_here: ClassVar[bool] = True

    def open(self, secret: Callable[[str], str], files: Path) -> FileSender:
        """See `ChannelForm.open`."""
        return FileSender(files / self.name)


class FileSender:
    """One file; concurrent messages are written one after another."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(1, "channel-file")

    async def send(self, message: Message, possible_repeat: bool) -> Outcome:
        """Append one line and wait until it is on disk."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._append, message, possible_repeat)

    async def close(self) -> None:
        """End the thread."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _append(self, message: Message, possible_repeat: bool) -> Outcome:
        line = json.dumps(line_of(message, possible_repeat), ensure_ascii=False) + "\n"
        begun = False
        try:
            make_private(self.path)
            with self._lock, self.path.open("ab+") as file:
                end = file.seek(0, os.SEEK_END)
                if end and _last_byte(file.fileno(), end) != b"\n":
                    line = "\n" + line  # an earlier life died within its line
                begun = True
                file.write(line.encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            words = f"{self.path}: {error.strerror or error}"
            return unknown(words) if begun else retry(words)
        return sent(f"{self.path.name}:{end}")


def _last_byte(descriptor: int, end: int) -> bytes:
    return os.pread(descriptor, 1, end - 1)


def line_of(message: Message, possible_repeat: bool) -> dict[str, object]:
    """Line written to the file: recipient, case, time, and the text as a person reads it."""
    line: dict[str, object] = {
        "id": message.id,
        "at": datetime.fromtimestamp(message.created_at / 1000, UTC).isoformat(timespec="milliseconds"),
        "to": message.recipient.name,
        "line": message.recipient.line,
        "why": message.recipient.why,
        "case": message.case,
        "step": message.step,
        "kind": message.kind,
        "text": message.text,
    }
    if possible_repeat:
        line["possible_repeat"] = True
    return line
