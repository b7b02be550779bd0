"""Rendering of messages: facts of a case, filled into a template of the reader's language.

Pure. Templates are `texts/LANGUAGE/NAME.txt.j2`; the first line is the subject and says what to do.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, TemplateNotFound

from ingest.durations import HOUR_MS, MINUTE_MS
from ingest.plain_text import one_line
from ingest.units import printed, prose_printed
from processors.records import FAULT_WORDS
from processors.suspicion import evidence_text, suspicion_numbers

LANGUAGES: tuple[str, ...] = ("zh_CN", "en")
_POLLUTANTS = {"pm10": "PM10", "pm2_5": "PM2.5", "tsp": "TSP", "pm1": "PM1", "noise": "noise"}
_POLLUTANTS_ZH = {**_POLLUTANTS, "noise": "噪声"}
_FAULTS = {
    "ticks": ("时钟记录停止", "ticks stopped"),
    "stage": ("处理环节停滞", "stage stuck:"),
    "quarantine": ("隔离区增长过快", "quarantine growing"),
    "delivery": ("通知渠道不通", "channel in trouble:"),
    "refused": ("有人冒用身份发送数据", "messages from who may not send them"),
    "background": ("背景值缺失", "background missing:"),
    "unknown_key": ("设备发送含义未知的参数", "keys that nobody has explained"),
    "label": ("时段标注与接收时间矛盾", "periods that end after their receipt"),
    "untold": ("有事项应告知而未告知", "matters that should have been told"),
    "unwritable": ("有事件或消息无法写入", "cases or messages that could not be written"),
}
# reasons of a device's fault; those that name a pollutant (`{p}`) or keys (`{k}`) have words of their own
_OF_A_DEVICE = {
    **{code: (words["zh"], words["en"]) for code, words in FAULT_WORDS.items()},
    "absent": ("在线，但没有 {p} 数据", "it speaks, but without {p}"),
    "failing": ("{p} 数据持续未通过质量检查", "its {p} keeps failing the quality checks"),
    "contradictions": (
        "同一时刻多次收到互相矛盾的数据，可能两台设备共用一个编号",
        "values that contradict each other keep coming for one instant, two boxes may have one number",
    ),
    "unknown_code": ("只发送含义未知的参数{k}", "it sends codes that nobody has explained{k}"),
}
_KEY = "key:"  # a reason that names a key
_DAYS_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Text(NamedTuple):
    """A message as text."""

    subject: str
    body: str


COUNTED = "intervals"  # unit of the verdict on a day's allowance; a mean over a day has that of its pollutant


@dataclass(frozen=True, slots=True)
class Matter:
    """One breach as told in a message; instants are ms UTC, values in the unit."""

    site: str
    address: str
    device: str
    device_name: str
    title: str
    level: str
    start: int
    end: int
    pollutant: str | None = None
    unit: str | None = None
    value: float | None = None
    background: float | None = None
    subtracted: float | None = None  # what of the background the clause lets be subtracted
    limit: float | None = None
    capture: float | None = None
    clause: str = ""
    citation: str = ""
    status: str = ""  # read | reported | recalled: how well the limit is known
    administrative: bool = False
    opened_at: int = 0
    reasons: tuple[str, ...] = ()
    evidence: dict[str, Any] | None = None  # of a suspicion
    regional: dict[str, Any] | None = None  # of a breach inside a regional episode
    devices: int = 1  # how many it is about: all of a silent site

    @property
    def net(self) -> float | None:
        """The value minus what is subtracted: the number compared with the limit."""
        if self.value is None or self.subtracted is None:
            return None
        return self.value - self.subtracted

    @property
    def shape(self) -> str:
        """Meaning of `value`: `day` a number of exceeding intervals, `instant` one value, else a mean."""
        if self.end <= self.start:
            return "instant"
        return "day" if self.unit == COUNTED else "mean"


@dataclass(frozen=True, slots=True)
class OutlookMatter:
    """Forecast for an open window as told in a message; ms UTC, values in the unit."""

    site: str
    address: str
    device: str
    device_name: str
    title: str
    level: str  # warning | certain; of what is taken back: what is left of it, or empty
    event: str  # rose | cleared | withdrawn | lost
    start: int
    end: int
    left: int  # ms until `end` when it was written
    pollutant: str
    unit: str
    limit: float
    subtracted: float | None
    background_known: bool
    projected: float | None
    probability: float | None
    required: float | None  # greatest mean from now on that complies; None: none does
    clause: str
    citation: str
    status: str
    shape: str = "mean"  # `day`: of a day's allowance, which is the limit; `count` intervals exceeded so far
    count: int = 0
    regional: dict[str, Any] | None = None  # of a window inside a regional episode

    @property
    def net(self) -> float | None:
        """The projected mean minus the background."""
        if self.projected is None or self.subtracted is None:
            return None
        return self.projected - self.subtracted


class FallenAgain(NamedTuple):
    """What a monitor measured (in the unit) up to an instant (ms UTC), within a limit of the pollutant."""

    site: str
    device: str
    pollutant: str
    at: int
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class ToldEntry:
    """One case in a message of several."""

    case: str
    kind: str
    site: str
    site_name: str
    address: str
    device: str
    title: str
    level: str
    state: str  # on | other | ahead | over | past: exceeds, another matter, foretold, ended, foretold in vain
    subject: str  # of the message that it would be alone
    matter: Matter | None
    deadline: int | None
    at: int
    unheard: bool  # over, and of its beginning is told here too
    fallen: FallenAgain | None = None  # exceeds: measured since, within a limit


class ToldSite(NamedTuple):
    """What a digest says of one site: how many entries by their state, how many violations."""

    name: str
    address: str
    states: Mapping[str, int]
    violations: int
    deadline: int | None
    one: bool = True  # False: what several sites share


class StillOpen(NamedTuple):
    """A matter that was told before and is not over."""

    kind: str
    device: str
    device_name: str
    pollutant: str
    title: str
    limit: float | None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a template may use."""

    template: str  # name of a file in texts/LANGUAGE
    line: str  # of the reader: sector | territorial | site | platform
    others: tuple[str, ...]  # who else is told
    link: str
    reference: str  # the message's id
    at: int
    zone: ZoneInfo
    matter: Matter | None = None
    matters: tuple[Matter, ...] = ()  # of many_silent and its return
    deadline: int | None = None
    delayed: bool = False
    fault: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    outlook: OutlookMatter | None = None
    entries: tuple[ToldEntry, ...] = ()  # of several cases
    sites: tuple[ToldSite, ...] = ()
    still: tuple[StillOpen, ...] = ()
    list_link: str = ""
    fallen: FallenAgain | None = None  # of the matter: measured since, within a limit
    language: str = "en"

    @property
    def confidence(self) -> float | None:
        """Confidence of a suspicion, 0..1."""
        evidence = self.matter.evidence if self.matter else None
        return evidence["confidence"] if evidence else None

    @property
    def numbers(self) -> list[tuple[str, float | str, str]]:
        """(name in the reader's language, value, unit) of a suspicion's evidence, known values only."""
        evidence = self.matter.evidence if self.matter else None
        return suspicion_numbers(evidence, self.language)


def render(facts: Facts, language: str) -> Text:
    """Render the message in `language`, or in English if that language has no templates."""
    words = language if language in LANGUAGES else "en"
    environment = _environment(words)
    try:
        template = environment.get_template(f"{words}/{facts.template}.txt.j2")
    except TemplateNotFound:  # an OSError, as if a disk were away: it is of what another version wrote
        raise ValueError(f"there is no text `{facts.template}` in {words}") from None
    facts = replace(facts, language=words)
    zone = facts.zone
    chinese = words == "zh_CN"
    text = template.render(
        f=facts,
        m=facts.matter,
        o=facts.outlook,
        when=lambda ms: _when(ms, zone, chinese),
        span=lambda m: _span(m, zone, chinese),
        reading=lambda m: _reading(m.value, m.unit, m.limit),
        device=lambda m: _device(m, chinese),
        fault_name=lambda fault: fault_name(fault, words),
        number=_number,
        evidence=lambda value, unit: evidence_text(value, unit, words),
        unit=printed,
        printed=prose_printed,
        at_most=lambda value: f"{math.floor(value)}",  # what is allowed is never rounded up
        likely=lambda share: f"{min(max(round(share * 20) * 5, 5), 95)} %",  # nobody knows it to the per cent
        percent=lambda share: f"{share * 100:.0f} %",
        pollutant=lambda p: (_POLLUTANTS_ZH if chinese else _POLLUTANTS).get(p or "", p or ""),
        lasted=lambda ms: _lasted(ms, chinese),
        fault_words=lambda m: _fault_words(m, chinese),
    )
    lines = [line.rstrip() for line in text.strip().splitlines()]
    body = "\n".join(line for line in lines if line)
    return Text(lines[0], body)


def _fault_words(matter: Matter, chinese: bool) -> str:
    """What is wrong with a device, by the reasons of its fault."""
    which = 0 if chinese else 1
    names = _POLLUTANTS_ZH if chinese else _POLLUTANTS
    keys = [reason.removeprefix(_KEY) for reason in matter.reasons if reason.startswith(_KEY)]
    listed = "" if not keys else f"（{'、'.join(keys)}）" if chinese else f" ({', '.join(keys)})"
    said = [_OF_A_DEVICE[reason][which] for reason in matter.reasons if reason in _OF_A_DEVICE]
    words = ("；" if chinese else "; ").join(said) or matter.title
    return words.format(p=names.get(matter.pollutant or "", matter.pollutant or ""), k=listed)


@cache
def _environment(language: str) -> Environment:
    return Environment(
        loader=PackageLoader("alerts", "texts"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # plain text; no browser reads it as markup
        finalize=_shown,
    )


def _shown(value: object) -> object:
    """Each value on one line: a line break in a name would cut the subject, or add lines of its own."""
    return one_line(value) if isinstance(value, str) else value


def _local(ms: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone)


def _when(ms: int, zone: ZoneInfo, chinese: bool) -> str:
    at = _local(ms, zone)
    if chinese:
        return f"{at.month}月{at.day}日 {at:%H:%M}"
    return f"{_DAYS_EN[at.weekday()]} {at:%Y-%m-%d %H:%M}"


_LONGEST_DAY_MS = 26 * HOUR_MS


def _span(matter: Matter, zone: ZoneInfo, chinese: bool) -> str:
    start, end = _local(matter.start, zone), _local(matter.end, zone)
    if matter.shape == "instant":
        clock = f"{start:%H:%M:%S}"
        return f"{start.month}月{start.day}日 {clock}" if chinese else f"{start:%Y-%m-%d} {clock}"
    midnights = f"{start:%H:%M}" == f"{end:%H:%M}" == "00:00"
    if midnights and matter.end - matter.start <= _LONGEST_DAY_MS:
        return f"{start.month}月{start.day}日全天" if chinese else f"{start:%Y-%m-%d}, the whole day"
    last = "24:00" if f"{end:%H:%M}" == "00:00" else f"{end:%H:%M}"
    if last != "24:00" and start.date() != end.date():
        last = f"{end.month}月{end.day}日 {last}" if chinese else f"{end:%Y-%m-%d} {last}"
    if chinese:
        return f"{start.month}月{start.day}日 {start:%H:%M}–{last}"
    return f"{start:%Y-%m-%d %H:%M}–{last}"


def _number(value: float | None, limit: float | None = None) -> str:
    """With one decimal if it has any; with up to three if rounding would show the limit itself."""
    if value is None:
        return "–"
    for decimals in (1, 3):
        text = f"{value:.{decimals}f}"
        if limit is None or value == limit or float(text) != limit:
            break
    return text.rstrip("0").rstrip(".")


def _reading(value: float | None, unit: str | None, limit: float | None) -> str:
    return f"{_number(value, limit)} {printed(unit)}".strip()


def _device(matter: Matter | OutlookMatter | StillOpen, chinese: bool) -> str:
    if not matter.device:  # a silence of the site as a whole
        return "全部监测设备" if chinese else "all monitors"
    if not matter.device_name:
        return matter.device
    return (
        f"{matter.device_name}（{matter.device}）" if chinese else f"{matter.device_name} ({matter.device})"
    )


def fault_name(fault: str, language: str) -> str:
    """Short name of a fault of the platform."""
    kind, _, which = fault.partition("/")
    chinese, english = _FAULTS.get(kind, (kind, kind))
    return f"{chinese if language == 'zh_CN' else english} {which}".strip()


def group_name(number: int, language: str) -> str:
    """Title of the case through which several silent devices are told."""
    return f"{number} 台监测设备同时离线" if language == "zh_CN" else f"{number} monitors silent together"


def _lasted(ms: int, chinese: bool) -> str:
    minutes = max(0, ms) // MINUTE_MS
    days, rest = divmod(minutes, 24 * 60)
    hours, minutes = divmod(rest, 60)
    parts = ((days, "天", "d"), (hours, "小时", "h"), (minutes, "分钟", "min"))
    said = [f"{n} {zh if chinese else en}" for n, zh, en in parts if n]
    return " ".join(said[:2]) or ("不到 1 分钟" if chinese else "less than 1 min")
