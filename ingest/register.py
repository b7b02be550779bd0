"""Register: the county, the responsible departments, the sites and their devices.

Forms of `county.yaml`, `departments.yaml`, `sites.yaml`, `devices.yaml` and `ingest.yaml`, read from
one folder by `load_register`. References between files are checked in `register_checks`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    TypeAdapter,
    model_validator,
)

from ingest.access_form import DeviceSecretName, Network
from ingest.calibration_form import Calibrations, Dust, LocalInstant, Maximum
from ingest.code_form import CountyCodes
from ingest.forms import Form, FormatName, Id, Label, Name, Seconds, valid_id
from ingest.ingest_form import INGEST, Ingest, whole
from ingest.regional_form import RegionalForm
from ingest.register_checks import cross_checks, without_echoes
from ingest.strict_yaml import ConfigError, Document, Problem, did_you_mean, load
from ingest.suspicion_thresholds import Suspicion

DEFAULT_ZONE = "Asia/Shanghai"
DEFAULT_LANGUAGE = "zh_CN"
DEFAULT_INTERVAL_S = 60

RESERVED_DEVICES: tuple[str, ...] = ("background", "signals")

_UTC_OFFSET = re.compile(r"([+-])([01][0-9]|2[0-3]):([0-5][0-9])")
_HOURS = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)")
_KEY_BAD = re.compile(
    r"[+#\x00-\x1f\x7f]|^\s|\s$"
)  # a whole topic may be a key: that of native JSON elsewhere


# What firmware writes before a chip's number, in one message and not in another.
_PREFIX = re.compile(r"(?:esp8266|esp32|raspi|airrohr|mac|chip)[-_:]?(?=[0-9a-f]{4})")
_MAC = re.compile(r"[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}")


def _bare_key(key: str) -> str:
    """A key without its prefix, and a MAC address without its separators, in lower case."""
    small = key.casefold().strip()
    small = small[len(found[0]) :] if (found := _PREFIX.match(small)) else small
    return re.sub("[:-]", "", small) if _MAC.fullmatch(small) else small


@cache
def _zones() -> set[str]:
    """All zone names; finding them reads a folder of hundreds of files."""
    return available_timezones()


def _zone(text: str) -> str:
    if text not in _zones():
        hint = did_you_mean(text, _zones()) or "; write for example Asia/Shanghai"
        raise ValueError(f"`{text}` is no zone of the tz database{hint}")
    return text


def _utc_offset(text: str) -> str:
    match = _UTC_OFFSET.fullmatch(text)
    if match is None or int(match[2]) > 14:
        raise ValueError(f'`{text}` is no offset; write for example "+08:00"')
    return text


def _hours(text: str) -> str:
    if not _HOURS.fullmatch(text):
        raise ValueError(f'`{text}` are no hours; write for example "08:00-18:00" or "18:00-08:00"')
    return text


def _interval(seconds: int) -> int:
    if seconds > 0 and 3600 % seconds == 0:
        return seconds
    dividers = [n for n in range(1, 3601) if 3600 % n == 0]
    below = max((n for n in dividers if n < seconds), default=None)
    above = min((n for n in dividers if n > seconds), default=None)
    near = " or ".join(str(n) for n in (below, above) if n is not None)
    raise ValueError(f"an interval of {seconds} s does not divide the hour of 3600 s; the nearest are {near}")


def _location(place: tuple[float, float]) -> tuple[float, float]:
    lat, lon = place
    if abs(lat) <= 90 and abs(lon) <= 180:
        return place
    if abs(lon) <= 90 and abs(lat) <= 180:
        raise ValueError(f"latitude {lat} is outside -90..90: latitude comes first; write [{lon}, {lat}]")
    raise ValueError(f"[{lat}, {lon}] is outside the globe: latitude -90..90, longitude -180..180")


def _bearing(degrees: float) -> float:
    if 0 <= degrees < 360:
        return degrees
    raise ValueError(f"a bearing of {degrees:g} is outside 0..360: degrees clockwise from north, below 360")


def _device_id(text: str) -> str:
    if text.casefold() in RESERVED_DEVICES:
        raise ValueError(
            f"`{text}` is reserved: dust/v1/{text}/... carries something else; rename the device"
        )
    return valid_id(text)


def _alias(text: str) -> str:
    if text.casefold() in RESERVED_DEVICES:
        raise ValueError(f"`{text}` is reserved: dust/v1/{text}/... carries something else")
    if not text or _KEY_BAD.search(text):
        raise ValueError(f"`{text}` can't be an alias: no `+`, `#`, no blank at its ends")
    return text


LateFor = Annotated[StrictInt, Field(ge=2 * 3600, le=7 * 24 * 3600)]  # seconds


class BackgroundArea(Form):
    """An area and the reference stations whose mean is its background."""

    area: Id
    stations: Annotated[tuple[Id, ...], Field(min_length=1)]
    min_stations: Annotated[StrictInt, Field(ge=1)] = 1
    regional: RegionalForm = RegionalForm()  # what follows for breaches when all of its air is bad


class County(Form):
    """`county.yaml`: what holds for the whole county."""

    name: Name
    zone: Annotated[str, AfterValidator(_zone)] = DEFAULT_ZONE
    language: Literal["zh_CN", "en"] = DEFAULT_LANGUAGE  # type: ignore[assignment]
    background: tuple[BackgroundArea, ...] = ()
    suspicion: Suspicion = None  # tell what looks like falsification, by these thresholds
    late_for: LateFor | None = None  # how late readings are still judged; None: 72 hours


class Channel(BaseModel):
    """One way to a person; what a kind needs beside `kind` is checked by alerts."""

    model_config = ConfigDict(extra="allow", frozen=True)
    kind: Name

    @property
    def options(self) -> Mapping[str, Any]:
        """Keys besides `kind`."""
        return self.model_extra or {}


class Contact(Form):
    """A person or duty desk; without `hours` reachable at any hour."""

    name: Name
    channels: tuple[Channel, ...] = ()
    hours: Annotated[str, AfterValidator(_hours)] | None = None
    language: Literal["zh_CN", "en"] | None = None


class Department(Form):
    """`departments.yaml`: who answers, by trade (sector) or by territory."""

    id: Id
    name: Name
    line: Literal["sector", "territorial", "coordination"]
    contacts: tuple[Contact, ...] = ()
    # what its people see at the desk: the sites that name it, or, where it answers by matter, all of them
    answers: Literal["own", "county"] = "own"
    environment: StrictBool = False  # the environment branch: it verifies what the matter table asks of it


class SiteState(Form):
    """From when on a site is planned, working, stopped or finished; only the first may leave `from` out."""

    state: Literal["planned", "working", "stopped", "finished"]
    since: LocalInstant | None = Field(default=None, alias="from")


def _in_order(states: tuple[SiteState, ...]) -> tuple[SiteState, ...]:
    for before, after in pairwise(states):
        if after.since is None or (before.since is not None and after.since <= before.since):
            when = f" {after.since:%Y-%m-%d %H:%M}" if after.since else ""
            words = f"state `{after.state}`{when} does not begin after `{before.state}` before it"
            raise ValueError(f"{words}; list them by `from`, each with a later one")
        if before.state == after.state:
            raise ValueError(f"state `{after.state}` twice in a row: leave the second out")
    return states


class Site(Form):
    """`sites.yaml`: a place that may raise dust, with the two lines that answer for it."""

    id: Id
    name: Name
    kind: Name
    stage: Name
    zone: Name
    township: Id
    department: Id
    location: Annotated[tuple[StrictFloat, StrictFloat], AfterValidator(_location)]
    address: str | None = None
    contacts: tuple[Contact, ...] = ()
    area_m2: Annotated[StrictFloat, Field(gt=0)] | None = None
    contractor: Name | None = None  # who builds (施工单位): its people answer for all its sites
    supervisor: Name | None = None  # who supervises the works (监理单位)
    grid_cell: Name | None = None  # of the township's officer (网格)
    permit: Name | None = None  # number of the building permit (施工许可证)
    start: date | None = None  # the works begin, and end: county days, both included
    end: date | None = None
    states: Annotated[tuple[SiteState, ...], AfterValidator(_in_order)] = ()

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Site:
        if self.start is not None and self.end is not None and self.end < self.start:
            raise ValueError(
                f"ends on {self.end}, before it begins on {self.start}: exchange `start` and `end`"
            )
        return self


class DeviceClock(Form):
    """How far a device's clock may be from receipt, in seconds, and what is done beyond."""

    ahead: Seconds = 5 * 60
    behind: Seconds = 7 * 24 * 3600
    when_ahead: Literal["receipt", "refuse"] = "receipt"  # kept, it would write into the future
    when_behind: Literal["receipt", "keep", "refuse"] = "refuse"
    # wrong by twelve hours, the zone's offset, day and month exchanged, a year, or before 2000
    when_wrong: Literal["receipt", "correct", "refuse"] | None = None


class Device(Form):
    """`devices.yaml`: a monitor, how it speaks and where it stands."""

    id: Annotated[str, AfterValidator(_device_id)]
    site: Id
    format: FormatName
    interval: Annotated[StrictInt, AfterValidator(_interval)] = DEFAULT_INTERVAL_S
    # of times without a zone; not said: the county's zone, with its summer time
    utc_offset: Annotated[str, AfterValidator(_utc_offset)] | None = None
    aliases: tuple[Annotated[str, AfterValidator(_alias)], ...] = ()
    units: dict[str, str] = {}  # noqa: RUF012 - a form copies its defaults
    codes: CountyCodes = {}  # noqa: RUF012 - what keys of its payloads mean, beside those of the format
    label: Label | None = None  # which end of its period a time marks
    role: Name = "boundary"
    location: Annotated[tuple[StrictFloat, StrictFloat], AfterValidator(_location)] | None = None
    bearing: Annotated[StrictFloat, AfterValidator(_bearing)] | None = (
        None  # degrees, from the site's location
    )
    name: Name | None = None
    modbus_crc: StrictBool = False
    offline_after: Seconds | None = None
    late_for: LateFor | None = None  # None: as the county has it
    clock: DeviceClock | None = None
    optical: StrictBool | None = None  # light-scattering, no dryer at the inlet
    maximum: dict[Dust, Maximum] = {}  # noqa: RUF012 - of the sensor, ug/m3
    measures: tuple[Dust, ...] = ()  # what it is built to measure; empty: not said. Only `check` asks
    calibration: Calibrations = ()
    networks: tuple[Network, ...] = ()  # HJ 212 over TCP: from where it may speak; empty: from anywhere
    password_secret: DeviceSecretName | None = None  # HJ 212: its PW
    sm4_secret: DeviceSecretName | None = None  # HJ 212-2025: its key

    @property
    def utc_offset_s(self) -> int:
        """The offset of the device's clock in seconds; 0 if it has none of its own."""
        if self.utc_offset is None:
            return 0
        hours, minutes = self.utc_offset[1:].split(":")
        return (-1 if self.utc_offset[0] == "-" else 1) * (int(hours) * 3600 + int(minutes) * 60)


COUNTY: TypeAdapter[County] = TypeAdapter(County)
DEPARTMENTS: TypeAdapter[tuple[Department, ...]] = TypeAdapter(tuple[Department, ...])
SITES: TypeAdapter[tuple[Site, ...]] = TypeAdapter(tuple[Site, ...])
DEVICES: TypeAdapter[tuple[Device, ...]] = TypeAdapter(tuple[Device, ...])


@dataclass(frozen=True, slots=True)
class Register:
    """Everything in the folder that ingest needs; `documents` keep the positions for later problems."""

    county: County
    departments: dict[str, Department]
    sites: dict[str, Site]
    devices: dict[str, Device]
    ingest: Ingest = field(default_factory=Ingest)
    warnings: tuple[Problem, ...] = field(default=(), compare=False)
    documents: Mapping[str, Document] = field(default_factory=dict, compare=False, repr=False)
    _exact: dict[str, Device] = field(init=False, compare=False, repr=False)
    _folded: dict[str, Device] = field(init=False, compare=False, repr=False)
    _bare: dict[str, Device | None] = field(init=False, compare=False, repr=False)  # None: of several

    def __post_init__(self) -> None:
        exact = {alias: device for device in self.devices.values() for alias in device.aliases}
        exact.update(self.devices)
        object.__setattr__(self, "_exact", exact)
        object.__setattr__(self, "_folded", {key.casefold(): device for key, device in exact.items()})
        bare: dict[str, Device | None] = {}
        for key, device in exact.items():
            known = bare.setdefault(_bare_key(key), device)
            if known is not None and known.id != device.id:
                bare[_bare_key(key)] = None
        object.__setattr__(self, "_bare", bare)

    @property
    def zone(self) -> ZoneInfo:
        """The zone of days and clock hours."""
        return ZoneInfo(self.county.zone)

    def device_of(self, key: str) -> Device | None:
        """Device with this id or alias (MN, serial, MAC): exact match first, then ignoring case.

        Last without what firmware puts before a number, and between the bytes of a MAC address: if that is
        one device's.
        """
        return (
            self._exact.get(key) or self._folded.get(key.casefold()) or self._bare.get(_bare_key(key)) or None
        )

    def devices_at(self, site: str) -> list[Device]:
        """The devices of a site, in order of the file."""
        return [device for device in self.devices.values() if device.site == site]

    def problem_of(
        self, what: Literal["department", "site", "device"], id: str, message: str, *, warn: bool = False
    ) -> Problem:
        """Problem with a department, site or device, at its position in its file."""
        file, entries = {
            "department": ("departments.yaml", list(self.departments)),
            "site": ("sites.yaml", list(self.sites)),
            "device": ("devices.yaml", list(self.devices)),
        }[what]
        document = self.documents.get(file, Document(file))
        loc = (entries.index(id),) if id in entries else ()
        return document.problem(loc, message, severity="warning" if warn else "error")


def load_register(folder: str | Path) -> Register:
    """Load the register from the folder.

    Raises ConfigError with every error in every file; merely doubtful points are in `warnings`.
    """
    register, problems = read_register(Path(folder))
    if register is None:
        raise ConfigError(problem for problem in problems if problem.severity == "error")
    return register


def read_register(folder: Path) -> tuple[Register | None, list[Problem]]:
    """The register, or None if there are errors, and all problems of both severities."""

    if not folder.is_dir():
        message = "no such folder; give the folder that holds county.yaml"
        return None, [Problem(str(folder), 1, 1, ".", message)]
    county = load(folder / "county.yaml", COUNTY)
    departments = load(folder / "departments.yaml", DEPARTMENTS)
    sites = load(folder / "sites.yaml", SITES)
    devices = load(folder / "devices.yaml", DEVICES)
    ingest = load(folder / "ingest.yaml", INGEST, default=Ingest())
    parts = (county, departments, sites, devices, ingest)
    problems: list[Problem] = [problem for part in parts for problem in part.problems]
    between = cross_checks(*(part.document for part in parts))
    problems = sorted({*problems, *without_echoes(between, problems)})
    warnings = tuple(problem for problem in problems if problem.severity == "warning")
    if len(warnings) < len(problems) or county.value is None:
        return None, problems
    register = Register(
        county.value,
        {department.id: department for department in departments.value or ()},
        {site.id: site for site in sites.value or ()},
        {device.id: device for device in devices.value or ()},
        whole(ingest.value),
        warnings,
        {part.document.file: part.document for part in parts},
    )
    return register, problems
