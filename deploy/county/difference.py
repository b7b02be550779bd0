"""Difference between two configurations, field by field. Pure; bodies as held in revisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

Body = Mapping[str, Any]
ADDED, REMOVED, CHANGED = "added", "removed", "changed"
# key of the body -> what one of it is called; other lists of things with an `id` are called by their key
_NAMES = {"sites": "site", "devices": "device", "rules": "rule", "departments": "department"}
_KEYED_BY = ("id", "area", "name")  # what tells the entries of a list apart
_SHORT = 60


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. If something is added or removed, `field` is empty and the whole thing is given."""

    change: str  # added | removed | changed
    what: str  # site, device, rule, county, ...
    id: str
    field: str  # `background.cap`
    before: Any = None
    after: Any = None

    def words(self) -> str:
        """One line for a terminal."""
        name = f"{self.what} {self.id}".strip()
        if self.change == ADDED:
            return f"+ {name}{_title(self.after)}"
        if self.change == REMOVED:
            return f"- {name}{_title(self.before)}"
        return f"~ {name}: {self.field} {_plain(self.before)} -> {_plain(self.after)}"

    def as_json(self) -> dict[str, Any]:
        """As JSON data."""
        return asdict(self)


def difference(before: Body | None, after: Body) -> list[Change]:
    """Changes made by `after`, in a stable order; `before` None: there was nothing, everything is added."""
    old = before or {}
    found: list[Change] = []
    for key in sorted(
        {*old, *after}, key=lambda key: (key in _NAMES, list(_NAMES).index(key) if key in _NAMES else 0, key)
    ):
        was, now = old.get(key), after.get(key)
        what = _NAMES.get(key, key)
        if _is_keyed(was, now):
            found += _things(what, was or [], now or [])
        elif was != now:
            found += _fields(what, "", was, now)
    return found


def _is_keyed(was: Any, now: Any) -> bool:
    lists = [one for one in (was, now) if one]
    return bool(lists) and all(
        isinstance(one, list) and all(_key(x) is not None for x in one) for one in lists
    )


def _key(thing: Any) -> str | None:
    if not isinstance(thing, Mapping):
        return None
    return next((str(thing[key]) for key in _KEYED_BY if key in thing), None)


def _things(what: str, was: Iterable[Any], now: Iterable[Any]) -> Iterator[Change]:
    old, new = ({str(_key(thing)): thing for thing in things} for things in (was, now))
    for id_ in sorted({*old, *new}):
        if id_ not in old:
            yield Change(ADDED, what, id_, "", None, new[id_])
        elif id_ not in new:
            yield Change(REMOVED, what, id_, "", old[id_], None)
        else:
            yield from _fields(what, id_, old[id_], new[id_])


def _fields(what: str, id_: str, was: Any, now: Any, path: str = "") -> Iterator[Change]:
    """Differences of one thing; mappings and lists of keyed entries are compared part by part."""
    if was == now:
        return
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for key in sorted({*was, *now}):
            yield from _fields(what, id_, was.get(key), now.get(key), f"{path}.{key}" if path else key)
    elif _is_keyed(was, now) and isinstance(was, list) and isinstance(now, list):
        for change in _things(path, was, now):
            inner = f"{path}[{change.id}]" + (f".{change.field}" if change.field else "")
            yield Change(CHANGED, what, id_, inner, change.before, change.after)
    elif path == "" and (was is None or now is None):
        yield Change(ADDED if was is None else REMOVED, what, id_, "", was, now)
    else:
        yield Change(CHANGED, what, id_, path, was, now)


def _title(thing: Any) -> str:
    """Name of a thing, so that its id need not be looked up."""
    if not isinstance(thing, Mapping):
        return ""
    name = thing.get("title") or thing.get("name") or (f"at {thing['site']}" if thing.get("site") else "")
    if isinstance(name, Mapping):
        name = name.get("zh") or next(iter(name.values()), "")
    limit = f", limit {thing['limit']:g} {thing.get('unit', '')}".rstrip() if "limit" in thing else ""
    return f" ({name}{limit})" if name else ""


def _plain(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_plain, value)) + "]"
    text = str(value)
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}..."


def summary(changes: list[Change]) -> str:
    """Counts by kind of change: `2 rules changed, 1 device added`."""
    counts: dict[tuple[str, str], set[str]] = {}
    for change in changes:
        counts.setdefault((change.what, change.change), set()).add(change.id)
    parts = [
        f"{len(ids)} {what}{'' if len(ids) == 1 else 's'} {verb}" if "" not in ids else f"{what} {verb}"
        for (what, verb), ids in counts.items()
    ]
    return ", ".join(parts) or "no difference"
