"""Form of `ingest.yaml`: decoders by topic filter, users of the MQTT broker, what MQTT may carry, feeds."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, StrictBool, Tag, TypeAdapter

from ingest.code_form import CountyCodes
from ingest.decoders import NATIVE
from ingest.feed_form import PolledFeed
from ingest.forms import Form, FormatName, Id, Label, TopicFilter

# Mosquitto parts name and password by a colon; blanks and commas part the names of Artemis
_USER_NAME = re.compile(r"[^\s:,=#~\\\x00-\x20\x7f][^\s:,=#\\\x00-\x20\x7f]{0,63}")

UserKind = Literal["device", "gateway", "station", "office", "bridge", "simulator", "tool"]


def user_name_fault(text: str) -> str | None:
    """Why a broker could not know a user by this name; None where it can."""
    if _USER_NAME.fullmatch(text):
        return None
    return "at most 64 characters, none of them a blank, `:`, `,`, `=`, `#` or `\\`"


def _user_name(text: str) -> str:
    if wrong := user_name_fault(text):
        raise ValueError(f"`{text}` can't be a user's name: {wrong}")
    return text


class IngestRule(Form):
    """`ingest.yaml`: which decoder reads the messages of a topic filter."""

    filter: TopicFilter
    format: FormatName
    codes: CountyCodes = {}  # noqa: RUF012 - a form copies its defaults
    label: Label | None = None


class User(Form):
    """A user of the MQTT broker; what each kind may publish and read stands in `access`."""

    name: Annotated[str, AfterValidator(_user_name)]
    kind: UserKind
    devices: tuple[Id, ...] = ()  # for whom it publishes; a station's are reference stations
    filters: tuple[TopicFilter, ...] = ()  # beside what its devices use


class SignalsByMqtt(Form):
    """Whether MQTT may carry signals and background values: only where the broker knows who sends them."""

    mqtt: StrictBool = False


DEFAULT_FILTERS: tuple[IngestRule, ...] = (IngestRule(filter="dust/v1/+/readings", format=NATIVE),)


class Ingest(Form):
    """`ingest.yaml`: decoders by topic filter, users of the broker, whether MQTT may carry orders, and the
    addresses that are asked for background values."""

    filters: Annotated[tuple[IngestRule, ...], Field(min_length=1)] = DEFAULT_FILTERS
    users: tuple[User, ...] = ()
    signals: SignalsByMqtt = SignalsByMqtt()
    background: tuple[PolledFeed, ...] = ()


def _shape(value: Any) -> str:
    return "filters" if isinstance(value, list | tuple) else "all"


# a list is the file of a county that needs filters alone
INGEST: TypeAdapter[Ingest | tuple[IngestRule, ...]] = TypeAdapter(
    Annotated[
        Annotated[Ingest, Tag("all")] | Annotated[tuple[IngestRule, ...], Tag("filters")],
        Discriminator(_shape),
    ]
)


def whole(value: Ingest | tuple[IngestRule, ...] | None) -> Ingest:
    """The file as the longer form says it; of an empty list nothing is read (`check` refuses it)."""
    if isinstance(value, Ingest):
        return value
    return Ingest.model_construct(filters=value or ())
