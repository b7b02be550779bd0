"""Forms of `routing.yaml` and `channels.yaml`: recipients, and the channels and addresses used for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StrictFloat, StrictInt, TypeAdapter

from alerts.channels import CHANNEL_KINDS, READY_CHANNELS, AnyChannel, ChannelForm
from alerts.duty import DayKinds, DutyBook, announced
from alerts.kinds import DEADLINES, KINDS, LEVELS, LINES, ROUTED, VIOLATION, kind_of
from alerts.lifecycle.working_time import WorkingCalendar
from ingest.forms import Form, Name
from ingest.register import Channel, Contact, Register
from ingest.strict_yaml import ConfigError, Document, Loaded, Problem, did_you_mean, load
from processors.plan import TOGETHER_S

_DEPARTMENT = "department:"
RECALLED = "recalled"  # of a limit: written down from memory
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DUTY = re.compile(r"([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00)")

Seconds = Annotated[StrictInt, Field(ge=0, le=7 * 24 * 3600)]
Hours = Annotated[StrictFloat, Field(gt=0, le=24 * 366)]


def _whom(text: str) -> str:
    if text in LINES or (text.startswith(_DEPARTMENT) and len(text) > len(_DEPARTMENT)):
        return text
    hint = did_you_mean(text, LINES) or "; write sector, territorial, site or department:ID"
    raise ValueError(f"`{text}` names nobody{hint}")


def _known_level(text: str) -> str:
    if text not in LEVELS:
        raise ValueError(f"nothing has the level `{text}`{did_you_mean(text, LEVELS) or _known(LEVELS)}")
    return text


def _known(words: Iterable[str]) -> str:
    return f"; known are {', '.join(words)}"


Level = Annotated[str, AfterValidator(_known_level)]
if TYPE_CHECKING:
    RoutedKind = str
else:
    RoutedKind = Literal[ROUTED]  # kinds of the table


def _duty_hours(text: str) -> str:
    if not _DUTY.fullmatch(text) or _minute(text[:5]) >= _minute(text[6:]):
        raise ValueError(f"`{text}` is no span of hours within a day, such as 08:30-12:00")
    return text


def _minute(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


class Route(Form):
    """Who is told of what matches. What is left out matches everything, but no outlook without its name."""

    kind: RoutedKind | None = None
    level: Level | None = None
    site_kind: Name | None = None
    tell: Annotated[tuple[Annotated[str, AfterValidator(_whom)], ...], Field(min_length=1)]

    def means(self, kind: str | None) -> bool:
        """True if the route applies to matters of `kind`; None: to those of any kind."""
        return self.kind == kind or (self.kind is None and not kind_of(kind).by_name_only)


class Silence(Form):
    """When silence is told, in seconds of the clock."""

    minimum: Seconds = 0  # least silence before anybody is told, beyond the device's own offline_after
    hold: Seconds = 30  # how long to wait whether others fall silent too, anew with each that does
    many: Annotated[StrictInt, Field(ge=1)] = 5  # more than so many are one message
    window: Seconds = TOGETHER_S  # silent within so long of each other


def _quiet_span(text: str) -> str:
    start, _, end = text.partition("-")
    if not (_CLOCK.fullmatch(start) and (_CLOCK.fullmatch(end) or end == "24:00")) or start == end:
        raise ValueError(f'`{text}` are no quiet hours; write for example "22:00-06:00"')
    return text


def _minute_of_day(text: str) -> str:
    if not _CLOCK.fullmatch(text):
        raise ValueError(f'`{text}` is no time of day; write for example "07:30"')
    return text


def _disturbing(level: str) -> str:
    if level == VIOLATION:
        raise ValueError(f"`{level}` has no quiet hours: it is told at once at any hour")
    return _known_level(level)


QuietLevel = Annotated[str, AfterValidator(_disturbing)]
QuietSpan = Annotated[str, AfterValidator(_quiet_span)]


class Deliveries(Form):
    """How patiently messages are tried again, and how few there are; seconds.

    What is tried again follows the real clock; what waits for others, and how often a person is told, follows
    the clock of cases and holds.
    """

    retry_first: Annotated[StrictFloat, Field(gt=0, le=3600)] = 2.0
    retry_longest: Annotated[StrictFloat, Field(gt=0, le=24 * 3600)] = 300.0
    give_up_after: Annotated[StrictInt, Field(ge=60, le=30 * 24 * 3600)] = 24 * 3600
    tell_operator_after: Annotated[StrictInt, Field(ge=1)] = 600
    group_wait: Seconds = 30  # how long the first message of a site waits for what comes with it
    group_interval: Seconds = 600  # between further messages of a site to one person
    most: Annotated[StrictInt, Field(ge=0)] = 3  # messages to one person within `most_within`; 0: no limit
    most_within: Seconds = 600
    digest_every: Seconds = 1800  # what exceeds is told together once in so long
    quiet_hours: dict[QuietLevel, QuietSpan] = Field(default_factory=dict)  # by severity, county time
    morning_digest: Annotated[str, AfterValidator(_minute_of_day)] | None = None  # county time; None: none
    silence_alone: Hours = 24.0  # what one person silences for longer needs a second person


class Watch(Form):
    """When the platform's operator is told of its own faults, in seconds of the real clock."""

    ticks_stopped: Annotated[StrictInt, Field(ge=10)] = 60
    stage_stuck: Annotated[StrictInt, Field(ge=10)] = 120
    quarantine_more_than: Annotated[StrictInt, Field(ge=1)] = 1000
    quarantine_within: Annotated[StrictInt, Field(ge=10)] = 600
    # seconds of the clock since the end of an area's newest hour of background: the next hour, and what a
    # rule waits for it; 0: not watched
    background_missing: Annotated[StrictInt, Field(ge=0)] = 7200


class DutyCalendar(Form):
    """`calendar.yaml`: when offices work.

    Above the days that the State Council announced; what neither names works by its weekday.
    """

    duty: tuple[Annotated[str, AfterValidator(_duty_hours)], ...] = ("08:30-12:00", "14:00-17:30")
    holidays: tuple[date, ...] = ()
    workdays: tuple[date, ...] = ()  # weekend days on which people work instead (调休)
    years: tuple[StrictInt, ...] = ()  # years of which this file names all such days

    def of_zone(self, zone: str) -> WorkingCalendar:
        """The calendar in a zone. Raises ValueError for what cannot be."""
        return _calendar_of(self, zone)

    def day_kinds(self, zone: str) -> DayKinds:
        """Which days are of work, and of which that is known."""
        own = frozenset(day.isoformat() for day in (*self.holidays, *self.workdays))
        return DayKinds(self.of_zone(zone), announced(zone)[2] | frozenset(self.years), own)


@cache
def _calendar_of(form: DutyCalendar, zone: str) -> WorkingCalendar:
    holidays, workdays, _ = announced(zone)
    own_holidays = frozenset(day.isoformat() for day in form.holidays)
    own_workdays = frozenset(day.isoformat() for day in form.workdays)
    return WorkingCalendar(
        zone,
        tuple((_minute(hours[:5]), _minute(hours[6:])) for hours in form.duty),
        holidays=(holidays - own_workdays) | own_holidays,
        workdays=(workdays - own_holidays) | own_workdays,
    )


class RoutingForm(Form):
    """`routing.yaml`."""

    routes: tuple[Route, ...] = ()
    operator: tuple[Contact, ...] = (Contact(name="平台运维", channels=(Channel(kind="file"),)),)
    offline: Silence = Silence()
    deadlines: dict[Level, Hours] = Field(  # hours, where the rule itself names none
        default_factory=lambda: dict(DEADLINES)
    )
    delivery: Deliveries = Deliveries()
    # what exceeds a limit that nobody has read yet: on record alone, or told like any other
    recalled_limits: Literal["record", "tell"] = "record"
    watch: Watch = Watch()

    def addresses(self, status: str) -> bool:
        """True if a limit that is known so well (`status` of its rule) is held against anybody."""
        return status != RECALLED or self.recalled_limits == "tell"


ROUTING: TypeAdapter[RoutingForm] = TypeAdapter(RoutingForm)
CALENDAR: TypeAdapter[DutyCalendar] = TypeAdapter(DutyCalendar)
CHANNELS: TypeAdapter[tuple[AnyChannel, ...]] = TypeAdapter(tuple[AnyChannel, ...])
_DEFAULT_ROUTES = (
    *(Route(kind=name, tell=kind.told) for name, kind in KINDS.items() if kind.told not in (None, LINES)),
    Route(tell=LINES),
)


def _covers(first: Route, later: Route) -> bool:
    """True if `first` matches everything that `later` does."""
    pairs = ((first.level, later.level), (first.site_kind, later.site_kind))
    return first.means(later.kind) and all(wide in (None, narrow) for wide, narrow in pairs)


@dataclass(frozen=True, slots=True)
class Routing:
    """Both files together; the default route comes last, the `file` channel is always present."""

    form: RoutingForm = field(default_factory=RoutingForm)
    channels: Mapping[str, ChannelForm] = field(
        default_factory=lambda: {form.id: form for form in READY_CHANNELS}
    )
    duty: DutyCalendar = field(default_factory=DutyCalendar)
    documents: Mapping[str, Document] = field(default_factory=dict, compare=False, repr=False)
    book: DutyBook = field(default_factory=DutyBook)  # of the store, above the people that the folder names

    @property
    def routes(self) -> tuple[Route, ...]:
        """All routes; the first that matches is used."""
        return (*self.form.routes, *_DEFAULT_ROUTES)

    def channel_of(self, use: Channel) -> ChannelForm | str:
        """Channel that a contact's entry refers to, or what is wrong with the entry."""
        via = use.options.get("via")
        if via is not None:
            named = self.channels.get(str(via))
            if named is None:
                return f"no channel `{via}` in channels.yaml{did_you_mean(via, self.channels)}"
            if named.kind != use.kind:
                return f"channel `{via}` is of kind `{named.kind}`, not `{use.kind}`"
            return named
        of_kind = [channel for channel in self.channels.values() if channel.kind == use.kind]
        if len(of_kind) == 1:
            return of_kind[0]
        if of_kind:
            names = ", ".join(channel.id for channel in of_kind)
            return f"several channels are of kind `{use.kind}`; say which: `via: ` one of {names}"
        if use.kind in CHANNEL_KINDS:
            return f"channels.yaml has no channel of kind `{use.kind}`; add one"
        hint = did_you_mean(use.kind, CHANNEL_KINDS) or _known(CHANNEL_KINDS)
        return f"no kind of channel `{use.kind}`{hint}"


def offline_window_s(folder: str | Path) -> float:
    """`offline.window` of the folder's `routing.yaml`, which detection uses too. Raises ConfigError."""
    return _form_in(folder).offline.window


def silence_alone_h(folder: str | Path) -> float:
    """`delivery.silence_alone` of the folder's `routing.yaml`, in hours. Raises ConfigError."""
    return _form_in(folder).delivery.silence_alone


def _form_in(folder: str | Path) -> RoutingForm:
    return load(Path(folder) / "routing.yaml", ROUTING, default=RoutingForm()).needed()


def load_calendar(folder: str | Path, register: Register) -> WorkingCalendar:
    """`calendar.yaml` of the folder, in the county's zone. Raises ConfigError."""
    return _duty_in(Path(folder), register).needed().of_zone(register.county.zone)


def _duty_in(root: Path, register: Register) -> Loaded[DutyCalendar]:
    """`calendar.yaml`; one that can't be in the county's zone has no value, and a problem."""
    loaded = load(root / "calendar.yaml", CALENDAR, default=DutyCalendar())
    if loaded.value is not None:
        try:
            loaded.value.of_zone(register.county.zone)
        except ValueError as error:
            return replace(loaded, value=None, problems=(loaded.document.problem((), str(error)),))
    return loaded


def load_routing(folder: str | Path, register: Register) -> Routing:
    """Both files of the folder, checked against the register. Raises ConfigError with every problem."""
    root = Path(folder)
    routing = load(root / "routing.yaml", ROUTING, default=RoutingForm())
    channels: Loaded[tuple[ChannelForm, ...]] = load(root / "channels.yaml", CHANNELS, default=())
    calendar = _duty_in(root, register)
    problems = [*routing.problems, *channels.problems, *calendar.problems]
    if routing.value is None or channels.value is None or calendar.value is None:
        raise ConfigError(problems)
    named: dict[str, ChannelForm] = {}
    for index, channel in enumerate(channels.value):
        if channel.id in named:
            words = f"channel `{channel.id}` is already there; give this one another id"
            problems.append(channels.document.problem((index, "id"), words))
        if fault := channel.fault():
            problems.append(channels.document.problem((index,), fault))
        named[channel.id] = channel
    for form in READY_CHANNELS:
        if not any(channel.kind == form.kind for channel in named.values()):
            named.setdefault(form.id, form)
    documents = {
        **register.documents,
        "routing.yaml": routing.document,
        "channels.yaml": channels.document,
        "calendar.yaml": calendar.document,
    }
    found = Routing(routing.value, named, calendar.value, documents)
    problems += _unknown_departments(found, register)
    for file, loc, contact in contacts_of(register, found):
        problems += _contact(found, file, loc, contact)
    if any(problem.severity == "error" for problem in problems):
        raise ConfigError(problems)
    return found


def contacts_of(register: Register, routing: Routing) -> Iterator[tuple[str, tuple[str | int, ...], Contact]]:
    """Every contact of the folder with its file and its place in the file."""
    for index, department in enumerate(register.departments.values()):
        for number, contact in enumerate(department.contacts):
            yield "departments.yaml", (index, "contacts", number), contact
    for index, site in enumerate(register.sites.values()):
        for number, contact in enumerate(site.contacts):
            yield "sites.yaml", (index, "contacts", number), contact
    for number, contact in enumerate(routing.form.operator):
        yield "routing.yaml", ("operator", number), contact


def links_lead_nowhere(register: Register, routing: Routing, base_url: str) -> str | None:
    """Warning for messages that leave the machine with links that open only on it; None: no such messages."""
    host = urlsplit(base_url).hostname or ""
    used = {use.kind for _, _, contact in contacts_of(register, routing) for use in contact.channels}
    local = all(CHANNEL_KINDS[kind].form.stays_here for kind in used)
    if local or not (host in ("localhost", "::1", "") or host.startswith("127.")):
        return None
    return (
        f"DUSTWATCH_BASE_URL is {base_url}: the links in messages open only on this machine; "
        "set it to the address at which people reach the desk"
    )


def idle_routes(register: Register, routing: Routing) -> list[Problem]:
    """Warnings for routes that never match, because of a missing kind of site or an earlier route."""
    document = routing.documents.get("routing.yaml", Document("routing.yaml"))
    kinds = sorted({site.kind for site in register.sites.values()})
    found: list[Problem] = []
    for index, route in enumerate(routing.form.routes):
        if route.site_kind is not None and route.site_kind not in kinds:
            hint = did_you_mean(route.site_kind, kinds) or _known(kinds)
            words = f"no site is of the kind `{route.site_kind}`: this route never matches{hint}"
            found.append(document.problem(("routes", index, "site_kind"), words, severity="warning"))
        before = next((n for n in range(index) if _covers(routing.form.routes[n], route)), None)
        if before is not None:
            words = f"never used: routes[{before}] matches all that this one does; put this one before it"
            found.append(document.problem(("routes", index), words, severity="warning"))
    return found


def _unknown_departments(routing: Routing, register: Register) -> Iterator[Problem]:
    document = routing.documents["routing.yaml"]
    for index, route in enumerate(routing.form.routes):
        for number, whom in enumerate(route.tell):
            name = whom.removeprefix(_DEPARTMENT)
            if whom.startswith(_DEPARTMENT) and name not in register.departments:
                hint = did_you_mean(name, register.departments)
                words = f"no department `{name}` in departments.yaml{hint}"
                yield document.problem(("routes", index, "tell", number), words)


def _contact(routing: Routing, file: str, loc: tuple[str | int, ...], contact: Contact) -> Iterator[Problem]:
    document = routing.documents.get(file, Document(file))
    for number, use in enumerate(contact.channels):
        place = (*loc, "channels", number)
        channel = routing.channel_of(use)
        if isinstance(channel, str):
            yield document.problem(place, channel)
            continue
        keys = ("via", *([channel.address_key] if channel.address_key else []))
        for name, value in use.options.items():
            if name not in keys:
                words = f"a channel of kind `{use.kind}` has no key `{name}`{did_you_mean(name, keys)}"
                yield document.problem((*place, name), words, at_key=True)
            elif not isinstance(value, str) or not value.strip():
                yield document.problem((*place, name), "expected text")
            elif name == channel.address_key and (fault := channel.address_fault(value)):
                yield document.problem((*place, name), fault)
        if channel.needs_address() and channel.address_key not in use.options:
            words = f"a channel of kind `{use.kind}` needs the key `{channel.address_key}`"
            yield document.problem(place, words)
