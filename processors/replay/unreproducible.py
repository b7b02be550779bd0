"""Verdicts of the past that a fold over history or the log can't reproduce, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping

from ingest.records import Revision
from processors.audit import RuleFacts, rule_facts
from processors.columns import HOUR_MS, MINUTE_MS
from processors.history import BACKGROUND, History, RulingRow, context_row
from processors.replay.backtest import Backtest, ComparedVerdict, VerdictKey

WHY: Mapping[str, str] = {
    "log_gap": "the log lacked records of it",
    "background_not_kept": "a background record that it used is not in history",
    "readings_not_kept": "it has a value, but history holds no reading of it",
    "log_begins_later": "the log begins later than the fold needs it to: retention has deleted the rest",
    "silent_before": "its device was silent already where the fold begins: since when is not known there",
    "decided_late": "it was decided later than its rule says: an outage, of which history knows nothing",
}
_SILENT, _NEVER_SEEN = "device_silent", "never_seen"  # reasons of an undetermined verdict
_SOON_MS = 5 * MINUTE_MS  # a decision later than due by more than this waited for something


def by_history(
    history: History, rulings: Mapping[VerdictKey, RulingRow], revision: Revision
) -> dict[VerdictKey, str]:
    """Verdicts of history that can't be reproduced from it. Raises HistoryUnusable."""
    rules = {rule["id"]: rule_facts(rule) for rule in revision.body["rules"]}
    kept: set[str] = set()
    if rulings:
        starts = [row.start for row in rulings.values()]
        rows = history.rows("context", {"kind": BACKGROUND}, min(starts), max(starts) + 1)
        kept = {context_row(row).id for row in rows}
    found: dict[VerdictKey, str] = {}
    for key, row in rulings.items():
        rule = rules.get(row.rule)
        if "log_gap" in row.reasons:
            found[key] = "log_gap"
        elif _lacks_background(row, rule, kept):
            found[key] = "background_not_kept"
        elif row.kind != "day" and row.value is not None and not _is_measured(history, row):
            found[key] = "readings_not_kept"
        elif row.revision == 1 and _is_late(row, rule):
            found[key] = "decided_late"
    return found


def _lacks_background(row: RulingRow, rule: RuleFacts | None, kept: set[str]) -> bool:
    if rule is not None and rule.background is not None and rule.background.is_beside:
        return False  # it is measured again, out of the site's readings
    if row.background is not None and not row.background_ids:
        return True
    return any(id_ not in kept for id_ in row.background_ids)


def _is_measured(history: History, row: RulingRow) -> bool:
    until = max(row.end, row.start + 1)
    return bool(history.readings(row.device, row.pollutant, row.start - HOUR_MS, until, limit=1))


def _is_late(row: RulingRow, rule: RuleFacts | None) -> bool:
    if rule is None or row.kind == "instant" or row.decided_at is None:
        return False
    wait = rule.background.wait if rule.background is not None else 0
    return row.decided_at > row.end + rule.lateness + wait + _SOON_MS


def by_log(
    backtest: Backtest, places: Mapping[VerdictKey, int], begins: Mapping[int, int]
) -> dict[VerdictKey, str]:
    """Live verdicts that the log can't reproduce.

    `places`: partition of each; `begins`: receipt of the first record that a partition still holds, ms.
    """
    found = silent_before(backtest)
    lead = backtest.start - backtest.log_start
    for key in backtest.live.verdicts:
        begin = begins.get(places.get(key, -1))
        if begin is not None and key.start - lead < begin:
            found[key] = "log_begins_later"
    return found


def silent_before(backtest: Backtest) -> dict[VerdictKey, str]:
    """Live verdicts on devices that fell silent before the fold began."""
    again = backtest.other.verdicts
    return {
        key: "silent_before"
        for key, live in backtest.live.verdicts.items()
        if _knew_more(live, again.get(key))
    }


def _knew_more(live: ComparedVerdict, again: ComparedVerdict | None) -> bool:
    """True if the fold calls a device never seen where the live verdict knew that it had fallen silent."""
    alike = again is not None and again.answer == live.answer and _NEVER_SEEN in again.reasons
    return alike and _SILENT in live.reasons and _NEVER_SEEN not in live.reasons
