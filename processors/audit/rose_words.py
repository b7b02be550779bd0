"""Texts of `dustwatch rose` in Chinese and English. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from zoneinfo import ZoneInfo

from processors.audit.arithmetic import number
from processors.audit.rose import HIGH, Period, PointRose
from processors.audit.texts import LANGUAGES, text
from processors.audit.wind_words import percent
from processors.wind import Attribution, Sector

TEXTS: Mapping[str, tuple[str, str]] = {
    "head": (
        "{site} {name}，{pollutant}（ug/m3），{start} 至 {end}（{zone}）",
        "{site} {name}, {pollutant} (ug/m3), {start} to {end} ({zone})",
    ),
    "nothing": ("该时段没有有效的小时值", "no hour of the period has a valid value"),
    "chosen": ("小时均值高于 {above} 记为高值", "an hour is high above {above}"),
    "upper": (
        "小时均值高于 {above} 记为高值（本时段第 {high} 百分位）",
        "an hour is high above {above} (percentile {high} of the period)",
    ),
    "point": ("{device}：{hours} 个有效小时", "{device}: {hours} hours with a value"),
    "left_out": ("，其中不计入各方位：{why}", ", of which belong to no sector: {why}"),
    "columns": ("来向", "from"),
    "hours": ("小时", "hours"),
    "high": ("高值", "high"),
    "probability": ("高值概率（95 % 区间）", "probability (95 %)"),
    "mean": ("加权均值", "mean"),
    "share": ("负荷占比", "load"),
    "too_few_hours": ("小时太少", "too few hours"),
    "count": ("{why} {count}", "{why} {count}"),
    "site_added": (
        "工地新增：{pairs} 个成对小时平均 {added}",
        "the site added: {added} on average over {pairs} hours with a pair",
    ),
    "no_pairs": ("工地新增：没有成对的小时", "the site added: no hour has a pair"),
    "unpaired": ("未成对的小时：{why}", "hours without a pair: {why}"),
}


def _own(language: str, key: str, **words: object) -> str:
    return TEXTS[key][LANGUAGES.index(language)].format(**words)


def rose_lines(period: Period, name: str, zone: ZoneInfo, language: str) -> Iterator[str]:
    """The whole period in words, line by line; `name` is the site's."""
    say = partial(_own, language)

    def at(ms: int) -> str:
        return datetime.fromtimestamp(ms / 1000, zone).strftime("%Y-%m-%d %H:%M")

    span = {"start": at(period.start), "end": at(period.end), "zone": zone.key}
    yield say("head", site=period.site, name=name, pollutant=period.pollutant, **span)
    if period.above is None or not period.points:
        yield say("nothing")
        return
    yield say("chosen" if period.is_chosen else "upper", above=number(period.above), high=HIGH)
    for point in period.points:
        yield from _point(point, language)
    yield from _added(period.attribution, language)


def _point(point: PointRose, language: str) -> Iterator[str]:
    say = partial(_own, language)
    left_out = say("left_out", why=_counts(point.left_out, language)) if point.left_out else ""
    yield say("point", device=point.device, hours=point.hours) + left_out
    heads = [say(key) for key in ("columns", "hours", "high", "probability", "mean", "share")]
    rows = [heads, *([*_cells(sector, language)] for sector in point.sectors if sector.hours)]
    if len(rows) == 1:
        return
    wide = [max(_width(row[i]) for row in rows) for i in range(len(heads))]
    for row in rows:
        yield "  " + "  ".join(" " * (wide[i] - _width(cell)) + cell for i, cell in enumerate(row))


def _cells(sector: Sector, language: str) -> Iterator[str]:
    yield sector.name[language]
    yield str(sector.hours)
    yield str(sector.above)
    if sector.probability is None or sector.low is None or sector.high is None:
        yield _own(language, "too_few_hours")
    else:
        yield f"{percent(sector.probability)} ({percent(sector.low)} - {percent(sector.high)})"
    yield "" if sector.mean is None else number(sector.mean)
    yield "" if sector.share is None else percent(sector.share)


def _added(found: Attribution, language: str) -> Iterator[str]:
    say, known = partial(_own, language), partial(text, language)
    if found.added is None:
        yield say("no_pairs")
    else:
        yield say("site_added", pairs=found.pairs, added=number(found.added))
    if found.share is not None and found.low is not None and found.high is not None:
        span = {"share": percent(found.share), "low": percent(found.low), "high": percent(found.high)}
        yield "  " + known("share", **span) + known(f"share:{found.answer}")
    else:
        why = known(", ").join(known(code) for code in found.reasons)
        yield "  " + known("share_undetermined", why=why)
    if found.unpaired:
        yield "  " + say("unpaired", why=_counts(found.unpaired, language))


def _counts(found: Mapping[str, int], language: str) -> str:
    """Each reason with its number of hours."""
    listed = [
        _own(language, "count", why=text(language, why), count=hours) for why, hours in sorted(found.items())
    ]
    return text(language, ", ").join(listed)


def _width(words: str) -> int:
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in words)
