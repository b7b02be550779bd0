"""Answers of the addresses that give background values, asked over HTTP."""

from __future__ import annotations

import httpx

from ingest.addresses import shown

_TIMEOUT_S = 30.0
MOST_BYTES = 32 * 1024 * 1024  # a year of hours of a hundred stations is less


class NoAnswer(Exception):
    """The address of a feed gives no rows: which, and what to look at."""

    exit_code = 3


def answer_of(url: str, token: str | None = None) -> bytes:
    """The answer of an address; `token` is sent as bearer token. Raises NoAnswer, which shows no secret."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    body = bytearray()
    try:
        with httpx.stream("GET", url, headers=headers, timeout=_TIMEOUT_S, follow_redirects=True) as answer:
            answer.raise_for_status()
            for part in answer.iter_bytes():
                body += part
                if len(body) > MOST_BYTES:
                    words = f"{shown(url)} answers more than {MOST_BYTES >> 20} MB: is the address right?"
                    raise NoAnswer(words)
    except httpx.HTTPStatusError as error:
        raise NoAnswer(f"{shown(url)} answers {error.response.status_code}: address, token?") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        words = f"{shown(url)} does not answer ({type(error).__name__}): is the address right?"
        raise NoAnswer(words) from None
    except UnicodeError:
        words = f"{shown(url)}: address or token has a sign that HTTP does not carry; write them in ASCII"
        raise NoAnswer(words) from None
    return bytes(body)
