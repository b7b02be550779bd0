"""Falsifications put into honest monitors: one function a pattern, three strengths, no chance in it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bench.suspicion_fleet import MINUTES, Monitor

Inject = Callable[[Monitor, int, float], Monitor]
_DAY = 1440
_DUST = ("pm10", "pm2_5", "tsp", "least", "greatest")


def mass_factor(one: Monitor, at: int, strength: float) -> Monitor:
    """Everything times `strength` from then on."""
    for name in _DUST:
        getattr(one, name)[at:] = np.round(getattr(one, name)[at:] * strength, 1)
    return one


def mass_factor_counted(one: Monitor, at: int, strength: float) -> Monitor:
    """The same from a device that sends the raw count too."""
    one.raw_count = np.round(one.pm10 * 0.37, 2)
    return mass_factor(one, at, strength)


def spray(one: Monitor, at: int, strength: float) -> Monitor:
    """A quarter to three quarters of an hour of water on three days, more humid and lower by `strength`."""
    minutes = round(10 + 40 * strength)
    for day in range(3):
        begin = at + day * _DAY
        part = slice(begin, begin + minutes)
        one.humidity[part] = np.minimum(one.humidity[part] + 15 + 50 * strength, 99.0)
        for name in _DUST:
            getattr(one, name)[part] *= 1 - strength
        fade = np.linspace(1, 0, 10)
        after = slice(begin + minutes, begin + minutes + 10)
        one.humidity[after] = np.minimum(one.humidity[after] + (15 + 50 * strength) * fade, 99.0)
    return one


def cover(one: Monitor, at: int, strength: float) -> Monitor:
    """Six hours under a cover that lets `strength` through, smoothed, then a slow return."""
    hours, recovery = 6, 60
    end = at + hours * MINUTES
    for name in _DUST:
        values = getattr(one, name)
        filled = np.where(np.isnan(values), np.nanmedian(values), values)
        smooth = np.convolve(filled, np.ones(91) / 91, mode="same")
        values[at:end] = smooth[at:end] * strength + 0 * values[at:end]
        back = np.linspace(strength, 1, recovery)
        values[end : end + recovery] *= back
    one.pm2_5[at:end] *= 1.3
    for name in _DUST:
        setattr(one, name, np.round(getattr(one, name), 1))
    return one


def ceiling_clip(one: Monitor, at: int, strength: float) -> Monitor:
    """Values above X are sent as X; X is the `strength` quantile of the monitor's own."""
    top = float(np.round(np.nanquantile(one.pm10, strength)))
    one.pm10[at:] = np.minimum(one.pm10[at:], top)
    return one


def ceiling_random(one: Monitor, at: int, strength: float) -> Monitor:
    """Values above X become random ones of X/3 to X*0.63, as of gateway code (300: 100-189)."""
    top = float(np.round(np.nanquantile(one.pm10, strength)))
    random = np.random.default_rng(at)
    made = np.round(random.uniform(top / 3, top * 0.63, len(one.pm10)), 1)
    over = one.pm10 > top
    over[:at] = False
    one.pm10[over] = made[over]
    return one


def random_band(one: Monitor, at: int, strength: float) -> Monitor:
    """Uniform random values of 60 +- 60 * `strength` from then on."""
    random = np.random.default_rng(at + 1)
    made = np.round(random.uniform(60 * (1 - strength), 60 * (1 + strength), len(one.pm10)), 1)
    one.pm10[at:] = np.where(np.isnan(one.pm10[at:]), np.nan, made[at:])
    return one


def computed_tsp(one: Monitor, at: int, strength: float) -> Monitor:
    """TSP = 12 + 1.1 PM10, blurred by `strength` of it."""
    random = np.random.default_rng(at + 2)
    blur = 1 + strength * random.uniform(-1, 1, len(one.pm10))
    one.tsp[at:] = np.round((12 + 1.1 * one.pm10 * blur)[at:])
    return one


def flat_means(one: Monitor, at: int, strength: float) -> Monitor:
    """Minimum = average = maximum; every n-th minute honest where strength is below 1."""
    every = np.arange(len(one.pm10)) % 100 < strength * 100
    every[:at] = False
    one.least = np.where(every, one.pm10, one.least)
    one.greatest = np.where(every, one.pm10, one.greatest)
    return one


def stuck(one: Monitor, at: int, strength: float) -> Monitor:
    """One value for `strength` hours."""
    part = slice(at, at + round(strength * MINUTES))
    one.pm10[part] = np.where(np.isnan(one.pm10[part]), np.nan, one.pm10[at - 1])
    return one


def zero(one: Monitor, at: int, strength: float) -> Monitor:
    """Zero for `strength` hours."""
    part = slice(at, at + round(strength * MINUTES))
    for name in _DUST:
        getattr(one, name)[part] *= 0.0
    return one


def offline(one: Monitor, at: int, strength: float) -> Monitor:
    """Silent for three hours in `strength` of the cases in which PM10 passes the 85 % of its week."""
    limit = np.nanquantile(one.pm10[max(at - 7 * _DAY, 0) : at], 0.92)
    random = np.random.default_rng(at + 3)
    minute = at
    while minute < len(one.pm10):
        if one.pm10[minute] > limit and one.pm10[minute - 10 : minute].mean() > limit * 0.6:
            if random.random() < strength:
                one.pm10[minute : minute + 180] = np.nan
            minute += 400
        minute += 1
    return one


def clock(one: Monitor, at: int, strength: float) -> Monitor:
    """The clock put back by `strength` hours; what would not arrive in time is left aside."""
    one.lag[at:] += strength * 3600
    return one


def clock_ahead(one: Monitor, at: int, strength: float) -> Monitor:
    """Time stamps from so far ahead that ingestion puts the receipt in their place: `strength` of them."""
    one.astray = np.arange(len(one.pm10)) % 100 < strength * 100
    one.astray[:at] = False
    return one


# pattern -> (how it is put in, strengths from weak to strong, what the strength is, hours given to find it)
SCENARIOS: dict[str, tuple[Inject, tuple[float, ...], str, str]] = {
    "mass_factor": (mass_factor, (0.7, 0.5, 0.3), "x", "mass_factor"),
    "mass_factor_counted": (mass_factor_counted, (0.9, 0.7, 0.5), "x", "mass_factor"),
    "spray": (spray, (0.4, 0.6, 0.8), "dip", "spray"),
    "cover": (cover, (0.3, 0.2, 0.1), "x", "cover"),
    "ceiling_clip": (ceiling_clip, (0.97, 0.9, 0.8), "at quantile", "ceiling"),
    "ceiling_random": (ceiling_random, (0.97, 0.9, 0.8), "at quantile", "ceiling"),
    "random_band": (random_band, (0.4, 0.2, 0.1), "+-", "random_band"),
    "computed_tsp": (computed_tsp, (0.01, 0.003, 0.0), "blur", "computed_tsp"),
    "flat_means": (flat_means, (0.9, 0.99, 1.0), "share", "flat_means"),
    "stuck": (stuck, (3.0, 6.0, 24.0), "h", "stuck"),
    "all_zero": (zero, (3.0, 6.0, 24.0), "h", "stuck"),
    "offline_when_polluted": (offline, (0.4, 0.7, 1.0), "of peaks", "offline_when_polluted"),
    "clock": (clock, (0.17, 1.0, 8.0), "h", "clock"),
    "clock_ahead": (clock_ahead, (0.6, 0.8, 1.0), "share", "clock"),
}
TWINS = "moved_together"
TWIN_STRENGTHS = (0.06, 0.03, 0.01)


def twins(one: Monitor, other: Monitor, at: int, blur: float, site: int) -> tuple[Monitor, Monitor]:
    """`one` says what `other` of its site says, up to `blur` that changes within minutes."""
    random = np.random.default_rng(at + 4)
    factor = 1 + blur * random.uniform(-1, 1, len(one.pm10)) + blur / 2
    for name in _DUST:
        getattr(one, name)[at:] = np.round((getattr(other, name) * factor)[at:], 1)
    one.site = other.site = site
    return one, other
