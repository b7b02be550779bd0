"""Channel `webhook`: POSTs a JSON object; `Idempotency-Key` is the message's id on every attempt."""

from __future__ import annotations

from typing import Any

import httpx

from alerts.channels.http import post, shortened
from alerts.records import Message
from alerts.retry import Outcome, refused, sent


class WebhookSender:
    """One address; a recipient with an address of its own is told there instead."""

    def __init__(self, url: str | None, timeout_s: float, token: str | None = None) -> None:
        self._url = url
        self._token = token
        self._client = httpx.AsyncClient(timeout=timeout_s, follow_redirects=False, trust_env=False)

    async def send(self, message: Message, possible_repeat: bool) -> Outcome:
        """POST once; any 2xx is a receipt."""
        headers = {"Idempotency-Key": message.id, "User-Agent": "dustwatch"}
        if possible_repeat:
            headers["X-Possible-Repeat"] = "true"
        url = message.recipient.address or self._url
        if url is None:
            return refused("neither the channel nor the contact names an address")
        if self._token and url == self._url:
            headers["Authorization"] = f"Bearer {self._token}"
        answer = await post(self._client, url, payload_of(message), headers)
        if isinstance(answer, Outcome):
            return answer
        said = answer.headers.get("X-Request-Id") or shortened(answer.text)
        return sent(f"HTTP {answer.status_code} {said}".strip())

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def payload_of(message: Message) -> dict[str, Any]:
    """The JSON object that is sent."""
    return {
        "schema": "dustwatch.message/1",
        "id": message.id,
        "case": message.case,
        "step": message.step,
        "kind": message.kind,
        "at": message.created_at,
        "recipient": {
            "id": message.recipient.id,
            "name": message.recipient.name,
            "line": message.recipient.line,
            "why": message.recipient.why,
        },
        "subject": message.subject,
        "text": message.text,
        "link": message.link,
        "covers": list(message.covers),
        "data": message.data,
    }
