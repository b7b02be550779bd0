"""Responsibility with dates: persons, who answers for a site, turns of duty and deputies, as dated rows.

Pure. `DutyBook` answers from the rows of one revision; what a day is (work or rest) it is told.
"""

from alerts.duty.book import DutyBook, OnDuty
from alerts.duty.rows import (
    PLATFORM,
    Deputy,
    DutyPerson,
    DutyRow,
    DutyTurn,
    SiteAnswer,
    Way,
    unit_of_line,
)
from alerts.duty.working_days import DayKinds, announced
