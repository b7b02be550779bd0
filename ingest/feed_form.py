"""Forms of feeds of background values: what the columns of an answer mean, where and how often it is asked.

`dustwatch background import` takes the first of a file or of its options; `background:` of ingest.yaml lists
the second, which a service asks by itself.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt, StrictStr, TypeAdapter, model_validator

from ingest.durations import DAY_MS
from ingest.forms import Form, Id, Name, SecretName, Url
from ingest.strict_yaml import did_you_mean
from ingest.units import QUANTITIES, Refused, conversion_of

_MISSING = ("", "-", "--", "—", "NA", "NULL", "null", "None")


class BackgroundMapping(Form):
    """One feed: where its rows are, what its columns mean, which end of its hour a time marks, its unit."""

    label: Literal["start", "end"]
    unit: Name
    values: Annotated[dict[Name, StrictStr], Field(min_length=1)]  # quantity -> column
    time: StrictStr = "time"  # column
    station: StrictStr | None = "station"  # column; None: all rows are of the one in `stations`
    stations: dict[StrictStr, Id] = Field(default_factory=dict)  # their name -> ours; empty: the same
    rows: StrictStr = ""  # JSON: path to the list of rows, "data.list"; empty: the document itself
    period: Annotated[int, Field(ge=60, le=DAY_MS // 1000)] = 3600  # s
    missing: tuple[StrictStr, ...] = _MISSING  # texts that stand for no value
    token_secret: SecretName | None = None  # HTTP: secret sent as bearer token

    @model_validator(mode="after")
    def _fits_together(self) -> BackgroundMapping:
        for name in self.values:
            if name not in QUANTITIES:
                hint = did_you_mean(name, QUANTITIES) or f"; known are {', '.join(QUANTITIES)}"
                raise ValueError(f"values: unknown quantity `{name}`{hint}")
            try:
                conversion_of(QUANTITIES[name], self.unit)
            except Refused as refused:
                raise ValueError(f"unit: {refused.detail}") from None
        if self.station is None and len(self.stations) != 1:
            raise ValueError('station: null asks for one entry in `stations`, such as {"": S001}')
        return self


class PolledFeed(BackgroundMapping):
    """An entry of `background:` in ingest.yaml: an address that is asked again and again."""

    id: Id
    url: Url | None = None
    url_secret: SecretName | None = None  # an address with a key in it
    every: Annotated[StrictInt, Field(ge=10, le=DAY_MS // 1000)] = 600  # s of the real clock

    @model_validator(mode="after")
    def _has_an_address(self) -> PolledFeed:
        if (self.url is None) == (self.url_secret is None):
            raise ValueError("give `url`, or `url_secret` where a key is part of it; one of the two")
        return self


MAPPING: TypeAdapter[BackgroundMapping] = TypeAdapter(BackgroundMapping)
