"""YAML documents in which every value keeps its position; what YAML would silently convert is refused.

Plain YAML 1.1 reads an unquoted `0412` as 266, `no` as false, `12:30` as 750 and lets a second key
replace the first. Here scalars are resolved by our own few rules, from the parser's events:

- `true`, `false`, `null`, decimal integers and fractions, ISO dates; everything else is text, except
  what merely looks like a number, a truth value or a time: that must be quoted;
- anchors, aliases, merge keys and tags are refused: one line answers for one value;
- control characters and what turns the direction of reading are refused in every text (`plain_text`).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple

import yaml

from ingest.plain_text import one_line, unfit

Loc = tuple[str | int, ...]
Severity = Literal["error", "warning"]

_FAST_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 60  # a configuration needs less than ten; a bomb of brackets needs thousands

_INTEGER = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})")
_FRACTION = re.compile(r"[+-]?(0|[1-9][0-9]*)\.[0-9]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TRUTH = {"true": True, "false": False}
_NOTHING = ("", "null")
_TRAPS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i:y|n|yes|no|on|off|true|false)"), "YAML may read it as a truth value"),
    (re.compile(r"(?i:~|null)"), "YAML reads it as nothing"),
    (re.compile(r"=|<<"), "YAML 1.1 reads it as a sign of its own, and many programs refuse it"),
    (re.compile(r"[+-]?[0-9]+(:[0-9]+)+(\.[0-9]*)?"), "YAML may read it as a number of base 60"),
    (re.compile(r"[+-]?0[0-9]+"), "with its leading zero YAML may read it as an octal number"),
    (re.compile(r"[+-]?0[xob][0-9a-fA-F_]+"), "YAML may read it as a number of another base"),
    (re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?"), "YAML may read it as a date"),
    (
        re.compile(r"[+-]?(\.?[0-9][0-9_]*(\.[0-9_]*)?([eE][+-]?[0-9]+)?|\.(inf|Inf|INF|nan|NaN|NAN))"),
        "YAML programs differ on whether it is a number",
    ),
)


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """An error or warning at one place in one file; as text `file:line:col: path: message`."""

    file: str
    line: int
    col: int
    path: str
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return one_line(f"{self.file}:{self.line}:{self.col}: {self.path}: {self.message}")


class ConfigError(Exception):
    """A configuration that can't be used; `problems` holds everything found, sorted."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class YamlPlace(NamedTuple):
    """Position of a value, and of the key that names it (of the value itself in a list); both from 1."""

    line: int
    col: int
    key_line: int
    key_col: int


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain values (dict, list, str, int, float, bool, date, None) and their positions."""

    file: str
    value: Any = None
    places: Mapping[Loc, YamlPlace] = field(default_factory=dict)

    def problem(
        self, loc: Loc, message: str, *, severity: Severity = "error", at_key: bool = False
    ) -> Problem:
        """A problem with the value at `loc`, or with its nearest parent if nothing is there."""
        known = loc
        while known not in self.places and known:
            known = known[:-1]
        place = self.places.get(known, YamlPlace(1, 1, 1, 1))
        line, col = (place.key_line, place.key_col) if at_key else (place.line, place.col)
        return Problem(self.file, line, col, path_text(loc), message, severity)


def path_text(loc: Loc) -> str:
    """`[3].contacts[0].name`; the whole document is `.`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return text.removeprefix(".") or "."


def did_you_mean(word: object, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """`; did you mean `sites`?`, or empty if nothing known is similar."""
    near = difflib.get_close_matches(str(word), list(known), n=1, cutoff=cutoff)
    return f"; did you mean `{near[0]}`?" if near else ""


_FULL_WIDTH = {
    "：": "`: `, with a blank",
    "，": "`, `",
    "“": '`"`',
    "”": '`"`',
    "［": "`[`",
    "］": "`]`",
    "｛": "`{`",
    "｝": "`}`",
    "－": "`-`",
    "＃": "`#`",
}


def full_width(text: object) -> str:
    """`; `：` is a full-width sign; ...`, if a full-width character replaces one that YAML needs."""
    sign = next((char for char in str(text) if char in _FULL_WIDTH), None)
    return f"; `{sign}` is a full-width sign: YAML wants {_FULL_WIDTH[sign]}" if sign else ""


class _Builder:
    """Builds values and positions from the parser's events; records problems instead of raising."""

    def __init__(self, file: str, events: Iterable[Any]) -> None:
        self.file = file
        self.events = iter(events)
        self.places: dict[Loc, YamlPlace] = {}
        self.problems: list[Problem] = []

    def note(self, event: Any, loc: Loc, message: str) -> None:
        mark = event.start_mark
        self.problems.append(Problem(self.file, mark.line + 1, mark.column + 1, path_text(loc), message))

    def document(self) -> Any:
        value: Any = None
        documents = 0
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents == 2:
                    self.note(event, (), "a second document begins; one file holds one document")
                    return value
                value = self.node(next(self.events), ())
        return value

    def node(self, event: Any, loc: Loc, key: Any = None) -> Any:
        mark, key_mark = event.start_mark, (key or event).start_mark
        self.places[loc] = YamlPlace(mark.line + 1, mark.column + 1, key_mark.line + 1, key_mark.column + 1)
        if isinstance(event, yaml.AliasEvent):
            self.note(event, loc, f"alias `*{event.anchor}` is not allowed here; write the value out")
            return None
        if event.anchor is not None:
            self.note(event, loc, f"anchor `&{event.anchor}` is not allowed here; write values out")
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.note(event, loc, f"tag `{tag}` is not allowed here; quote what shall be text")
        if len(loc) > _DEEPEST:
            raise RecursionError
        if isinstance(event, yaml.ScalarEvent):
            return self.scalar(event, loc)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
                items.append(self.node(event, (*loc, len(items))))
            return items
        return self.mapping(loc)

    def mapping(self, loc: Loc) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(key_event := next(self.events), yaml.MappingEndEvent):
            key = self.key(key_event, loc)
            if key in found:
                first = self.places[(*loc, key)]
                message = f"duplicate key; it already stands on line {first.key_line}"
                self.note(key_event, (*loc, key), message)
                kept = {at: place for at, place in self.places.items() if at[: len(loc) + 1] == (*loc, key)}
                self.node(next(self.events), (*loc, key), key_event)
                self.places.update(kept)
                continue
            found[key] = self.node(next(self.events), (*loc, key), key_event)
        return found

    def key(self, event: Any, loc: Loc) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            self.node(event, (*loc, "?"))
            self.note(event, loc, "a key must be text")
            return "?"
        if event.anchor is not None or event.tag is not None:
            self.note(event, loc, "anchors and tags are not allowed on keys")
        if event.style in (None, "") and event.value == "<<":
            self.note(event, loc, "merge key `<<` is not allowed here; write the keys out")
            return "<<"
        before = len(self.problems)
        key = self.scalar(event, (*loc, event.value))
        if not isinstance(key, str) and len(self.problems) == before:
            self.note(event, loc, f'a key must be text; quote it: "{event.value}"')
        return str(event.value)

    def scalar(self, event: Any, loc: Loc) -> Any:
        text: str = event.value
        if (fault := unfit(text)) is not None:  # of any text: names reach mails, files and databases
            self.note(event, loc, fault)
            return text
        if event.style not in (None, "") or event.tag is not None:
            return text
        if text in _NOTHING:
            return None
        if text in _TRUTH:
            return _TRUTH[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FRACTION.fullmatch(text):
            return float(text)
        if _DATE.fullmatch(text):
            try:
                return date.fromisoformat(text)
            except ValueError as error:
                self.note(event, loc, f"`{text}` is no date: {error}")
                return text
        for trap, why in _TRAPS:
            if trap.fullmatch(text):
                self.note(
                    event, loc, f'unquoted `{text}`: {why}; write "{text}" for the text{_or_else(text)}'
                )
                return text
        return text


def _or_else(text: str) -> str:
    """End of a message: how to write what a trap may have meant, if it was not text."""
    if text.lower() in ("yes", "on", "true", "y"):
        return ", or true"
    if text.lower() in ("no", "off", "false", "n"):
        return ", or false"
    if text.lower() in ("~", "null"):
        return ", or null"
    if re.fullmatch(r"[+-]?0[0-9]+", text):
        return f", or {int(text)} for the number"
    if re.fullmatch(r"[+-]?[0-9._]+([eE][+-]?[0-9]{1,2})?", text):
        return ", or the number in plain digits"
    return ""


def parse(text: str, file: str) -> tuple[Document, list[Problem]]:
    """Parse `text` into a document, with the problems of its form; `file` is the name to show."""
    try:
        builder = _Builder(file, yaml.parse(text, Loader=_FAST_LOADER))
        value = builder.document()
    except yaml.YAMLError:
        # libyaml and PyYAML word their errors differently; always show the latter's.
        return Document(file), [_syntax_problem(text, file)]
    except RecursionError:
        return Document(file), [Problem(file, 1, 1, ".", f"nested more than {_DEEPEST} levels deep")]
    return Document(file, value, builder.places), builder.problems


def _syntax_problem(text: str, file: str) -> Problem:
    try:
        _Builder(file, yaml.parse(text, Loader=yaml.SafeLoader)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, col = (mark.line, mark.column) if mark else (0, 0)
        if error.problem and "'\\t'" in error.problem:
            return Problem(file, line + 1, col + 1, ".", "a tab; indent with spaces")
        where = f" ({error.context})" if error.context else ""
        above, here = (text.splitlines()[n : n + 1] for n in (max(0, line - 1), line))
        # a line whose only colon is a full-width one is text, and it is the next line that makes no sense
        hint = full_width("".join(one for one in above if "：" in one and ": " not in one))
        hint = hint or full_width("".join(here))
        return Problem(file, line + 1, col + 1, ".", f"not YAML: {error.problem}{where}{hint}")
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, col = before.count("\n") + 1, error.position - before.rfind("\n")
        return Problem(file, line, col, ".", f"character U+{error.character:04X} is not allowed")
    except RecursionError:
        pass
    return Problem(file, 1, 1, ".", "not YAML")


def read(path: Path, name: str | None = None) -> tuple[Document, list[Problem]]:
    """Parse the file at `path`; a file that can't be read is a problem too. `name` is shown for it."""
    file = name or path.name
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return Document(file), [Problem(file, 1, 1, ".", "the file is missing")]
    except OSError as error:
        return Document(file), [Problem(file, 1, 1, ".", f"can't be read: {error.strerror}")]
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        col = error.start - raw.rfind(b"\n", 0, error.start)
        return Document(file), [
            Problem(file, line, col, ".", "not UTF-8 text; save the file in UTF-8 (GBK is not read)")
        ]
    return parse(text, file)
