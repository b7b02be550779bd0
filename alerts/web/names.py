"""Names of codes: tables of texts for the catalogue, by kind of code."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.channels import CHANNEL_KINDS
from alerts.kinds import KINDS
from processors.records import FAULT_WORDS


def N_(text: str) -> str:
    """Mark a text for the catalogue that is translated where it is shown."""
    return text


def N2_(one: str, many: str) -> tuple[str, str]:
    """Mark a text with singular and plural."""
    return one, many


STATES = {
    "exceeds": N_("Exceeds"),
    "undetermined": N_("Undetermined"),
    "silent": N_("Silent"),
    "compliant": N_("Compliant"),
    "planned": N_("Planned"),
    "finished": N_("Finished"),
    "none": N_("No verdict"),
    "ahead": N_("Not over yet"),
}

OUTLOOK_STATES = {
    "warning": N_("Likely to exceed"),
    "exceeds_if_measuring_goes_on": N_("Will exceed if measuring goes on"),
    "certain": N_("Certain to exceed"),
    "day_certain": N_("More exceedances than the day allows"),
}

REASONS: Mapping[str, str | Mapping[str, str]] = {
    "low_capture": N_("too little data in the interval"),
    "no_data": N_("no admitted data in the interval"),
    "no_background": N_("background value not known yet"),
    "no_wind_data": N_("the site has no wind data of the hour"),
    "calm": N_("calm: no monitor stood upwind"),
    "variable_wind": N_("variable wind: no monitor stood upwind"),
    "no_upwind_monitor": N_("no monitor stood upwind of the point"),
    "device_silent": N_("device silent"),
    "never_seen": N_("never heard of since it was set up"),
    "interval_exceeds_window": N_("sends too rarely for this window"),
    "undetermined_hours": N_("undetermined hours could still exceed the allowance"),
    "allowance_exceeded": N_("more exceedances in the day than allowed"),
    "within_allowance": N_("exceedances within the day's allowance"),
    "instant_above": N_("a single value above the limit"),
    "clear": N_("stayed below the limit long enough"),
    "late": N_("found by what came late"),
    "device_returned": N_("the device is heard again"),
    "device_removed": N_("the device was taken out of the configuration"),
    "rule_removed": N_("the rule was taken out of the configuration"),
    "suspected": N_("a pattern in the data is suspected, to be checked on site"),
    "suspicion_over": N_("what was suspected is not seen any more"),
    "rule_suspended": N_("an order has put the rule out of force here"),
    "values_not_admitted": N_("values were sent that no mean may use"),
    "log_gap": N_("records of the interval are missing in the log"),
    "site_silent": N_("whole site silent"),
    "site_quiet": N_("other monitors of the site are quiet too"),
    "site_returned": N_("the site is heard again"),
    "site_removed": N_("the site has no monitors in the configuration any more"),
    "last_will": N_("its connection was lost or ended"),
    "status_online": N_("reported online, but no readings come"),
    "gap_on_rising_slope": N_("the gap began while dust was rising steeply"),
    "gap_under_high_background": N_("the gap began under a high background"),
    "announced": N_("a cut was announced by an order"),
    "announced_over": N_("what was announced is over"),
    "site_stopped": N_("work at the site is stopped"),
    "site_at_rest": N_("the site is planned or finished"),
    "regional": N_("inside a regional episode"),
    "regional_held": N_("held back, county policy for regional episodes"),
    "regional_downgraded": N_("told a level lower, county policy for regional episodes"),
    **FAULT_WORDS,
    "not_judged_yet": N_("no interval judged recently"),
}

IMPLIES = {
    "regional_held": ("regional",),
    "regional_downgraded": ("regional",),
    "site_silent": ("device_silent", "site_quiet"),
    "calm": ("no_background",),
    "no_upwind_monitor": ("no_background",),
    "no_wind_data": ("no_background",),
    "variable_wind": ("no_background",),
    "never_seen": ("device_silent", "no_data", "low_capture"),
    "device_silent": ("no_data", "low_capture"),
    "no_data": ("low_capture",),
}

CASE_LEVELS = {
    "notice": N_("advisory"),
    "warning": N_("warning"),
    "violation": N_("violation"),
}

CASE_STATES = {
    "open": N_("Not signed for"),
    "acknowledged": N_("Signed for, lasting"),
    "recovered": N_("Over, not signed for"),
    "closed": N_("Closed"),
    "foretold": N_("Warning, not to be signed"),
}

STATUSES = {
    "read": N_("read in the standard itself"),
    "reported": N_("reported by a named source, to be checked against the text"),
    "recalled": N_("recalled from memory, to be confirmed before anybody relies on it"),
    "unconfirmed": N_("county policy, not confirmed by a source"),
}

# of a county, for breaches inside a regional episode
REGIONAL_POLICIES = {
    "label": N_("breaches inside are told as any other, with this label"),
    "hold": N_("breaches inside are held back a while before anybody is told"),
    "downgrade": N_("breaches inside are told and assessed a level lower"),
}

EVENTS = {
    "opened": N_("Case opened"),
    "amended": N_("Corrected by later data"),
    "told": N_("Departments told"),
    "acknowledged": N_("Signed for"),
    "closed": N_("Over, back to normal"),
    "rose": N_("Warning of an exceedance"),
    "cleared": N_("Warning over"),
    "withdrawn": N_("Warning withdrawn, readings were corrected"),
    "lost": N_("Warning ended, too little data"),
    "set_aside": N_("Notice could not be written, nobody was told but the operator"),
}

ROLES = {
    "sector": N_("sector line"),
    "territorial": N_("territorial line"),
    "site": N_("site"),
    "platform": N_("platform operator"),
}

PEOPLES_ROLES = {
    "site": N_("site manager"),
    "contractor": N_("contractor"),
    "township": N_("township or street office"),
    "department": N_("department in charge"),
    "office": N_("county dust office"),
    "verifier": N_("verifier"),
    "auditor": N_("auditor"),
    "administrator": N_("administrator"),
    "machine": N_("machine"),
}

ACCOUNT_STATES = {
    "invited": N_("invited, has not signed in yet"),
    "active": N_("may sign in"),
    "ended": N_("ended"),
}

# What the audit log holds.
ACTIONS = {
    "signed_in": N_("signed in"),
    "signed_out": N_("signed out"),
    "sign_in_failed": N_("sign-in refused"),
    "confirmed": N_("proved again who they are"),
    "confirm_failed": N_("could not prove again who they are"),
    "password_set": N_("set a password"),
    "refused": N_("was refused: not allowed to the role"),
    "viewed": N_("looked at"),
    "signed": N_("signed for a case"),
    "exported": N_("took a list along"),
    "reported": N_("handed in a problem"),
    "account_made": N_("made an account"),
    "account_changed": N_("changed an account"),
    "account_ended": N_("ended an account"),
    "account_erased": N_("erased a person"),
    "invited": N_("made an invitation"),
    "link_made": N_("made a one-time link"),
    "token_made": N_("made a machine's token"),
    "token_revoked": N_("took a machine's token back"),
    "silence_made": N_("asked for a silence"),
    "silence_approved": N_("approved of a silence"),
    "silence_ended": N_("ended a silence"),
}

SILENCE_STATES = {
    "waits": N_("Waiting for approval"),
    "present": N_("In force"),
    "coming": N_("Coming"),
    "ended": N_("Ended"),
}

WHICH_CASES = {
    "open": N_("Open"),
    "unsigned": N_("To be signed"),
    "overdue": N_("Overdue"),
    "closed": N_("Closed"),
    "all": N_("All"),
}

SCOPE_NAMES = {
    "read": N_("read sites, readings and cases"),
    "problems": N_("hand in problems that people found"),
}

MESSAGE_STATES = {
    "pending": N_("waiting"),
    "sending": N_("being sent"),
    "sent": N_("sent"),
    "refused": N_("refused"),
    "given_up": N_("given up"),
    "muted": N_("muted by a silence"),
    "unknown": N_("outcome unknown"),
    "delivered": N_("sent"),
    "retry": N_("failed, to be tried again"),
    "failed": N_("failed"),
}

# What is known of a message that was sent, by kind of channel: nobody knows that it was read.
ACCEPTED = {
    "file": N_("sent: written to the file"),
    "webhook": N_("sent: taken by the receiver"),
    "mail": N_("sent: taken by the mail server"),
    "wecom": N_("sent: taken by the platform"),
}

WHICH_MESSAGES = {
    "all": N_("All"),
    "waiting": N_("Waiting"),
    "accepted": N_("Sent"),
    "failed": N_("Failed"),
    "muted": N_("Muted"),
}

STEPS = {
    "opened": N_("notice"),
    "recovered": N_("recovery"),
    "warning": N_("likely to exceed"),
    "certain": N_("certain to exceed"),
    "several": N_("several matters together"),
    "cleared": N_("warning over"),
    "withdrawn": N_("warning withdrawn"),
    "morning": N_("digest of the morning"),
}

SITE_KINDS = {
    "building": N_("building site"),
    "municipal": N_("municipal works"),
    "road": N_("road works"),
    "demolition": N_("demolition"),
    "muck_yard": N_("muck yard"),
    "river": N_("river works"),
    "land_levelling": N_("land levelling"),
    "stock_yard": N_("stock yard"),
    "mixing_plant": N_("mixing plant"),
    "quarry": N_("quarry"),
    "port": N_("port"),
}

STAGES = {
    "demolition": N_("demolition"),
    "earthwork": N_("earthwork"),
    "foundation_treatment": N_("foundation treatment"),
    "foundation": N_("foundation"),
    "structure": N_("structure"),
    "decoration": N_("decoration"),
    "landscaping": N_("landscaping"),
    "paving": N_("paving"),
    "operation": N_("in operation"),
    "idle": N_("at rest"),
}

ZONES = {
    "urban": N_("urban"),
    "suburban": N_("suburban"),
    "rural": N_("rural"),
    "main": N_("main zone"),
    "second": N_("second zone"),
}

DEVICE_ROLES = {
    "boundary": N_("boundary"),
    "gate": N_("gate"),
    "upwind": N_("upwind"),
    "downwind": N_("downwind"),
    "inside": N_("inside"),
    "reference": N_("reference"),
}

LINES = {
    "sector": N_("sector line"),
    "territorial": N_("territorial line"),
    "coordination": N_("coordination"),
    "site": N_("site itself"),
}

REMARKS = {
    "unknown_key": N_("names that nobody has explained, left unread"),
    "clock": N_("wrong times, replaced or put right"),
    "label": N_("a period that would end after it came: its label marks the end?"),
    "tolerance": N_("small deviations of the format, read all the same"),
    "set_aside": N_("values that can't be used, set aside"),
    "notice": N_("messages without a measurement"),
    "refused_clock": N_("readings refused for their time"),
    "identity": N_("messages refused, somebody else's sender"),
}

ASIDE = {
    "bad_value": N_("no plausible number"),
    "bad_unit": N_("unknown unit"),
    "count": N_("a count, no concentration"),
    "empty": N_("empty"),
}

# of the quality checks
FLAGS = {
    "gross_range": N_("beyond what the sensor, or dust of any kind, can show"),
    "ceiling": N_("pinned at the sensor's maximum, or a code for no value"),
    "spike": N_("a single value far off both of its neighbours"),
    "rate_of_change": N_("changed faster than dust does"),
    "flat_line": N_("the same value for too long"),
    "attenuated_signal": N_("hardly varies over a period"),
    "pm_order": N_("PM2.5 above PM10, or either above TSP"),
    "humidity": N_("air so wet that droplets are read as dust"),
    "neighbour": N_("far from the other monitors of the site"),
    "background": N_("far below the background of the area"),
    "device_flag": N_("the monitor itself says that it is no measurement"),
    "above_range": N_("the monitor says that the value is beyond its range"),
    "clock": N_("time far from that of receipt"),
}

# stages behind the log
LOG_STAGES = {
    "detect": N_("judges readings"),
    "store": N_("keeps readings and verdicts"),
    "alerts": N_("makes cases and messages"),
}

# why a message was put into quarantine
HELD = {
    "bad_crc": N_("checksum does not fit"),
    "bad_length": N_("length does not fit"),
    "bad_syntax": N_("not of the format"),
    "bad_json": N_("no valid JSON"),
    "bad_time": N_("no usable time"),
    "bad_unit": N_("unknown unit"),
    "bad_value": N_("no plausible number"),
    "no_known_key": N_("nothing in it is known"),
    "too_large": N_("too large"),
    "empty": N_("empty"),
    "unknown_device": N_("monitor not in the configuration"),
    "unknown_station": N_("station not in the configuration"),
    "unknown_place": N_("place not in the configuration"),
    "unknown_topic": N_("topic not in the configuration"),
    "store_refused": N_("refused by the history"),
    "not_allowed": N_("sent by somebody who may not"),
    "encrypted": N_("encrypted, and no key opens it"),
    "count": N_("a count, no concentration"),
    "case_unwritable": N_("refused by the case store"),
}

STORES = {"history": N_("the history (readings and verdicts)"), "cases": N_("the case store")}

QUANTITY_NAMES = {
    "pm10": "PM10",
    "pm2_5": "PM2.5",
    "pm1": "PM1",
    "tsp": "TSP",
    "temperature": N_("Temperature"),
    "humidity": N_("Humidity"),
    "pressure": N_("Pressure"),
    "wind_speed": N_("Wind speed"),
    "wind_direction": N_("Wind direction"),
    "noise": N_("Noise"),
}

LENGTHS = (
    (86400, N2_("{n} day", "{n} days")),
    (3600, N2_("{n} hour", "{n} hours")),
    (60, N2_("{n} minute", "{n} minutes")),
    (1, N2_("{n} second", "{n} seconds")),
)

DECIMALS = {"temperature": 1, "humidity": 0, "pressure": 1, "wind_speed": 1, "wind_direction": 0, "noise": 1}

# By kind of code; a name is a text of the catalogue, or stands there in both languages.
TABLES: dict[str, Mapping[str, str | Mapping[str, str]]] = {
    "state": STATES,
    "reason": REASONS,
    "outlook": OUTLOOK_STATES,
    "kind": {name: kind.shown for name, kind in KINDS.items()},
    "level": CASE_LEVELS,
    "case": CASE_STATES,
    "status": STATUSES,
    "regional": REGIONAL_POLICIES,
    "event": EVENTS,
    "role": ROLES,
    "person": PEOPLES_ROLES,
    "account": ACCOUNT_STATES,
    "action": ACTIONS,
    "scope": SCOPE_NAMES,
    "which": WHICH_CASES,
    "message": MESSAGE_STATES,
    "accepted": ACCEPTED,
    "told": WHICH_MESSAGES,
    "silence": SILENCE_STATES,
    "step": STEPS,
    "site_kind": SITE_KINDS,
    "stage": STAGES,
    "zone": ZONES,
    "device_role": DEVICE_ROLES,
    "line": LINES,
    "remark": REMARKS,
    "aside": ASIDE,
    "store": STORES,
    "stage_of_log": LOG_STAGES,
    "held": HELD,
    "flag": FLAGS,
    "channel": {name: kind.shown for name, kind in CHANNEL_KINDS.items()},
    "quantity": QUANTITY_NAMES,
}
