"""Forms of `routing.yaml` and `channels.yaml`: who is told of what, through which addresses.

Secrets stand here by name only; their values come from the machine (see `alerts.channels.secrets`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StrictFloat, StrictInt, TypeAdapter, model_validator

from alerts.records import EXCEEDANCE, OFFLINE, OUTLOOK, SUSPICION
from ingest.register import Channel, Contact, Form, Id, Name, Register
from ingest.strict_yaml import ConfigError, Document, Loaded, Problem, did_you_mean, load
from processors.plan.plan import TOGETHER_S

BREACH_KINDS: tuple[str, ...] = (EXCEEDANCE, OFFLINE, SUSPICION)
LINES: tuple[str, ...] = ("sector", "territorial", "site")
# Levels that a matter can have: of an exceedance what its rule says, of an outlook warning or certain, of
# the other kinds their name.
LEVELS: tuple[str, ...] = ("notice", "warning", "violation", "certain", OFFLINE, SUSPICION)
_DEPARTMENT = "department:"
_MAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")

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


def _mail_address(text: str) -> str:
    if not _MAIL.fullmatch(text):
        raise ValueError(f"`{text}` is no mail address")
    return text


def _wrong_address(text: str) -> str | None:
    try:
        _address(text)
    except ValueError as error:
        return str(error)
    return None


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"`{text}` is no address; write for example https://host/path")
    if parts.password or parts.username:
        raise ValueError("an address with a password in it; leave it out and name a `token_secret`")
    if "key=" in parts.query or "token=" in parts.query:
        raise ValueError("an address with a key in it is a secret; put it there and write `url_secret: NAME`")
    return text


Level = Annotated[str, AfterValidator(_known_level)]
Url = Annotated[str, AfterValidator(_address)]
Secret = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]  # its name


class FileChannel(Form):
    """Messages as lines of a file in the machine's message folder: for trying out."""

    id: Id
    kind: Literal["file"]
    name: Annotated[str, Field(pattern=r"^[\w.-]+$")] = "messages.jsonl"


class WebhookChannel(Form):
    """An HTTP address that takes a JSON object and honours `Idempotency-Key`.

    Without an address here each contact names its own `url`.
    """

    id: Id
    kind: Literal["webhook"]
    url: Url | None = None
    url_secret: Secret | None = None
    token_secret: Secret | None = None  # sent as `Authorization: Bearer`
    timeout: Annotated[StrictFloat, Field(gt=0, le=120)] = 10.0


class MailChannel(Form):
    """A mail server."""

    id: Id
    kind: Literal["mail"]
    host: Name
    port: Annotated[StrictInt, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password_secret: Secret | None = None
    sender: Annotated[str, AfterValidator(_mail_address)]
    timeout: Annotated[StrictFloat, Field(gt=0, le=120)] = 20.0

    @model_validator(mode="after")
    def _whole(self) -> MailChannel:
        if (self.username is None) != (self.password_secret is None):
            raise ValueError("`username` and `password_secret` belong together; write both or neither")
        if self.security == "none" and self.username is not None:
            raise ValueError("a password over an open line; use `security: starttls` or `tls`")
        return self


class WecomChannel(Form):
    """A group robot of WeCom; its address holds a key and is therefore a secret."""

    id: Id
    kind: Literal["wecom"]
    url_secret: Secret
    timeout: Annotated[StrictFloat, Field(gt=0, le=120)] = 10.0


ChannelForm = Annotated[
    FileChannel | WebhookChannel | MailChannel | WecomChannel, Field(discriminator="kind")
]
# What a contact may say of its own beside `kind` and `via`: key -> must it be there.
OPTIONS: dict[str, dict[str, bool]] = {
    "file": {},
    "webhook": {"url": False},
    "mail": {"to": True},
    "wecom": {},
}
# Channels that need no setting up: they are there unless the county has some of that kind.
DEFAULT_CHANNEL = FileChannel(id="file", kind="file")
_DEFAULTS: tuple[FileChannel | WebhookChannel, ...] = (
    DEFAULT_CHANNEL,
    WebhookChannel(id="webhook", kind="webhook"),
)


class Route(Form):
    """Who is told of what matches. What is left out matches everything, but no outlook without its name."""

    kind: Literal["exceedance", "offline", "suspicion", "outlook"] | None = None
    level: Level | None = None
    site_kind: Name | None = None
    tell: Annotated[tuple[Annotated[str, AfterValidator(_whom)], ...], Field(min_length=1)]


class Silence(Form):
    """When silence is told, in seconds of the clock."""

    minimum: Seconds = 0  # least silence before anybody is told, beyond the device's own offline_after
    hold: Seconds = 30  # how long to wait whether others fall silent too, anew with each that does
    many: Annotated[StrictInt, Field(ge=1)] = 5  # more than so many are one message
    window: Seconds = TOGETHER_S  # silent within so long of each other


class Deliveries(Form):
    """How patiently messages are tried again, in seconds of the real clock."""

    retry_first: Annotated[StrictFloat, Field(gt=0, le=3600)] = 2.0
    retry_longest: Annotated[StrictFloat, Field(gt=0, le=24 * 3600)] = 300.0
    give_up_after: Annotated[StrictInt, Field(ge=60, le=30 * 24 * 3600)] = 24 * 3600
    tell_operator_after: Annotated[StrictInt, Field(ge=1)] = 600


class Watch(Form):
    """When the platform's operator is told of its own faults, in seconds of the real clock."""

    ticks_stopped: Annotated[StrictInt, Field(ge=10)] = 60
    stage_stuck: Annotated[StrictInt, Field(ge=10)] = 120
    quarantine_more_than: Annotated[StrictInt, Field(ge=1)] = 1000
    quarantine_within: Annotated[StrictInt, Field(ge=10)] = 600


class RoutingForm(Form):
    """`routing.yaml`."""

    routes: tuple[Route, ...] = ()
    operator: tuple[Contact, ...] = (Contact(name="平台运维", channels=(Channel(kind="file"),)),)
    offline: Silence = Silence()
    deadlines: dict[Level, Hours] = Field(  # hours, where the rule itself names none
        default_factory=lambda: {"warning": 24.0, "violation": 4.0, "offline": 24.0}
    )
    delivery: Deliveries = Deliveries()
    watch: Watch = Watch()


ROUTING: TypeAdapter[RoutingForm] = TypeAdapter(RoutingForm)
CHANNELS: TypeAdapter[tuple[ChannelForm, ...]] = TypeAdapter(tuple[ChannelForm, ...])
# Before a breach only the site itself can do something about it.
_DEFAULT_ROUTES = (Route(kind=OUTLOOK, tell=("site",)), Route(tell=LINES))


def _covers(first: Route, later: Route) -> bool:
    """Whether `first` matches all that `later` does."""
    if (first.kind == OUTLOOK) != (later.kind == OUTLOOK):
        return False
    pairs = (
        (first.kind, later.kind),
        (first.level, later.level),
        (first.site_kind, later.site_kind),
    )
    return all(wide in (None, narrow) for wide, narrow in pairs)


@dataclass(frozen=True, slots=True)
class Routing:
    """Both files together; the default route stands last, the `file` channel is always there."""

    form: RoutingForm = field(default_factory=RoutingForm)
    channels: Mapping[str, ChannelForm] = field(default_factory=lambda: {form.id: form for form in _DEFAULTS})
    documents: Mapping[str, Document] = field(default_factory=dict, compare=False, repr=False)

    @property
    def routes(self) -> tuple[Route, ...]:
        """All routes; the first that matches is used."""
        return (*self.form.routes, *_DEFAULT_ROUTES)

    def channel_of(self, use: Channel) -> ChannelForm | str:
        """The channel that a contact's entry means, or what is wrong with the entry."""
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
        if use.kind in OPTIONS:
            return f"channels.yaml has no channel of kind `{use.kind}`; add one"
        known = ", ".join(OPTIONS)
        return f"no kind of channel `{use.kind}`{did_you_mean(use.kind, OPTIONS) or f'; known are {known}'}"


def offline_window_s(folder: str | Path) -> float:
    """`offline.window` of the folder's `routing.yaml`, which detection goes by too. Raises ConfigError."""
    loaded = load(Path(folder) / "routing.yaml", ROUTING, default=RoutingForm())
    if loaded.value is None:
        raise ConfigError(list(loaded.problems))
    return loaded.value.offline.window


def load_routing(folder: str | Path, register: Register) -> Routing:
    """Both files of the folder, checked against the register. Raises ConfigError with every problem."""
    root = Path(folder)
    routing = load(root / "routing.yaml", ROUTING, default=RoutingForm())
    channels: Loaded[tuple[ChannelForm, ...]] = load(root / "channels.yaml", CHANNELS, default=())
    problems = [*routing.problems, *channels.problems]
    if routing.value is None or channels.value is None:
        raise ConfigError(problems)
    named: dict[str, ChannelForm] = {}
    for index, channel in enumerate(channels.value):
        if channel.id in named:
            words = f"channel `{channel.id}` is already there; give this one another id"
            problems.append(channels.document.problem((index, "id"), words))
        if isinstance(channel, WebhookChannel) and channel.url and channel.url_secret:
            words = f"channel `{channel.id}` has both `url` and `url_secret`; leave one out"
            problems.append(channels.document.problem((index,), words))
        named[channel.id] = channel
    for form in _DEFAULTS:
        if not any(channel.kind == form.kind for channel in named.values()):
            named.setdefault(form.id, form)
    documents = {**register.documents, "routing.yaml": routing.document, "channels.yaml": channels.document}
    found = Routing(routing.value, named, documents)
    problems += _unknown_departments(found, register)
    for file, loc, contact in contacts_of(register, found):
        problems += _contact(found, file, loc, contact)
    if any(problem.severity == "error" for problem in problems):
        raise ConfigError(problems)
    return found


def contacts_of(register: Register, routing: Routing) -> Iterator[tuple[str, tuple[str | int, ...], Contact]]:
    """Every contact of the folder with the file and the place where it stands."""
    for index, department in enumerate(register.departments.values()):
        for number, contact in enumerate(department.contacts):
            yield "departments.yaml", (index, "contacts", number), contact
    for index, site in enumerate(register.sites.values()):
        for number, contact in enumerate(site.contacts):
            yield "sites.yaml", (index, "contacts", number), contact
    for number, contact in enumerate(routing.form.operator):
        yield "routing.yaml", ("operator", number), contact


def links_lead_nowhere(register: Register, routing: Routing, base_url: str) -> str | None:
    """A warning where messages leave the machine with links that open only on it."""
    host = urlsplit(base_url).hostname or ""
    used = {use.kind for _, _, contact in contacts_of(register, routing) for use in contact.channels}
    if used <= {"file"} or not (host in ("localhost", "::1", "") or host.startswith("127.")):
        return None
    return (
        f"DUSTWATCH_BASE_URL is {base_url}: the links in messages open only on this machine; "
        "set it to the address at which people reach the desk"
    )


def idle_routes(register: Register, routing: Routing) -> list[Problem]:
    """Warnings: routes that never match, because of a kind of site that is not there or a route before."""
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
        options: dict[str, Any] = {"via": False, **OPTIONS[use.kind]}
        for name, value in use.options.items():
            if name not in options:
                words = f"a channel of kind `{use.kind}` has no key `{name}`{did_you_mean(name, options)}"
                yield document.problem((*place, name), words, at_key=True)
            elif not isinstance(value, str) or not value.strip():
                yield document.problem((*place, name), "expected text")
            elif name == "to" and not _MAIL.fullmatch(value):
                yield document.problem((*place, name), f"`{value}` is no mail address")
            elif name == "url" and (wrong := _wrong_address(value)):
                yield document.problem((*place, name), wrong)
        addressed = not isinstance(channel, WebhookChannel) or channel.url or channel.url_secret
        for name, needed in options.items():
            if (needed or (name == "url" and not addressed)) and name not in use.options:
                yield document.problem(place, f"a channel of kind `{use.kind}` needs the key `{name}`")
