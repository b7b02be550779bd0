"""Words of the life cycle: tracks, states, sources, roles, relations, evidence, verifiers, ways to end."""

from __future__ import annotations

# Tracks. A case only rises from the first to the second.
SIGN = "sign"  # found, assigned, acknowledged, archived
RECTIFY = "rectify"  # also rectified and verified
TRACKS: tuple[str, ...] = (SIGN, RECTIFY)

# States
RECORDED = "recorded"  # found too late, or nobody is to be told
ASSIGNED = "assigned"  # 已交办: to one rectifying unit
ACKNOWLEDGED = "acknowledged"  # 已签收
RECTIFYING = "rectifying"  # 整改中
AWAITING = "awaiting_verification"  # 待核验
POSTPONED = "postponed"  # 缓办
REBOUND_WATCH = "rebound_watch"  # closed (销号), and watched for a rebound (回头看)
MERGED = "merged"  # into another case of the site, which goes on for it
ARCHIVED = "archived"  # 已归档
STATES: tuple[str, ...] = (
    RECORDED,
    ASSIGNED,
    ACKNOWLEDGED,
    RECTIFYING,
    AWAITING,
    POSTPONED,
    REBOUND_WATCH,
    MERGED,
    ARCHIVED,
)
OPEN_STATES: tuple[str, ...] = (ASSIGNED, ACKNOWLEDGED, RECTIFYING, AWAITING, POSTPONED)

# Targets of a step that are no state of their own
SAME = "same"  # the state stays
BACK = "back"  # the state from which it was postponed
AS_GIVEN = "as_given"  # an imported case keeps the state that it comes with

# Sources
MACHINE_FOUND = "machine"
PATROL = "patrol"  # 巡查
FROM_ABOVE = "above"  # 上级交办
SOURCES: tuple[str, ...] = (MACHINE_FOUND, PATROL, FROM_ABOVE)

# Roles of who gives a command
MACHINE = "machine"
SITE = "site"
CONTRACTOR = "contractor"
TOWNSHIP = "township"
DEPARTMENT = "department"
COUNTY_OFFICE = "office"
VERIFIER = "verifier"
AUDITOR = "auditor"  # reads; has no command
ADMINISTRATOR = "administrator"
ROLES: tuple[str, ...] = (
    MACHINE,
    SITE,
    CONTRACTOR,
    TOWNSHIP,
    DEPARTMENT,
    COUNTY_OFFICE,
    VERIFIER,
    AUDITOR,
    ADMINISTRATOR,
)

# Relations of the unit that gives a command to the case
ANY_UNIT = "any_unit"
RECTIFYING_UNIT = "rectifying_unit"
ANOTHER_UNIT = "another_unit"  # than the rectifying one
WANTED_VERIFIER = "wanted_verifier"  # as the matter's table wants
UNIT_OF_A_LINE = "unit_of_a_line"  # one of the other lines of responsibility
UNITS: tuple[str, ...] = (ANY_UNIT, RECTIFYING_UNIT, ANOTHER_UNIT, WANTED_VERIFIER, UNIT_OF_A_LINE)

# Verifiers that a matter may want, each stricter than the one before
NO_VERIFIER = "none"
OTHER_UNIT = "other_unit"
ENVIRONMENT = "environment_branch"
VERIFIERS: tuple[str, ...] = (NO_VERIFIER, OTHER_UNIT, ENVIRONMENT)

# Levels that are ranked; any other stands between the first two
LEVEL_RANKS: dict[str, int] = {"notice": 0, "warning": 2, "violation": 3}
OTHER_LEVEL = 1

# Ways in which a case can end, each with what it means
SIGNED_AND_OVER = "signed_and_over"
NO_REBOUND = "no_rebound"
WITH_ITS_TARGET = "with_its_target"
NOTHING_TO_DO = "nothing_to_do"
WITHDRAWN = "withdrawn"
FALSE_ALARM = "false_alarm"
APPEAL_UPHELD = "appeal_upheld"
HANDED_OVER = "handed_over"
ALERT_LIFTED = "alert_lifted"
ENDS: dict[str, str] = {
    SIGNED_AND_OVER: "it is over, and the rectifying unit has signed",
    NO_REBOUND: "it was verified and closed, and nothing was found again while it was watched",
    WITH_ITS_TARGET: "the case that it was merged into has ended",
    NOTHING_TO_DO: "it was only on record, and a person saw nothing to do",
    WITHDRAWN: "all its verdicts comply now, and the verifier has agreed",
    FALSE_ALARM: "what was measured did not happen, with the reason",
    APPEAL_UPHELD: "another unit has upheld the appeal",
    HANDED_OVER: "it was handed to law enforcement, with the document",
    ALERT_LIFTED: "the alert that it was for has ended",
}

# Parties that a step is told to
TO_UNIT = "unit"
TO_LINES = "lines"
TO_VERIFIER = "verifier"
TO_COUNTY_OFFICE = "county_office"

# Why a breach is on record only: the `why` of the command `record`
NOT_TOLD_ON_RECORD = "not_told_on_record"

# Stop watches
WATCH_SIGN = "sign"  # 签收
WATCH_RECTIFY = "rectify"  # 整改
WATCH_VERIFY = "verify"  # 核验
WATCHES: tuple[str, ...] = (WATCH_SIGN, WATCH_RECTIFY, WATCH_VERIFY)


def rank_of(level: str) -> int:
    """The place of a level among others; what has none stands above `notice`."""
    return LEVEL_RANKS.get(level, OTHER_LEVEL)
