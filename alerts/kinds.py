"""Table of the kinds of case: who is told by default, with which texts, and how the desk shows them.

A new kind is an entry here and its texts in `alerts/texts/` (one per language); everything else reads the
table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

EXCEEDANCE = "exceedance"
OUTLOOK = "outlook"  # the early warning; nobody signs for it
OFFLINE = "offline"
SUSPICION = "suspicion"
MANY_SILENT = "many_silent"  # several offline cases, told as one
FAULT = "fault"  # of a monitor that speaks
SYSTEM = "system"  # trouble of the platform itself
MORNING = "morning"  # of a message, of no case: what a unit has to do that day

VIOLATION = "violation"  # the level at which nothing waits

# Levels of an outlook, which are also the steps at which it is told.
LIKELY = "warning"
CERTAIN = "certain"

LINES: tuple[str, ...] = ("sector", "territorial", "site")


@dataclass(frozen=True, slots=True)
class CaseKind:
    """Properties of a kind of case."""

    shown: Mapping[str, str]  # its name on the desk by language
    opened: str = "opened"  # the text in which its beginning is told: texts/LANGUAGE/NAME.txt.j2
    ended: str | None = None  # its end; None: `recovered` or `corrected`, by what was measured
    of_breach: bool = True  # detection opens it by a breach of the same kind
    levels: tuple[str, ...] = ()
    deadlines: Mapping[str, float] = field(default_factory=dict)  # hours by level, where no rule names any
    told: tuple[str, ...] | None = LINES  # by the default route; None: no route, the operator alone
    by_name_only: bool = False  # a route that names no kind doesn't mean it
    asked_as: str | None = None  # what `dustwatch who --kind` calls it, if not by its name
    signed: bool = True  # it is closed by a person's signature, and listed until then
    gathers: bool = False  # it tells of several as one; they, not it, are worked at
    # Nobody is told before it is clear whether others are silent too. The data's `start` is when the monitor
    # was last heard, and the case of a whole site stands for those of its monitors.
    silence: bool = False
    shows_level: bool = False  # its level says more than its kind


KINDS: dict[str, CaseKind] = {
    EXCEEDANCE: CaseKind(
        {"en": "Exceedance", "zh": "超标"},
        levels=("notice", "warning", VIOLATION),
        deadlines={"warning": 24.0, VIOLATION: 4.0},
        asked_as="breach",
        shows_level=True,
    ),
    OUTLOOK: CaseKind(
        {"en": "Before the breach", "zh": "超标趋势提示"},
        opened="outlook",
        ended="outlook_ended",
        of_breach=False,
        levels=(LIKELY, CERTAIN),
        told=("site",),  # before a breach only the site itself can do something about it
        by_name_only=True,
        signed=False,
    ),
    OFFLINE: CaseKind(
        {"en": "Device silent", "zh": "设备离线"},
        opened="offline",
        ended="returned",
        levels=(OFFLINE,),
        deadlines={OFFLINE: 24.0},
        silence=True,
    ),
    SUSPICION: CaseKind(
        {"en": "Suspected falsification", "zh": "疑似数据造假"},
        opened="suspicion",
        ended="suspicion_over",
        levels=(SUSPICION,),
    ),
    FAULT: CaseKind(
        {"en": "Monitor faulty", "zh": "设备故障"},
        opened="fault",
        ended="fault_over",
        levels=(FAULT,),
        deadlines={FAULT: 24.0},
    ),
    MANY_SILENT: CaseKind(
        {"en": "Many devices silent", "zh": "多台设备离线"},
        opened="many_silent",
        ended="returned",
        of_breach=False,
        told=None,
        gathers=True,
    ),
    SYSTEM: CaseKind(
        {"en": "Platform trouble", "zh": "平台故障"},
        opened="trouble",
        ended="trouble_ended",
        of_breach=False,
        told=None,
    ),
}

# Of a kind that another version wrote: told with what every case has, and shown by its code.
_UNDECLARED = CaseKind({})

BREACH_KINDS: tuple[str, ...] = tuple(name for name, kind in KINDS.items() if kind.of_breach)
# What a route may name; those of a breach first.
ROUTED: tuple[str, ...] = (
    *BREACH_KINDS,
    *(name for name, kind in KINDS.items() if kind.told is not None and not kind.of_breach),
)
LEVELS: tuple[str, ...] = tuple(dict.fromkeys(level for kind in KINDS.values() for level in kind.levels))
DEADLINES: Mapping[str, float] = {k: h for kind in KINDS.values() for k, h in kind.deadlines.items()}
# What people work at: has a case with a life.
WORKED: frozenset[str] = frozenset(n for n, kind in KINDS.items() if kind.signed and not kind.gathers)
UNSIGNED: tuple[str, ...] = tuple(name for name, kind in KINDS.items() if not kind.signed)
ASKED: dict[str, str] = {KINDS[name].asked_as or name: name for name in ROUTED}  # --kind -> kind


def kind_of(name: str | None) -> CaseKind:
    """Entry of a kind; an undeclared kind is told and listed like any case."""
    return KINDS.get(name or "", _UNDECLARED)
