"""Messages in the reader's language: facts of a case, filled into a template of `alerts/texts/`.

`Writer` makes the messages of a case; `render` fills a template with `Facts`. A message's id is a hash of its
case, step and recipient, so that writing it twice has the effect of writing it once.
"""

from alerts.messages.words import Facts, Matter, OutlookMatter, fault_name, group_name, render
from alerts.messages.writer import (
    MatterIn,
    Notice,
    Writer,
    matters_of,
    message_id_of,
    names_but,
    title_in,
)
