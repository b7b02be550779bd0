"""Strict YAML: every value keeps its place, and what YAML would silently turn into something else is refused.

Plain YAML 1.1 reads an unquoted `0412` as 266, `no` as false, `12:30` as 750 and lets a second key
replace the first. Here scalars are resolved by our own few rules, from the parser's events:

- `true`, `false`, `null`, decimal integers and fractions, ISO dates; everything else is text, except
  what merely looks like a number, a truth value or a time: that must be quoted;
- anchors, aliases, merge keys and tags are refused: one line answers for one value.

`load` validates with pydantic and maps each error back to `file:line:col: path: message`; all
problems of a file are collected, none hides another.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Generic, Literal, NamedTuple, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

T = TypeVar("T")
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
    """Something wrong at one place of one file; as text `file:line:col: path: message`."""

    file: str
    line: int
    col: int
    path: str
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.col}: {self.path}: {self.message}"


class ConfigError(Exception):
    """A configuration that can't be used; `problems` are all that were found, sorted."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Place(NamedTuple):
    """Where a value stands, and the key that names it (the value itself in a list); both from 1."""

    line: int
    col: int
    key_line: int
    key_col: int


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain values (dict, list, str, int, float, bool, date, None) and their places."""

    file: str
    value: Any = None
    places: Mapping[Loc, Place] = field(default_factory=dict)

    def problem(
        self, loc: Loc, message: str, *, severity: Severity = "error", at_key: bool = False
    ) -> Problem:
        """A problem of the value at `loc`; of its nearest parent where nothing stands there."""
        known = loc
        while known not in self.places and known:
            known = known[:-1]
        place = self.places.get(known, Place(1, 1, 1, 1))
        line, col = (place.key_line, place.key_col) if at_key else (place.line, place.col)
        return Problem(self.file, line, col, path_text(loc), message, severity)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T]):
    """What `load` found: the value (None if there are errors), its document, all problems sorted."""

    value: T | None
    document: Document
    problems: tuple[Problem, ...] = ()


def path_text(loc: Loc) -> str:
    """`[3].contacts[0].name`; the whole document is `.`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return text.removeprefix(".") or "."


def did_you_mean(word: object, known: Iterable[str]) -> str:
    """`; did you mean `sites`?`, or empty if nothing known is near."""
    near = difflib.get_close_matches(str(word), list(known), n=1, cutoff=0.6)
    return f"; did you mean `{near[0]}`?" if near else ""


# ------------------------------------------------------------------------------------------ parsing


class _Builder:
    """Builds values and places out of the parser's events; notes problems instead of raising."""

    def __init__(self, file: str, events: Iterable[Any]) -> None:
        self.file = file
        self.events = iter(events)
        self.places: dict[Loc, Place] = {}
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
        self.places[loc] = Place(mark.line + 1, mark.column + 1, key_mark.line + 1, key_mark.column + 1)
        if isinstance(event, yaml.AliasEvent):
            self.note(event, loc, f"alias `*{event.anchor}` is not allowed here; write the value out")
            return None
        if event.anchor is not None:
            self.note(event, loc, f"anchor `&{event.anchor}` is not allowed here; write values out")
        if event.tag is not None:
            self.note(event, loc, f"tag `{event.tag}` is not allowed here; quote what shall be text")
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
    """How to write what a trap may have meant, if it was not text."""
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
    """The document that `text` holds, with the problems of its form; `file` is the name to show."""
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
        return Problem(file, line + 1, col + 1, ".", f"not YAML: {error.problem}{where}")
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


# --------------------------------------------------------------------------------------- validating


def load(
    path: Path, adapter: TypeAdapter[T], *, name: str | None = None, default: T | None = None
) -> Loaded[T]:
    """The file at `path` as the adapter's type, or all its problems.

    `default` stands for a file that is absent or holds nothing but comments. Never raises for what
    the file contains.
    """
    if default is not None and not path.exists():
        return Loaded(default, Document(name or path.name))
    document, problems = read(path, name)
    if problems and not document.places:
        return Loaded(None, document, tuple(sorted(problems)))
    if document.value is None and default is not None and not problems:
        return Loaded(default, document)
    return validate(document, adapter, problems)


def validate(document: Document, adapter: TypeAdapter[T], problems: Iterable[Problem] = ()) -> Loaded[T]:
    """Check a parsed document against the adapter's type; `problems` of its form are kept in."""
    found = list(problems)
    faulty = {(problem.line, problem.col) for problem in found}
    value: T | None = None
    try:
        value = adapter.validate_python(document.value)
    except ValidationError as error:
        schema: dict[str, Any] | None = None
        for detail in error.errors(include_url=False):
            if detail["type"] == "extra_forbidden" and schema is None:
                schema = adapter.json_schema()
            problem = _from_pydantic(document, detail, schema)
            # A trap already told of this place: what pydantic thinks of its raw text only confuses.
            if (problem.line, problem.col) not in faulty or detail["type"] == "missing":
                found.append(problem)
    errors = any(problem.severity == "error" for problem in found)
    return Loaded(None if errors else value, document, tuple(sorted(set(found))))


def _from_pydantic(document: Document, detail: ErrorDetails, schema: dict[str, Any] | None) -> Problem:
    kind = detail["type"]
    loc = _real_loc(document, detail["loc"], missing=kind == "missing")
    if kind == "missing":
        return document.problem(loc, "this key is missing")
    if kind == "extra_forbidden":
        known = sorted(_keys_at(schema or {}, loc[:-1]))
        hint = did_you_mean(loc[-1], known) or f"; known are {', '.join(known)}"
        return document.problem(loc, f"unknown key{hint}", at_key=True)
    return document.problem(loc, _message(detail))


def _real_loc(document: Document, loc: tuple[int | str, ...], missing: bool) -> Loc:
    """pydantic's path without the names of union members, which stand nowhere in the file."""
    real: Loc = ()
    for index, part in enumerate(loc):
        if (*real, part) in document.places or (missing and index == len(loc) - 1):
            real = (*real, part)
    return real


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    return f"`{text if len(text) <= 60 else text[:57] + '...'}`"


def _message(detail: ErrorDetails) -> str:
    """Our words for what pydantic found: what was expected, what stands there, the way out."""
    kind, context, given = detail["type"], detail.get("ctx", {}), detail["input"]
    shown = _shown(given)
    if kind == "string_type":
        scalar = isinstance(given, int | float | date) and not isinstance(given, bool)
        return f"expected text, found {shown}" + (f'; quote it: "{given}"' if scalar else "")
    if kind in ("literal_error", "enum"):
        expected = str(context.get("expected", ""))
        known = re.findall(r"'([^']*)'", expected)
        return f"expected {expected.replace(chr(39), '`')}, found {shown}{did_you_mean(given, known)}"
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error", detail["msg"]))
    words = {
        "int_type": "a whole number",
        "int_from_float": "a whole number",
        "int_parsing": "a whole number",
        "float_type": "a number",
        "float_parsing": "a number",
        "bool_type": "true or false",
        "bool_parsing": "true or false",
        "list_type": "a list",
        "tuple_type": "a list",
        "dict_type": "a mapping",
        "model_type": "a mapping",
        "model_attributes_type": "a mapping",
        "date_type": "a date such as 2026-03-01",
    }
    if kind in words:
        text = "the text " if isinstance(given, str) else ""
        return f"expected {words[kind]}, found {text}{shown}"
    return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}, found {shown}"


def _keys_at(schema: dict[str, Any], loc: Loc) -> set[str]:
    """The keys that the JSON Schema allows in the mapping at `loc`, over all members of unions."""
    definitions = schema.get("$defs", {})

    def open_up(node: dict[str, Any]) -> list[dict[str, Any]]:
        if "$ref" in node:
            return open_up(definitions[node["$ref"].rsplit("/", 1)[-1]])
        members = [*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())]
        return [node, *(opened for member in members for opened in open_up(member))]

    nodes = open_up(schema)
    for part in loc:
        step: list[dict[str, Any]] = []
        for node in nodes:
            if isinstance(part, int):
                prefixed = node.get("prefixItems", [])
                inner = prefixed[part] if part < len(prefixed) else node.get("items")
            else:
                inner = node.get("properties", {}).get(part, node.get("additionalProperties"))
            if isinstance(inner, dict):
                step += open_up(inner)
        nodes = step
    return {key for node in nodes for key in node.get("properties", {})}
