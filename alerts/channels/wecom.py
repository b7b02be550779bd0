"""Channel `wecom`: a WeCom group robot. It answers HTTP 200 even when it refuses; `errcode` decides.

Robots offer no idempotency: the message's id is printed in the text, so that people recognise a repeat.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StrictFloat

from alerts.channels.base import ChannelForm
from alerts.channels.http import client_for, post, shortened
from alerts.records import Message
from alerts.retry import Outcome, refused, retry, sent, unknown
from ingest.durations import MINUTE_MS
from ingest.forms import SecretName

_MOST_BYTES = 2048  # of a text; the robot refuses more
# Faults of the message itself: kind, parameter, empty, too long, no JSON. All others (busy, wrong key, robot
# removed) pass, or the operator hears of them and mends the set-up; the message is as good as before.
_OF_THE_MESSAGE = {40008, 40058, 44004, 45002, 47001}
_TOO_MANY = 45009  # 20 messages a minute and robot


class WecomChannel(ChannelForm):
    """A group robot of WeCom; its address holds a key and is therefore a secret."""

    kind: Literal["wecom"]
    url_secret: SecretName
    timeout: Annotated[StrictFloat, Field(gt=0, le=120)] = 10.0

    def open(self, secret: Callable[[str], str], files: Path) -> WecomSender:
        """See `ChannelForm.open`."""
        return WecomSender(secret(self.url_secret), self.timeout)


class WecomSender:
    """One robot."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url = url
        self._client = client_for(timeout_s)

    async def send(self, message: Message, possible_repeat: bool) -> Outcome:
        """POST once and read the body."""
        body = {"msgtype": "text", "text": {"content": content_of(message, possible_repeat)}}
        answer = await post(self._client, self._url, body, {})
        return answer if isinstance(answer, Outcome) else outcome_of(answer.text)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def outcome_of(body: str) -> Outcome:
    """Outcome for the robot's answer."""
    try:
        answer = json.loads(body)
        code = int(answer["errcode"])
    except (ValueError, KeyError, TypeError):
        return unknown(f"an answer without errcode: {shortened(body)}")
    said = f"errcode {code}: {shortened(str(answer.get('errmsg', '')))}"
    if code == 0:
        return sent(said)
    if code == _TOO_MANY:
        return retry(said, MINUTE_MS)
    return refused(said) if code in _OF_THE_MESSAGE else retry(said)


def content_of(message: Message, possible_repeat: bool) -> str:
    """The text, cut in the middle if it is too long: the first lines, the link and the id are kept."""
    text = message.text
    if possible_repeat:
        chinese = message.recipient.language == "zh_CN"
        mark = "（可能重复）" if chinese else "(possible repeat) "
        text = mark + text
    if len(text.encode()) <= _MOST_BYTES:
        return text
    lines = text.split("\n")
    tail = "\n…\n" + "\n".join(lines[-2:])
    room = _MOST_BYTES - len(tail.encode())
    head = "\n".join(lines[:-2]).encode()[:room].decode(errors="ignore")
    return head + tail
