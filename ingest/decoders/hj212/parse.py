"""Parser of the contents of a HJ 212 frame: one reading, or the reason why there is none."""

from __future__ import annotations

import hmac
import re
from typing import Any

from ingest.codes import Code, Codes, with_own
from ingest.decoders.hj212.factors import (
    CODES,
    FACTOR_SPELLINGS,
    FIELD_SPELLINGS,
    GREATEST_PRESSURE_HPA,
    LEAST_PRESSURE_HPA,
    MINUTE_DATA,
    NO_DATA,
    NORMAL,
    OF_INSTANT,
    OF_WINDOW,
    OTHER_POLLUTANT,
    SINGLES,
    WINDOW_S,
)
from ingest.decoders.hj212.frames import Frame
from ingest.decoders.hj212.sm4 import NoSm4, is_whole_blocks, looks_encrypted, opened
from ingest.decoders.instants import NO_INSTANT, SentInstant, compact_sent, no_instant
from ingest.decoders.values import Values, unit_of
from ingest.records import Decoded, DeviceNotice, DevicePolicy, DeviceSecrets, Rejected
from ingest.units import QUANTITIES, THOUSAND, Refused, impossible, number_of, shortly
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


def reading_of(
    frame: Frame, policy: DevicePolicy, key: str | None = None
) -> Decoded | DeviceNotice | Rejected:
    """The reading in a frame, or what it says instead of one.

    `key` names the device where the frame leaves its MN empty. A frame of data without a known factor is
    rejected `no_known_key`.
    """
    fault = password_fault(frame, policy.secrets)
    if fault is not None:
        return Rejected("not_allowed", fault, frame.raw)
    try:
        return _Reading(frame, policy, key).read()
    except Refused as refused:
        return Rejected(refused.code, refused.detail, frame.raw)


class _Reading:
    """Work on one frame until it is a reading."""

    def __init__(self, frame: Frame, policy: DevicePolicy, key: str | None) -> None:
        self.frame, self.policy = frame, policy
        self.device = frame.mn or key
        self.tolerated = list(frame.tolerated)
        if key is not None and frame.mn is None:
            self.tolerated.append("device_from_topic")
        self.extras: dict[str, Any] = {}
        self.codes: Codes = with_own(CODES, policy.codes)
        self.values = Values()
        self.flags: dict[str, str] = {}
        self.twice: dict[str, Refused] = {}  # factors of which nobody knows which value is meant
        window = policy.minute_s if frame.cn == MINUTE_DATA else WINDOW_S.get(frame.cn, 0)
        self.period_ms = window * 1000

    def read(self) -> Decoded | DeviceNotice:
        if self.frame.cp is None:
            if self.frame.cn in NO_DATA:
                return self._notice()
            raise Refused("no_known_key", f"CN={self.frame.cn}: the frame has no CP=&&...&&")
        singles, factors = self._items(self._opened(self.frame.cp))
        if not any(code in self.codes and self.codes[code].measures for code in factors):
            if self.frame.cn in NO_DATA:
                return self._notice()
            raise Refused("no_known_key", f"CN={self.frame.cn}: no known factor in CP{_listed(factors)}")
        at = self._time(singles)
        unknown = self._unknown(singles, factors)
        for code, meaning in self.codes.items():
            if code in factors and meaning.measures and not self._is_taken(meaning.quantity):
                self._take(code, meaning, factors[code])
        flag = singles.pop("Flag", "")
        if flag and not flag.isdigit():
            self._flag_all(flag)
        beside = self._beside(singles, factors)
        for key, text in singles.items():
            self.extras[key] = _plain(text)
        for code, fields in factors.items():
            for name, text in fields.items():
                self.extras[f"{code}-{name}"] = _plain(text)
        values = self.values
        values.refuse_if_useless(self.flags)
        flags = {key: flag for key, flag in self.flags.items() if key in values.of or flag != NORMAL}
        return Decoded(
            self.device,
            at.start_of(self.period_ms, self.policy.label_end),
            self.period_ms,
            values.of,
            flags,
            self.extras,
            tuple(dict.fromkeys((*self.tolerated, *values.tolerated))),
            beside,
            values.set_aside,
            unknown,
            at.fault,
            self.frame.fields.get("QN", ""),
        ).from_raw(self.frame.raw)

    def _notice(self) -> DeviceNotice:
        return DeviceNotice(f"hj212_{self.frame.cn}", self.device, self.frame.raw)

    def _unknown(self, singles: dict[str, str], factors: Fields) -> tuple[str, ...]:
        named = [code for code in factors if code not in self.codes and not OTHER_POLLUTANT.fullmatch(code)]
        return (*named, *(key for key in singles if key not in SINGLES and key not in self.codes))

    def _is_taken(self, quantity: str) -> bool:
        return quantity in self.values.of or quantity in self.flags

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
        if "pm10" not in self.values.of:
            return NOTHING
        named = (code for code, meaning in self.codes.items() if meaning.quantity == "pm10")
        code = next(code for code in named if code in factors)
        unit = unit_of(code, self.codes[code], self.policy.units)
        fields = factors[code] if self.period_ms else {}
        return beside_of_fields(fields, singles.get("cpm"), unit)

    def _items(self, cp: str) -> tuple[dict[str, str], Fields]:
        """(items such as DataTime, fields by factor); `,` and `;` separate alike, an item may be blank."""
        singles: dict[str, str] = {}
        factors: Fields = {}
        last: tuple[str, str] | None = None  # factor and field of the item before
        for item in re.split("[;,]", cp):
            if not item.strip():
                continue
            key, equals, text = item.partition("=")
            if not equals and last is not None:  # 12,5 for 12.5: nobody knows where the value ends
                code, name = last
                words = f"CP: {item[:40]!r} after {code}-{name} is no key=value"
                self.twice[code] = Refused("bad_syntax", words)
                factors[code][name] += f",{item}"
                continue
            if not equals:
                raise Refused("bad_syntax", f"CP: {item[:40]!r} is no key=value")
            code, dash, name = key.strip().partition("-")
            text = text.strip()
            if not dash:
                into, name = singles, self._spelt(code, {"datatime": "DataTime", "flag": "Flag"})
                last = None
            else:
                code = self._spelt(code, FACTOR_SPELLINGS)
                name = self._spelt(name, FIELD_SPELLINGS)
                into, last = factors.setdefault(code, {}), (code, name)
            if into.setdefault(name, text) == text:
                continue
            words = f"CP: {key.strip()[:40]!r} stands twice with different values"
            if not dash:
                raise Refused("bad_syntax", words)
            self.twice[code] = Refused("bad_syntax", words)
        return singles, factors

    def _spelt(self, text: str, spellings: dict[str, str]) -> str:
        """Standard spelling of a name; names are case-sensitive, but firmware does not always comply."""
        found = spellings.get(text.casefold(), text)
        if found != text:
            self.tolerated.append("letter_case")
        return found

    def _time(self, singles: dict[str, str]) -> SentInstant:
        """Start of the window (or its end, if the device marks that), or the instant: DataTime; else QN."""
        clock = self.policy.clock
        text = singles.pop("DataTime", None)
        if text is not None:
            return compact_sent(text, clock, "DataTime")
        if self.period_ms:
            return no_instant(f"DataTime: missing; CN={self.frame.cn} needs the start of its window")
        sent = self.frame.fields.get("QN")
        if sent is None:
            return NO_INSTANT
        self.tolerated.append("time_from_qn")
        return compact_sent(sent, clock, "QN")

    def _take(self, code: str, meaning: Code, fields: dict[str, str]) -> None:
        """Move the best field of a factor into the values; the others are left for the extras."""
        quantity = meaning.quantity
        flag = fields.get("Flag")
        wanted = OF_WINDOW if self.period_ms else OF_INSTANT
        name = next((name for name in wanted if name in fields), None)
        why = self.twice.get(code)
        if flag is not None:
            fields.pop("Flag")
            why = why or self._flag(quantity, flag)
        if name is None:
            return
        if name == "Avg" and not self.period_ms:
            self.tolerated.append("mean_as_instant")
        key, text = f"{code}-{name}", fields.pop(name)
        if why is not None:
            self.values.put_aside(quantity, key, text, why)
            return
        self.values.take(meaning, key, text, unit_of(code, meaning, self.policy.units))
        self._look_at(quantity, key, text, assumed=unit_of(code, Code(quantity), self.policy.units) is None)

    def _look_at(self, quantity: str, key: str, text: str, assumed: bool) -> None:
        """Set a pressure aside that no weather has; mark dust that looks as if sent in another unit."""
        value = self.values.of.get(quantity)
        if value is None:
            return
        hpa = value / THOUSAND
        if quantity == "pressure" and not LEAST_PRESSURE_HPA <= hpa <= GREATEST_PRESSURE_HPA:
            del self.values.of[quantity]
            words = impossible(QUANTITIES[quantity], shortly(hpa), LEAST_PRESSURE_HPA, GREATEST_PRESSURE_HPA)
            self.values.put_aside(quantity, key, text, Refused("bad_value", words))
        elif quantity in ("tsp", "pm10") and assumed and 0 < value < THOUSAND:
            self.tolerated.append("unit_doubtful")  # 0.160 is rather mg/m3: no frame names its unit

    def _flag(self, quantity: str, text: str) -> Refused | None:
        """Note the flag of a value; returns why the value can't be used, if the flag can't be read."""
        if not text:
            return None
        if _FLAG.match(text) is None:
            return Refused("bad_value", f"{quantity}: the flag {text[:20]!r} is not a letter such as N")
        self.flags[quantity] = text.upper()
        return None

    def _flag_all(self, text: str) -> None:
        """Apply one Flag for the whole frame to every factor that has none of its own."""
        self.tolerated.append("one_flag")
        for quantity in list(self.values.of):
            if quantity not in self.flags and (why := self._flag(quantity, text)) is not None:
                value = self.values.of.pop(quantity)
                self.values.put_aside(quantity, quantity, value / THOUSAND, why)


def _listed(factors: Fields) -> str:
    """The factors of a frame, for an error message."""
    return f" ({', '.join(list(factors)[:12])})" if factors else ""


def _plain(text: str) -> float | str:
    """Convert text that is plainly a number; return other text unchanged."""
    if _PLAIN_NUMBER.match(text) is None:
        return text
    return float(number_of(text))
