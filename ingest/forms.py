"""Base of the forms of the configuration folder: what an id, a name and a topic filter may be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictInt

from ingest.decoders import FORMATS

if TYPE_CHECKING:
    FormatName = str
else:
    FormatName = Literal[tuple(FORMATS)]  # a name of the table; the form says which there are

_ID = re.compile(r"\w[\w.:-]{0,63}")


def valid_id(text: str) -> str:
    """The text, if it can be an id. Raises ValueError."""
    if not _ID.fullmatch(text):
        raise ValueError(
            f"`{text}` can't be an id: at most 64 letters, digits, `_`, `.`, `:`, `-`, letter or digit first"
        )
    return text


def _name(text: str) -> str:
    if not text.strip():
        raise ValueError("the text is empty")
    return text


def _filter(text: str) -> str:
    wrong = filter_fault(text)
    if wrong:
        raise ValueError(f"`{text}` is no MQTT topic filter: {wrong}")
    return text


def filter_fault(text: str) -> str | None:
    """Fault in an MQTT topic filter (MQTT 5, 4.7); None if there is none."""
    levels = text.split("/")
    if not text or "\x00" in text or len(text.encode()) > 65535:
        return "it is empty, too long or holds a NUL"
    if levels[0].startswith("$share"):
        return "the bridge shares its subscriptions by itself; leave out `$share/...`"
    if any("#" in level and level != "#" for level in levels):
        return "`#` must stand alone in its level"
    if "#" in levels[:-1]:
        return "`#` must be the last level"
    if any("+" in level and level != "+" for level in levels):
        return "`+` must stand alone in its level"
    return None


def checked_url(text: str) -> str:
    """Return the text if it is an HTTP address without a secret in it. Raises ValueError otherwise."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"`{text}` is no address; write for example https://host/path")
    if parts.password or parts.username:
        raise ValueError("an address with a password in it; leave it out and name a `token_secret`")
    if "key=" in parts.query or "token=" in parts.query:
        raise ValueError("an address with a key in it is a secret; put it there and write `url_secret: NAME`")
    return text


Id = Annotated[str, AfterValidator(valid_id)]
Name = Annotated[str, AfterValidator(_name)]
Url = Annotated[str, AfterValidator(checked_url)]
SecretName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
TopicFilter = Annotated[str, AfterValidator(_filter)]
Label = Literal["start", "end"]  # of a period, that its time marks
Seconds = Annotated[StrictInt, Field(gt=0, le=30 * 24 * 3600)]


class Form(BaseModel):
    """Base of all forms of the folder: nothing unknown, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)
