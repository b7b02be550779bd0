"""What a case says of how people found it: from its trail, for its page and for paper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from alerts.casework.emergency import CasesLists
from alerts.store.life_reads import LifeFile


class ShownProblem(NamedTuple):
    """`texts`: place and words; None: erased. `taken`: the measures are to be taken, not what failed."""

    how: str
    found_at: int | None
    measures: tuple[str, ...]
    taken: bool
    cause: str
    document: str
    due: int | None
    texts: tuple[tuple[str, str | None], ...]


def shown_problem(file: LifeFile, lists: CasesLists, language: str) -> ShownProblem | None:
    """What people found, or what is known of a cause; None: nothing of the kind."""
    checklist, emergency = lists
    if not file.trail:
        return None
    opened = file.trail[0]
    said = opened.values
    named = [record.values["cause"] for record in file.trail if record.values.get("cause")]
    if not named and not said.get("measures") and not said.get("how"):
        return None
    measures = said.get("measures", ())
    ids = tuple(str(one) for one in measures) if isinstance(measures, tuple | list) else ()
    taken = "order" in said
    names = emergency.names(ids, language) if taken else checklist.names(ids, language)
    return ShownProblem(
        str(said.get("how", "")),
        _instant(said, "found_at"),
        names,
        taken,
        checklist.cause(str(named[-1]), language) if named else "",
        str(opened.refs.get("document", "")),
        _instant(said, "due"),
        tuple(
            (name, file.texts.get(opened.texts[name])) for name in ("place", "words") if name in opened.texts
        ),
    )


def _instant(said: Mapping[str, object], name: str) -> int | None:
    value = said.get(name)
    return value if isinstance(value, int) else None
