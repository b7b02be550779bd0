"""Shared code of the HTTP channels: one POST, and what its failures mean for the message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from alerts.retry import Outcome, refused, retry, unknown

if TYPE_CHECKING:
    import httpx  # slow to import, and a check of the configuration sends nothing

_LATER = {408, 409, 421, 423, 425, 429}  # the request was fine, its time was not
# A wrong token, an address that moved or is misspelt: a fault of the set-up, which the operator hears of
# and mends; the message is as good as before.
_MENDABLE = {301, 302, 303, 307, 308, 401, 402, 403, 404, 405, 407, 511}
_LONGEST_WAIT_S = 3600


def client_for(timeout_s: float) -> httpx.AsyncClient:
    """HTTP client that follows no redirects and ignores proxy settings in the environment."""
    import httpx

    return httpx.AsyncClient(timeout=timeout_s, follow_redirects=False, trust_env=False)


async def post(
    client: httpx.AsyncClient, url: str, body: Mapping[str, Any], headers: Mapping[str, str]
) -> httpx.Response | Outcome:
    """The response if its status is 2xx, else the outcome for the message.

    The text of an Outcome never contains the URL, which may be a secret.
    """
    import httpx

    try:
        response = await client.post(url, json=body, headers=dict(headers))
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        return retry(f"no connection: {_words(error)}")
    except (httpx.UnsupportedProtocol, httpx.InvalidURL):
        return refused("the address is no http address")
    except httpx.HTTPError as error:
        # The request went out, at least in part: the other side may have acted on it.
        return unknown(f"no answer: {_words(error)}")
    if response.is_success:
        return response
    said = f"HTTP {response.status_code}: {shortened(response.text)}"
    if response.status_code in _LATER | _MENDABLE or response.is_server_error:
        return retry(said, _wait_asked_for(response))
    return refused(said)


def shortened(text: str, most: int = 200) -> str:
    """The text on one line, cut to at most `most` characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _words(error: Exception) -> str:
    return shortened(f"{type(error).__name__} {error}".strip())


def _wait_asked_for(response: httpx.Response) -> int | None:
    asked = response.headers.get("Retry-After", "")
    return min(int(asked), _LONGEST_WAIT_S) * 1000 if asked.isascii() and asked.isdigit() else None
