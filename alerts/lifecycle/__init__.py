"""The life cycle of a case as data: its states, steps, guards, fields, stop watches, and where a breach goes.

Pure: no clock, no database, no network. Instants are ms UTC and come with the command, working time with a
calendar. `decide` answers a command; `place` and `place_hours` say which case a breach and its exceeding
hours go to; `next_due` says what the passing of time asks for.
"""

from alerts.lifecycle.case import Actor, LifeCase, LifeCommand, LifeFacts, Salted
from alerts.lifecycle.deciding import Decided, LifeRefusal, decide
from alerts.lifecycle.drawing import diagram
from alerts.lifecycle.forms import form_of, shown_fields
from alerts.lifecycle.matters import MATTERS, MatterRow, matter_of
from alerts.lifecycle.placing import (
    FoundBreach,
    Placement,
    county_day,
    hours_by_day,
    in_order,
    place,
    place_hours,
    taken_by,
)
from alerts.lifecycle.timers import next_due, wakes_at
from alerts.lifecycle.trail import CaseRecord, canonical_bytes, digest_of, time_in_states
from alerts.lifecycle.working_time import WorkingCalendar
