"""The quantities that monitors measure: their unit, their possible range, and conversion to thousandths.

Values travel as int64 thousandths of the unit, so that sums are exact and their order can't matter.
A number is converted exactly, from the decimal text it was sent as, and rounded once (half to even).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Quantity:
    """A measured quantity: unit after normalisation, least and greatest possible value in it.

    Above `greatest` and up to `saturates` a sensor means `greatest`; a quantity that `turns` comes round
    at `greatest`, which itself is 0.
    """

    name: str
    unit: str
    least: float
    greatest: float
    saturates: float | None = None
    turns: bool = False

    @property
    def plain(self) -> tuple[float, float]:
        """Least and greatest value that is taken as it is; beyond them `measured` says what becomes of it."""
        return self.least, self.greatest - 0.001 if self.turns else self.greatest


# A zero that drifted makes small negative concentrations, and the quality checks judge them: whoever leaves
# them out measures too much. No zero drifts this far: -999 and -9999 are codes for "no value".
_LEAST_DUST = -100.0
# Capacitive sensors show up to 105 % in saturated air, and mean 100.
_WETTEST = 105.0


QUANTITIES: dict[str, Quantity] = {
    q.name: q
    for q in (
        Quantity("pm10", "ug/m3", _LEAST_DUST, 100_000.0),
        Quantity("pm2_5", "ug/m3", _LEAST_DUST, 100_000.0),
        Quantity("tsp", "ug/m3", _LEAST_DUST, 100_000.0),
        Quantity("pm1", "ug/m3", _LEAST_DUST, 100_000.0),
        Quantity("temperature", "Cel", -90.0, 90.0),
        Quantity("humidity", "%", 0.0, 100.0, saturates=_WETTEST),
        Quantity("pressure", "hPa", 300.0, 1100.0),
        Quantity("wind_speed", "m/s", 0.0, 120.0),
        Quantity("wind_direction", "deg", 0.0, 360.0, turns=True),
        Quantity("noise", "dB", 0.0, 200.0),
    )
}
# how units are written for people, where they stand alone; the others stand as they are
_PRINTED = {"ug/m3": "µg/m³", "mg/m3": "mg/m³", "Cel": "°C", "deg": "°"}
# those that are no part of any word; "deg" and "Cel" are of many, and a clause is a text
_IN_PROSE = ("ug/m3", "mg/m3")
JUDGED: tuple[str, ...] = ("pm10", "pm2_5", "tsp")  # the columns that windows are built of
WEATHER = frozenset(QUANTITIES) - {"pm10", "pm2_5", "tsp", "pm1"}  # what no limit is set for
THOUSAND = 1000

# Ambient dust monitors end their range at 20 to 30 mg/m3, and the worst storms on record stay near
# 10 mg/m3: more than this from a device that is said to send mg/m3 means that it sends ug/m3.
_MOST_MILLIGRAMS = 30


def printed(unit: str | None) -> str:
    """A unit as printed; empty for none."""
    return _PRINTED.get(unit or "", unit or "")


def prose_printed(text: str) -> str:
    """A text with its units as printed; in data they are written plainly."""
    for unit in _IN_PROSE:
        text = text.replace(unit, _PRINTED[unit])
    return text


class Refused(ValueError):
    """A value or unit that must not be stored; `code` is `bad_value`, `bad_unit`, `empty` or `count`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class _Conversion:
    """normal = (sent + shift) * factor; a factor that has no exact decimal is a fraction."""

    factor: Decimal | Fraction
    shift: Decimal = Decimal(0)

    def __call__(self, sent: Decimal) -> Decimal | Fraction:
        if isinstance(self.factor, Decimal):
            return (sent + self.shift) * self.factor
        return Fraction(sent + self.shift) * self.factor


def _times(factor: str) -> _Conversion:
    return _Conversion(Fraction(factor) if "/" in factor else Decimal(factor))


SAME = _times("1")
_MASS = "ug/m3"
# normal unit -> accepted unit, spelt as `_spelling` leaves it -> conversion
CONVERSIONS: dict[str, dict[str, _Conversion]] = {
    "ug/m3": {
        "ug/m3": SAME,
        "mg/m3": _times("1000"),
        "ng/m3": _times("0.001"),
    },
    "Cel": {
        "cel": SAME,
        "c": SAME,
        "degc": SAME,
        "celsius": SAME,
        "f": _Conversion(Fraction(5, 9), Decimal(-32)),
        "degf": _Conversion(Fraction(5, 9), Decimal(-32)),
        "fahrenheit": _Conversion(Fraction(5, 9), Decimal(-32)),
        "k": _Conversion(Decimal(1), Decimal("-273.15")),
        "kelvin": _Conversion(Decimal(1), Decimal("-273.15")),
    },
    "%": {"%": SAME, "%rh": SAME, "rh%": SAME, "percent": SAME},
    "hPa": {
        "hpa": SAME,
        "mbar": SAME,
        "kpa": _times("10"),
        "pa": _times("0.01"),
        "bar": _times("1000"),
        "mmhg": _times("1.333223874"),
    },
    "m/s": {"m/s": SAME, "km/h": _times("5/18"), "kn": _times("463/900"), "mph": _times("0.44704")},
    "deg": {"deg": SAME, "degree": SAME, "degrees": SAME},
    "dB": {"db": SAME, "dba": SAME, "db(a)": SAME},
}
# micro sign and Greek mu, superscripts, degree signs, other ways to write a power
_SPELLINGS = (
    ("\u00b5", "u"),
    ("\u03bc", "u"),
    ("\u00b3", "3"),
    ("\u2103", "degc"),
    ("\u2109", "degf"),
    ("\u00b0", "deg"),
    ("^", ""),
    (" ", ""),
)
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?\Z")
_LONGEST_NUMBER = 24  # of a double, and few enough for Decimal's 28 digits to be exact
_LONGEST_UNIT = 40
_HUGE = 1e300
ONE = Decimal(1)
# What loggers write where their sensor said nothing.
_NOTHING = frozenset(
    {"", "-", "--", "---", "----", "*", "**", "***", "n/a", "na", "nan", "null", "none", "nil"}
)
# Units of optical counters: no size and density of the particles are known, so it is no concentration.
_COUNTS = re.compile(
    r"(?:#|n|pcs?|pcs\.|particles?|counts?|cts|cpm|cps|ea)(?:/.*)?|1/(?:l|cm3|m3|ml|cf|ft3|0\.1l)"
)


def _spelling(unit: str) -> str:
    text = unit.strip().casefold()
    for odd, plain in _SPELLINGS:
        text = text.replace(odd, plain)
    return text


def conversion_of(quantity: Quantity, unit: str) -> _Conversion:
    """Conversion of a value in `unit` to the quantity's unit. Raises Refused (bad_unit)."""
    found = _known_conversion(quantity.unit, unit) if len(unit) <= _LONGEST_UNIT else None
    if found is None and quantity.unit == _MASS and _COUNTS.fullmatch(_spelling(unit[:_LONGEST_UNIT])):
        raise Refused("count", f"{quantity.name}: {unit[:40]!r} counts particles, it is no concentration")
    if found is None:
        known = ", ".join(CONVERSIONS[quantity.unit])
        raise Refused(
            "bad_unit", f"{quantity.name}: unit {unit[:40]!r} is none of {known}; it is not guessed"
        )
    return found


def is_normal(name: str, unit: str) -> bool:
    """True if a value in `unit` needs no conversion. False for an unknown unit."""
    quantity = QUANTITIES[name]
    return unit == quantity.unit or (
        len(unit) <= _LONGEST_UNIT and _known_conversion(quantity.unit, unit) is SAME
    )


@lru_cache(maxsize=256)
def _known_conversion(normal_unit: str, unit: str) -> _Conversion | None:
    return CONVERSIONS[normal_unit].get(_spelling(unit))


def number_of(text: str) -> Decimal:
    """Exact number denoted by a decimal text. Raises Refused (bad_value)."""
    stripped = text.strip()
    if len(stripped) > _LONGEST_NUMBER or _NUMBER.match(stripped) is None:
        raise Refused("bad_value", f"{text[:40]!r} is not a number")
    return Decimal(stripped)


class Measured(NamedTuple):
    """A value in thousandths of its normal unit, and the name of what was tolerated; empty if nothing."""

    thousandths: int
    tolerated: str = ""


def thousandths(name: str, value: object, unit: str | None = None) -> int:
    """`value` (number or decimal text, in `unit`, the normal unit if None) in thousandths. As `measured`."""
    return measured(name, value, unit).thousandths


def measured(name: str, value: object, unit: str | None = None, factor: Decimal = ONE) -> Measured:
    """`value` (number or decimal text, in `unit`, the normal unit if None), times `factor`, in thousandths.

    Raises Refused: bad_unit for an unknown unit, or if the unit and the value can't both be right; count for
    a unit that counts particles; empty for a text that stands for no value; bad_value for anything else that
    is not a finite number or is outside the possible range.
    """
    quantity = QUANTITIES[name]
    conversion = SAME if unit is None else conversion_of(quantity, unit)
    kind = type(value)
    least, greatest = quantity.plain
    if (kind is float or kind is int) and conversion is SAME and factor == 1 and least <= value <= greatest:  # type: ignore[operator]
        return Measured(round(value * THOUSAND))  # type: ignore[operator]
    sent = _exact(name, value)
    if factor != 1:
        sent *= factor
    normal: Decimal | Fraction = sent
    if unit is not None and conversion is not SAME:
        normal = conversion(sent)
        _check_unit(quantity, sent, normal, unit, conversion)
    return _within(quantity, normal)


def _within(quantity: Quantity, normal: Decimal | Fraction) -> Measured:
    """The value, brought into its range where that is what its sensor means. Raises Refused (bad_value)."""
    least, greatest = quantity.least, quantity.greatest
    if quantity.turns and -greatest <= normal <= 2 * greatest:
        turned = round(normal * THOUSAND) % (int(greatest) * THOUSAND)
        return Measured(turned, "" if least <= normal <= greatest else f"{quantity.name}_turned")
    if quantity.saturates is not None and greatest < normal <= quantity.saturates:
        return Measured(round(greatest * THOUSAND), f"{quantity.name}_saturated")
    if not least <= normal <= greatest:
        raise Refused("bad_value", impossible(quantity, shortly(normal)))
    return Measured(round(normal * THOUSAND))


def _exact(name: str, value: object) -> Decimal:
    """The number that was sent, from its decimal text. Raises Refused (bad_value)."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Refused("bad_value", f"{name}: {str(value)[:40]!r} is not a number")
    if isinstance(value, str) and value.strip().casefold() in _NOTHING:
        raise Refused("empty", f"{name}: {value[:40]!r} stands for no value")
    try:
        return Decimal(value) if isinstance(value, int) else number_of(str(value))
    except Refused as refused:
        raise Refused(refused.code, f"{name}: {refused.detail}") from None


def impossible(
    quantity: Quantity, value: object, least: float | None = None, greatest: float | None = None
) -> str:
    """Reason for refusing a value: rule, value and range (that of the quantity, if not told)."""
    least = quantity.least if least is None else least
    greatest = (quantity.saturates or quantity.greatest) if greatest is None else greatest
    return (
        f"{quantity.name}: {value} {quantity.unit} is outside the possible "
        f"{least:g} to {greatest:g} {quantity.unit}"
    )


def _check_unit(
    quantity: Quantity, sent: Decimal, normal: Decimal | Fraction, unit: str, conversion: _Conversion
) -> None:
    """Refuse a unit that makes a possible number an impossible one, or shifts dust by a factor of 1000."""
    least, greatest = quantity.least, quantity.greatest
    wrong = least <= sent <= greatest and not least <= normal <= greatest
    if quantity.unit == _MASS:
        too_much = conversion.factor == THOUSAND and sent > _MOST_MILLIGRAMS
        too_little = conversion.factor < 1 and 0 < normal < 1
        wrong = wrong or too_much or too_little
    if wrong:
        raise Refused(
            "bad_unit",
            f"{quantity.name}: {shortly(sent)} {unit[:20]} would be {shortly(normal)} {quantity.unit}; "
            "correct the device's unit",
        )


def shortly(number: float | Decimal | Fraction) -> str:
    """A number as shown in error messages."""
    return f"{float(number):g}" if -_HUGE < number < _HUGE else "a number of hundreds of digits"
