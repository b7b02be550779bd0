"""Parser of the contents of a HJ 212 frame: one reading, or the reason why there is none."""

from __future__ import annotations

import hmac
import re
from typing import Any

from ingest.decoders.hj212.factors import (
    CODES_OF,
    DEFAULT_UNITS,
    FACTOR_SPELLINGS,
    FACTORS,
    FIELD_SPELLINGS,
    GREATEST_PRESSURE_HPA,
    LEAST_PRESSURE_HPA,
    MINUTE_DATA,
    NORMAL,
    OF_INSTANT,
    OF_WINDOW,
    WINDOW_S,
)
from ingest.decoders.hj212.frames import Frame
from ingest.decoders.hj212.sm4 import NoSm4, is_whole_blocks, looks_encrypted, opened
from ingest.decoders.instants import BadTime, compact_instant
from ingest.records import Decoded, DevicePolicy, DeviceSecrets, Rejected
from ingest.units import QUANTITIES, THOUSAND, WEATHER, Refused, conversion_of, number_of, thousandths
from ingest.value_extras import NOTHING, Found, beside_of_fields

_FLAG = re.compile(r"[A-Za-z0-9]{1,8}\Z")
_PLAIN_NUMBER = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,6})?\Z")

Fields = dict[str, dict[str, str]]  # factor -> field name -> text as sent


def password_fault(frame: Frame, secrets: DeviceSecrets) -> str | None:
    """Reason to refuse a frame because of its PW; None if it is accepted."""
    if secrets.fault:
        return secrets.fault
    if secrets.password is None:
        return None
    sent = frame.fields.get("PW", "")
    right = hmac.compare_digest(sent.encode(), secrets.password.encode())
    return None if right else f"PW: {'the frame has none' if not sent else 'not the password of this device'}"


def reading_of(frame: Frame, policy: DevicePolicy) -> Decoded | Rejected:
    """The reading in a frame. A well-formed frame without a known factor is rejected `no_known_key`."""
    fault = password_fault(frame, policy.secrets)
    if fault is not None:
        return Rejected("not_allowed", fault, frame.raw)
    try:
        return _Reading(frame, policy).decoded()
    except Refused as refused:
        return Rejected(refused.code, refused.detail, frame.raw)
    except BadTime as bad:
        return Rejected("bad_time", f"DataTime: {bad}", frame.raw)


class _Reading:
    """Work on one frame until it is a reading."""

    def __init__(self, frame: Frame, policy: DevicePolicy) -> None:
        self.frame = frame
        self.policy = policy
        self.tolerated = list(frame.tolerated)
        self.extras: dict[str, Any] = {}
        self.values: dict[str, int] = {}
        self.flags: dict[str, str] = {}
        window = policy.minute_s if frame.cn == MINUTE_DATA else WINDOW_S.get(frame.cn, 0)
        self.period_ms = window * 1000

    def decoded(self) -> Decoded:
        if self.frame.cp is None:
            raise Refused("no_known_key", f"CN={self.frame.cn}: the frame has no CP=&&...&&")
        singles, factors = self._items(self._opened(self.frame.cp))
        if not any(code in FACTORS for code in factors):
            raise Refused("no_known_key", f"CN={self.frame.cn}: no known factor in CP")
        time = self._time(singles)
        for quantity, codes in CODES_OF.items():
            self._take_quantity(quantity, [code for code in codes if code in factors], factors)
        if "Flag" in singles:
            self._flag_all(singles.pop("Flag"))
        for key, text in singles.items():
            self.extras[key] = _plain(text)
        beside = self._beside(singles, factors)
        for code, fields in factors.items():
            for name, text in fields.items():
                self.extras[f"{code}-{name}"] = _plain(text)
        flags = {key: flag for key, flag in self.flags.items() if key in self.values or flag != NORMAL}
        tolerated = tuple(dict.fromkeys(self.tolerated))
        return Decoded(
            self.frame.mn, time, self.period_ms, self.values, flags, self.extras, tolerated, beside
        )

    def _opened(self, cp: str) -> str:
        """Return CP as it is, or decrypted (HJ 212-2025). Raises Refused with `encrypted`."""
        key = self.policy.secrets.sm4_key
        if not looks_encrypted(cp):
            if key is not None:
                self.tolerated.append("not_encrypted")
            return cp
        if key is None:
            if self.frame.version != 2025 and not is_whole_blocks(cp):
                return cp
            raise Refused(
                "encrypted", "CP is encrypted (SM4): give the device an `sm4_secret` in devices.yaml"
            )
        try:
            found = opened(cp, key)
        except NoSm4 as error:
            raise Refused(
                "encrypted", f"CP is encrypted, and this machine's OpenSSL has no SM4: {error}"
            ) from None
        if found is None:
            raise Refused(
                "encrypted", "CP is encrypted, and the key that `sm4_secret` names does not open it"
            )
        text, filling = found
        self.tolerated.append(f"sm4_{filling}")
        return text

    def _beside(self, singles: dict[str, str], factors: Fields) -> Found:
        """Range of the period and raw count, in the unit of the value."""
        if "pm10" not in self.values:
            return NOTHING
        code = next(code for code in CODES_OF["pm10"] if code in factors)
        unit = self.policy.units.get(code) or self.policy.units.get("pm10")
        fields = factors[code] if self.period_ms else {}
        return beside_of_fields(fields, singles.get("cpm"), unit)

    def _items(self, cp: str) -> tuple[dict[str, str], Fields]:
        """(items such as DataTime, fields by factor); `,` and `;` separate alike, an item may be blank."""
        singles: dict[str, str] = {}
        factors: Fields = {}
        for item in re.split("[;,]", cp):
            if not item.strip():
                continue
            key, equals, text = item.partition("=")
            if not equals:
                raise Refused("bad_syntax", f"CP: {item[:40]!r} is no key=value")
            code, dash, name = key.strip().partition("-")
            text = text.strip()
            if not dash:
                into, name = singles, self._spelt(code, {"datatime": "DataTime", "flag": "Flag"})
            else:
                into = factors.setdefault(self._spelt(code, FACTOR_SPELLINGS), {})
                name = self._spelt(name, FIELD_SPELLINGS)
            if into.setdefault(name, text) != text:
                raise Refused("bad_syntax", f"CP: {key.strip()[:40]!r} stands twice with different values")
        return singles, factors

    def _spelt(self, text: str, spellings: dict[str, str]) -> str:
        """Standard spelling of a name; names are case-sensitive, but firmware does not always comply."""
        found = spellings.get(text.casefold(), text)
        if found != text:
            self.tolerated.append("letter_case")
        return found

    def _time(self, singles: dict[str, str]) -> int | None:
        """Start of the window, or the instant: DataTime; for an instant without it, QN."""
        offset = self.policy.utc_offset_s
        text = singles.pop("DataTime", None)
        if text is not None:
            return compact_instant(text, offset)
        if self.period_ms:
            raise BadTime(f"missing; CN={self.frame.cn} needs the start of its window")
        sent = self.frame.fields.get("QN")
        if sent is None:
            return None
        self.tolerated.append("time_from_qn")
        return compact_instant(sent, offset)

    def _take_quantity(self, quantity: str, codes: list[str], factors: Fields) -> None:
        """Move the best field of the best code into values; the others are left for the extras."""
        wanted = OF_WINDOW if self.period_ms else OF_INSTANT
        for code in codes:
            fields = factors[code]
            flag = fields.get("Flag")
            name = next((name for name in wanted if name in fields), None)
            if name is None and flag is None:
                continue
            if flag is not None:
                self._flag(quantity, fields.pop("Flag"))
            if name is not None:
                if name == "Avg" and not self.period_ms:
                    self.tolerated.append("mean_as_instant")
                text = fields.pop(name)
                if text:
                    self._value(quantity, code, name, text)
                return
            return

    def _flag(self, quantity: str, text: str) -> None:
        if not text:
            return
        if _FLAG.match(text) is None:
            raise Refused("bad_value", f"{quantity}: the flag {text[:20]!r} is not a letter such as N")
        self.flags[quantity] = text.upper()

    def _flag_all(self, text: str) -> None:
        """Apply one Flag for the whole frame to every factor that has none of its own."""
        self.tolerated.append("one_flag")
        for quantity in self.values:
            if quantity not in self.flags:
                self._flag(quantity, text)

    def _value(self, quantity: str, code: str, name: str, text: str) -> None:
        """Store one value; impossible weather values, or ones flagged bad, are set aside, dust is refused."""
        units = self.policy.units
        own = units.get(code) or units.get(quantity)
        unit = own or DEFAULT_UNITS.get(quantity)
        if own is not None:
            conversion_of(QUANTITIES[quantity], own)  # an unknown unit is nobody's broken sensor
        flagged = self.flags.get(quantity, NORMAL) != NORMAL
        try:
            value = thousandths(quantity, text, unit)
        except Refused:
            if quantity not in WEATHER and not flagged:
                raise
            self._set_aside(quantity, code, name, text)
            return
        if quantity == "pressure" and not (
            LEAST_PRESSURE_HPA * THOUSAND <= value <= GREATEST_PRESSURE_HPA * THOUSAND
        ):
            self._set_aside(quantity, code, name, text)
            return
        if quantity in ("tsp", "pm10") and own is None and 0 < value < THOUSAND:
            self.tolerated.append("unit_doubtful")  # 0.160 is rather mg/m3: see DEFAULT_UNITS
        self.values[quantity] = value

    def _set_aside(self, quantity: str, code: str, name: str, text: str) -> None:
        self.extras[f"{code}-{name}"] = _plain(text)
        self.tolerated.append(f"implausible_{quantity}")


def _plain(text: str) -> float | str:
    """Convert text that is plainly a number; return other text unchanged."""
    if _PLAIN_NUMBER.match(text) is None:
        return text
    return float(number_of(text))
