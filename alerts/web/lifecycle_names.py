"""Names of the life cycle for the catalogue: states, commands, refusals, ways out, ends, stop watches."""

from __future__ import annotations

from alerts.web.names import N_

LIFE_STATES = {
    "recorded": N_("On record"),
    "assigned": N_("Assigned"),
    "acknowledged": N_("Acknowledged"),
    "rectifying": N_("Being rectified"),
    "awaiting_verification": N_("Awaiting verification"),
    "postponed": N_("Postponed"),
    "rebound_watch": N_("Closed, watched for a rebound"),
    "merged": N_("Merged"),
    "archived": N_("Archived"),
}

LIFE_COMMANDS = {
    "open": N_("Open a case"),
    "record": N_("Put on record"),
    "imported": N_("Take over from before"),
    "archive": N_("Archive"),
    "withdraw": N_("Propose withdrawal"),
    "sign": N_("Sign for it"),
    "refuse": N_("Refuse: not ours"),
    "start": N_("Begin rectification"),
    "submit": N_("Hand in for verification"),
    "accept": N_("Accept and close"),
    "reject": N_("Reject: to be done again"),
    "rebound": N_("Rebound"),
    "postpone": N_("Postpone"),
    "resume": N_("Take up again"),
    "transfer": N_("Transfer"),
    "merge": N_("Merge"),
    "false_alarm": N_("False alarm"),
    "appeal": N_("Appeal"),
    "uphold_appeal": N_("Uphold the appeal"),
    "dismiss_appeal": N_("Dismiss the appeal"),
    "hand_over": N_("Hand to law enforcement"),
    "confirm_withdrawal": N_("Confirm withdrawal"),
    "decline_withdrawal": N_("Decline withdrawal"),
    "join": N_("A further breach"),
    "amend": N_("A later result"),
    "over": N_("Over"),
    "stop_work": N_("Work stopped"),
    "resume_work": N_("Work resumed"),
    "suppress": N_("Hold messages back"),
    "unsuppress": N_("Messages go out again"),
    "threshold": N_("Deadline reminder"),
    "countersign": N_("Sign for another line"),
    "note": N_("Write a note"),
}

LIFE_REFUSALS = {
    "known_step": N_("this step is not possible in this state"),
    "role": N_("this role may not take this step"),
    "version": N_("the case has changed meanwhile"),
    "fields_complete": N_("a field that is mandatory is empty"),
    "fields_asked": N_("a field is given that this step does not ask for"),
    "any_unit": N_("any unit may"),
    "rectifying_unit": N_("only the rectifying unit may"),
    "another_unit": N_("only another unit than the rectifying one may"),
    "wanted_verifier": N_("only the verifier that the matter wants may"),
    "unit_of_a_line": N_("only the unit of another line of responsibility may"),
    "no_case_takes_it": N_("another case takes it already"),
    "source_fits_role": N_("the machine finds, people patrol or are told from above"),
    "not_to_be_told": N_("only what is late, or not to be told, is on record alone"),
    "unit_is_known": N_("there is no such unit"),
    "import_is_whole": N_("no such case is handed in, it differs, or is in no declared state"),
    "names_another_unit": N_("it is that unit's already"),
    "not_the_county_office": N_("the county office is the last; it cannot refuse"),
    "on_rectify_track": N_("this case needs a signature only"),
    "on_sign_track": N_("this case needs rectification and verification"),
    "signed": N_("the rectifying unit has not signed"),
    "over": N_("it is not over: the newest verdicts still exceed"),
    "not_over_yet": N_("it is over already"),
    "newest_determined": N_("the newest interval is undetermined: silence closes nothing"),
    "evidence_complete": N_("evidence that the matter wants is missing"),
    "until_ahead": N_("the end does not lie ahead"),
    "postponement_has_ended": N_("its postponement has not ended"),
    "target_takes_it": N_("it can be merged only into another open case of the same site"),
    "target_asks_as_much": N_("the other case asks for less: a lower track, or an easier verifier"),
    "target_has_ended": N_("the case that it was merged into goes on"),
    "no_appeal_pending": N_("an appeal is being decided already"),
    "appeal_pending": N_("there is no appeal to decide"),
    "no_withdrawal_proposed": N_("its withdrawal is proposed already"),
    "withdrawal_proposed": N_("its verdicts still exceed: no withdrawal is proposed"),
    "rebound_watch_has_ended": N_("it is still watched for a rebound"),
    "work_goes_on": N_("work has stopped already"),
    "work_stopped": N_("work has not stopped"),
    "suppressed": N_("it is not suppressed"),
    "line_waits": N_("this unit has signed for its line already"),
    "threshold_is_due": N_("no such threshold is reached that nobody was told of"),
}

LIFE_WAYS_OUT = {
    "known_step": N_("take one of the steps named"),
    "role": N_("ask somebody of a role named"),
    "version": N_("look at what has changed, and decide anew"),
    "fields_complete": N_("fill in the fields named"),
    "fields_asked": N_("leave it out"),
    "any_unit": N_("-"),
    "rectifying_unit": N_("ask the rectifying unit, or have the case transferred"),
    "another_unit": N_("ask another unit"),
    "wanted_verifier": N_(
        "ask a unit other than the rectifying one; where it is wanted, the environment branch"
    ),
    "unit_of_a_line": N_("sign as the rectifying unit, or ask a unit of a line"),
    "no_case_takes_it": N_("go to that case"),
    "source_fits_role": N_("name the source `patrol` or `above`"),
    "not_to_be_told": N_("open it"),
    "unit_is_known": N_("name a unit of the register"),
    "import_is_whole": N_("hand in the case that the command names, in a declared state"),
    "names_another_unit": N_("name another unit"),
    "not_the_county_office": N_("transfer the case, or end it with a reason"),
    "on_rectify_track": N_("nothing is to be rectified: it ends once it is over"),
    "on_sign_track": N_("start to rectify, and hand in the evidence"),
    "signed": N_("ask the rectifying unit to sign"),
    "over": N_("wait until it is back under the limit"),
    "not_over_yet": N_("nothing is to be done"),
    "newest_determined": N_("wait for an interval with enough data, or have the monitor repaired"),
    "evidence_complete": N_("add the evidence named"),
    "until_ahead": N_("name an end that lies ahead"),
    "postponement_has_ended": N_("wait for its end, or have the county office take the case up again"),
    "target_takes_it": N_("name an open case of the site"),
    "target_asks_as_much": N_("merge that case into this one"),
    "target_has_ended": N_("end that case"),
    "no_appeal_pending": N_("wait for its decision"),
    "appeal_pending": N_("nothing is to be done"),
    "no_withdrawal_proposed": N_("wait for the verifier"),
    "withdrawal_proposed": N_("end it as a false alarm, with a reason"),
    "rebound_watch_has_ended": N_("wait for the end of the watch"),
    "work_goes_on": N_("nothing is to be done"),
    "work_stopped": N_("nothing is to be done"),
    "suppressed": N_("nothing is to be done"),
    "line_waits": N_("nothing is to be done"),
    "threshold_is_due": N_("wait for its deadline"),
}

LIFE_ENDS = {
    "signed_and_over": N_("Signed for and over"),
    "no_rebound": N_("Closed without a rebound"),
    "with_its_target": N_("Ended with the case it was merged into"),
    "nothing_to_do": N_("Nothing to do"),
    "withdrawn": N_("Withdrawn"),
    "false_alarm": N_("False alarm"),
    "appeal_upheld": N_("Appeal upheld"),
    "handed_over": N_("Handed to law enforcement"),
}

LIFE_SOURCES = {
    "machine": N_("measured"),
    "patrol": N_("found by people"),
    "above": N_("from above"),
}

LIFE_WATCHES = {
    "sign": N_("Time to sign"),
    "rectify": N_("Time to rectify"),
    "verify": N_("Time to verify"),
}

LIFE_FIELDS = {
    "reason": N_("Reason"),
    "note": N_("Note"),
    "statement": N_("What was done"),
    "photo_before": N_("Photographs before"),
    "photo_after": N_("Photographs after"),
    "document": N_("Document number"),
    "unit": N_("Unit"),
    "until": N_("Until"),
    "into": N_("Into case"),
}

LIFE_VERIFIERS = {
    "none": N_("nobody: a signature is enough"),
    "other_unit": N_("another unit"),
    "environment_branch": N_("the environment branch"),
}

LIFE_TRACKS = {
    "sign": N_("to be signed for"),
    "rectify": N_("to be rectified and verified"),
}

WHICH_TASKS = {
    "mine": N_("Waits for me"),
    "open": N_("Open"),
    "overdue": N_("Overdue"),
    "awaiting": N_("Awaiting verification"),
    "watched": N_("Watched for a rebound"),
    "archived": N_("Archived"),
    "all": N_("All"),
}

# By kind of code, beside those of `alerts.web.names`.
LIFE_TABLES = {
    "life": LIFE_STATES,
    "command": LIFE_COMMANDS,
    "refusal": LIFE_REFUSALS,
    "way_out": LIFE_WAYS_OUT,
    "end": LIFE_ENDS,
    "source": LIFE_SOURCES,
    "watch": LIFE_WATCHES,
    "field": LIFE_FIELDS,
    "verifier": LIFE_VERIFIERS,
    "track": LIFE_TRACKS,
    "task": WHICH_TASKS,
}
