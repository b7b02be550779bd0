"""The catalogue: every text of the pages is translated, and nothing else is in it."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from alerts.web import names
from alerts.web.words import LOCALE, Words, choose_language, translations
from ingest.register_checks import WORDS
from processors.records.reasons import REASONS

WEB = Path(names.__file__).parent
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "N2_": (1, 2)}
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
OPTIONS = {
    "templates/**.html": {"extensions": "jinja2.ext.i18n", "trim_blocks": "true", "lstrip_blocks": "true"}
}


def texts_of_the_pages() -> set[str]:
    """Every msgid in code and templates; of texts that count, the singular."""
    found = extract_from_dir(WEB, METHODS, OPTIONS, KEYWORDS)
    ids = (message if isinstance(message, str) else message[0] for _, _, message, _, _ in found)
    return {text for text in ids if text}


def catalogue() -> dict[str, tuple[str, ...]]:
    with (LOCALE / "zh_CN" / "LC_MESSAGES" / "desk.po").open("rb") as stream:
        po = read_po(stream)
    assert not [m.id for m in po if m.fuzzy and m.id]
    return {
        (m.id if isinstance(m.id, str) else m.id[0]): (m.string,)
        if isinstance(m.string, str)
        else tuple(m.string)
        for m in po
        if m.id
    }


def test_every_text_is_translated_into_chinese() -> None:
    known = catalogue()
    missing = sorted(text for text in texts_of_the_pages() if not all(known.get(text, ("",))))
    assert missing == []


def test_the_catalogue_holds_no_text_that_is_used_nowhere() -> None:
    assert sorted(set(catalogue()) - texts_of_the_pages()) == []


def test_placeholders_survive_translation() -> None:
    for text, said in catalogue().items():
        wanted = set(re.findall(r"\{\w+\}|%\(\w+\)s", text))
        for form in said:
            assert set(re.findall(r"\{\w+\}|%\(\w+\)s", form)) == wanted, text


def test_every_word_of_the_register_and_every_reason_has_a_name() -> None:
    assert set(WORDS["kind"]) <= set(names.SITE_KINDS)
    assert set(WORDS["stage"]) <= set(names.STAGES)
    assert set(WORDS["zone"]) <= set(names.ZONES)
    assert set(WORDS["role"]) <= set(names.DEVICE_ROLES)
    assert set(REASONS) <= set(names.REASONS)


def test_the_reader_gets_the_language_asked_for_then_kept_then_the_browsers_then_the_countys() -> None:
    assert choose_language("en", "zh_CN", "zh-CN", "zh_CN") == "en"
    assert choose_language(None, "zh_CN", "en-US,en;q=0.9", "zh_CN") == "zh_CN"
    assert choose_language(None, None, "en-US,en;q=0.9", "zh_CN") == "en"
    assert choose_language(None, None, "en;q=0.3, zh-TW;q=0.9", "en") == "zh_CN"
    assert choose_language(None, None, "fr, de;q=0.5", "zh_CN") == "zh_CN"
    assert choose_language("klingon", "", "*;q=x", "en") == "en"


def test_what_counts_is_said_in_both_languages() -> None:
    assert Words("en", "Asia/Shanghai").lasting(3_600_000) == "1 hour"
    assert Words("en", "Asia/Shanghai").lasting(7_300_000) == "2 hours"
    assert Words("zh_CN", "Asia/Shanghai").lasting(7_300_000) == "2 小时"
    assert translations("en").gettext("Exceeds") == "Exceeds"


def test_instants_are_the_countys_and_a_day_ends_at_24() -> None:
    w = Words("zh_CN", "Asia/Shanghai")
    noon = 1_795_406_400_000  # 2026-11-23T12:00:00+08:00
    assert w.stamp(noon) == "2026-11-23 12:00:00"
    assert w.span(noon + 11 * 3_600_000, noon + 12 * 3_600_000, noon) == "23:00–24:00"
    assert w.time(noon - 24 * 3_600_000, noon) == "11月22日 12:00"
    assert Words("en", "Asia/Shanghai").time(noon - 24 * 3_600_000, noon) == "Nov 22 12:00"
    assert w.number(None) == "–"
    assert w.number(1234.56, "pm10") == "1,235"
    assert w.number(-3.14, "temperature") == "−3.1"
