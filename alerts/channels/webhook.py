"""Channel `webhook`: POSTs a JSON object; `Idempotency-Key` is the message's id on every attempt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StrictFloat

from alerts.channels.base import ChannelForm
from alerts.channels.http import client_for, post, shortened
from alerts.records import Message
from alerts.retry import Outcome, refused, sent
from ingest.forms import SecretName, Url, checked_url


class WebhookChannel(ChannelForm):
    """An HTTP address that takes a JSON object and honours `Idempotency-Key`.

    Without an address here each contact names its own `url`.
    """

    kind: Literal["webhook"]
    url: Url | None = None
    url_secret: SecretName | None = None
    token_secret: SecretName | None = None  # sent as `Authorization: Bearer`
    timeout: Annotated[StrictFloat, Field(gt=0, le=120)] = 10.0

    address_key: ClassVar[str | None] = "url"

    @classmethod
    def address_fault(cls, address: str) -> str | None:
        """See `ChannelForm.address_fault`."""
        try:
            checked_url(address)
        except ValueError as error:
            return str(error)
        return None

    def needs_address(self) -> bool:
        """See `ChannelForm.needs_address`."""
        return not (self.url or self.url_secret)

    def fault(self) -> str | None:
        """See `ChannelForm.fault`."""
        if self.url and self.url_secret:
            return f"channel `{self.id}` has both `url` and `url_secret`; leave one out"
        return None

    def open(self, secret: Callable[[str], str], files: Path) -> WebhookSender:
        """See `ChannelForm.open`."""
        url = self.url or (secret(self.url_secret) if self.url_secret else None)
        token = secret(self.token_secret) if self.token_secret else None
        return WebhookSender(url, self.timeout, token)


class WebhookSender:
    """One address; recipients with an address of their own are notified there instead."""

    def __init__(self, url: str | None, timeout_s: float, token: str | None = None) -> None:
        self._url = url
        self._token = token
        self._client = client_for(timeout_s)

    async def send(self, message: Message, possible_repeat: bool) -> Outcome:
        """POST once; any 2xx counts as a receipt."""
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
    """JSON object to send."""
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
