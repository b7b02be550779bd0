"""Messages in the reader's language: what is to be told, filled into a template of `alerts/texts/`.

`Writer` makes the tellings of a case; `decide_groups` says when they leave and which leave together,
`suppressor_of` which are held back; `message_of` composes the message. Its id is a hash of its way and its
tellings, so that writing it twice has the effect of writing it once.
"""

from alerts.messages.composing import message_id_of, message_of
from alerts.messages.grouping import (
    AT_ONCE,
    GroupTiming,
    TellingBundle,
    TellingPace,
    WaitingTelling,
    decide_groups,
    is_alone,
    wait_of,
)
from alerts.messages.inhibition import INHIBITIONS, LOOK_AGAIN_MS, SUPPRESSORS, OpenMatter, suppressor_of
from alerts.messages.quiet_hours import QUIET_HOURS, QuietHours
from alerts.messages.silencing import TellingSilence, needs_second, silence_over
from alerts.messages.words import FallenAgain, Facts, Matter, OutlookMatter, fault_name, group_name, render
from alerts.messages.writer import (
    MatterIn,
    Notice,
    Writer,
    is_urgent,
    matters_of,
    names_but,
    title_in,
)
