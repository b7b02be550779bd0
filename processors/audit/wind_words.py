"""Words on the origin of dust: the wind of a site's hours, and what the site added to the air. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from processors.audit.arithmetic import number
from processors.records import Share, SiteHour
from processors.wind import SECTOR_NAMES

Say = Callable[..., str]


def latest_of(hours: Iterable[SiteHour]) -> list[SiteHour]:
    """The last revision of each site and hour, by start and site."""
    newest: dict[tuple[int, str], SiteHour] = {}
    for hour in sorted(hours, key=lambda one: one.revision):
        newest[hour.start, hour.site] = hour
    return [hour for _, hour in sorted(newest.items())]


def origin_lines(
    hours: Iterable[SiteHour], pollutant: str, language: str, say: Say
) -> Iterator[tuple[str, str]]:
    """(heading of the line or "", words) for each hour's wind, and for what the site added of a pollutant.

    `say` looks up the words of a key of `texts`.
    """
    for hour in hours:
        yield "wind", wind_words(hour, language, say)
        head = "came_from"
        for share in hour.shares:
            for words in share_words(share, say) if share.pollutant == pollutant else ():
                yield head, words
                head = ""


def wind_words(hour: SiteHour, language: str, say: Say) -> str:
    """Words on the wind of an hour, or on the reason why it has none."""
    if hour.speed is None:
        return say(hour.reason)
    if hour.direction is None or hour.sector is None:
        return say("wind_undetermined", speed=number(hour.speed), why=say(hour.reason), count=hour.readings)
    return say(
        "wind_from",
        sector=sector_in(language, hour.sector),
        direction=number(hour.direction),
        speed=number(hour.speed),
        steadiness=f"{hour.steadiness or 0:.2f}",
        count=hour.readings,
    )


def share_words(share: Share, say: Say) -> Iterator[str]:
    """Words on the dust that a site added in an hour, in one or two lines."""
    if share.upwind is not None and share.upwind_value is not None and share.downwind_value is not None:
        yield say(
            "added",
            upwind=share.upwind,
            downwind=share.downwind,
            up=number(share.upwind_value),
            down=number(share.downwind_value),
            added=number(share.added or 0.0),
        )
    if share.share is not None and share.low is not None and share.high is not None:
        span = {"share": percent(share.share), "low": percent(share.low), "high": percent(share.high)}
        yield say("share", **span) + say(f"share:{share.answer}")
    else:
        yield say("share_undetermined", why=say(", ").join(say(code) for code in share.reasons))


def sector_in(language: str, sector: str) -> str:
    """The name of one of 16 sectors in another language."""
    return SECTOR_NAMES[language][SECTOR_NAMES["en"].index(sector)]


def percent(share: float) -> str:
    """A share in whole percent."""
    return f"{share * 100:.0f} %"
