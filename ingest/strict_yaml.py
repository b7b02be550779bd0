"""Strict YAML validated with pydantic: each error is reported as `file:line:col: path: message`.

All problems of a file are collected, none hides another. The rules for turning text into values are in
`yaml_document`, whose names are re-exported here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from ingest.yaml_document import (
    ConfigError,
    Document,
    Loc,
    Problem,
    Severity,
    YamlPlace,
    did_you_mean,
    full_width,
    parse,
    path_text,
    read,
)

__all__ = [
    "ConfigError",
    "Document",
    "Loaded",
    "Loc",
    "Problem",
    "Severity",
    "YamlPlace",
    "did_you_mean",
    "full_width",
    "load",
    "parse",
    "path_text",
    "read",
    "validate",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T]):
    """Result of `load`: the value (None if there are errors), its document, all problems sorted."""

    value: T | None
    document: Document
    problems: tuple[Problem, ...] = ()

    def needed(self) -> T:
        """The value. Raises ConfigError with all problems where there is none."""
        if self.value is None:
            raise ConfigError(self.problems)
        return self.value


def load(
    path: Path, adapter: TypeAdapter[T], *, name: str | None = None, default: T | None = None
) -> Loaded[T]:
    """The file at `path` as the adapter's type, or all its problems.

    `default` is used if the file is absent or holds nothing but comments. Never raises because of the
    file's contents.
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
    """Check a parsed document against the adapter's type; `problems` already found in it are included."""
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
            # A trap already told of this place: what pydantic thinks of its raw text only confuses,
            # and so does what is missing because it stood behind a merge key.
            if detail["type"] == "missing":
                merged = (*detail["loc"][:-1], "<<") in document.places
                if not merged:
                    found.append(problem)
            elif (problem.line, problem.col) not in faulty and not _echo(detail):
                found.append(problem)
    errors = any(problem.severity == "error" for problem in found)
    return Loaded(None if errors else value, document, tuple(sorted(set(found))))


def _echo(detail: ErrorDetails) -> bool:
    """True if a list is reported as too short only because some of its entries are wrong."""
    return detail["type"] == "too_short" and len(detail["input"]) >= detail["ctx"]["min_length"]


def _from_pydantic(document: Document, detail: ErrorDetails, schema: dict[str, Any] | None) -> Problem:
    kind = detail["type"]
    loc = _real_loc(document, detail["loc"], missing=kind == "missing")
    if kind == "missing":
        entry = isinstance(loc[-1], int) if loc else False
        return document.problem(loc, f"this {'entry' if entry else 'key'} is missing")
    if kind == "extra_forbidden":
        known = sorted(_keys_at(schema or {}, loc[:-1]))
        hint = full_width(loc[-1]) or did_you_mean(loc[-1], known) or f"; known are {', '.join(known)}"
        return document.problem(loc, f"unknown key{hint}", at_key=True)
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        context = detail["ctx"]
        tag = context["discriminator"].strip("'")
        if kind == "union_tag_not_found":
            return document.problem((*loc, tag), "this key is missing")
        known = re.findall(r"'([^']*)'", context["expected_tags"])
        return document.problem((*loc, tag), _one_of(known, context["tag"]))
    return document.problem(loc, _message(detail))


def _one_of(known: list[str], given: object) -> str:
    words = ", ".join(f"`{word}`" for word in known)
    return f"expected one of {words}; found {_shown(given)}{did_you_mean(given, known)}"


def _real_loc(document: Document, loc: tuple[int | str, ...], missing: bool) -> Loc:
    """pydantic's path without the names of union members, which don't occur in the file."""
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
    """Our wording of a pydantic error: what was expected, what was found, the way out."""
    kind, context, given = detail["type"], detail.get("ctx", {}), detail["input"]
    shown = _shown(given)
    if kind == "string_type":
        scalar = isinstance(given, int | float | date) and not isinstance(given, bool)
        return f"expected text, found {shown}" + (f'; quote it: "{given}"' if scalar else "")
    if kind in ("literal_error", "enum"):
        listed = str(context.get("expected", ""))
        # texts stand in quotes there, numbers don't
        return _one_of(re.findall(r"'([^']*)'", listed) or re.split(r", | or ", listed), given)
    if kind in ("value_error", "assertion_error"):
        return str(context.get("error", detail["msg"]))
    if kind in ("too_long", "too_short"):
        bound = (
            f"at most {context['max_length']}" if kind == "too_long" else f"at least {context['min_length']}"
        )
        return f"expected {bound} entries, found {len(given)}"
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
        "date_parsing": "a date such as 2026-03-01",
        "date_from_datetime_parsing": "a date such as 2026-03-01",
        "date_from_datetime_inexact": "a date such as 2026-03-01",
    }
    if kind in words:
        text = "the text " if isinstance(given, str) else ""
        hint = full_width(given) if isinstance(given, str) else ""
        return f"expected {words[kind]}, found {text}{shown}{hint}"
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
