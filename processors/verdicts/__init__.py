"""Three answers with reasons: compliant, exceeds, undetermined.

`judge` answers for a rule's intervals, `days` for days with an allowance, `single_values` for rules on
single values; `answers` holds those that may still change.
"""

from __future__ import annotations

from processors.verdicts.answers import IS_EXCEEDING, NONE, PENDING, Answers, RuleVerdicts
from processors.verdicts.closed_windows import AmendedWindow, ClosedWindow
from processors.verdicts.days import Days
from processors.verdicts.judge import Judge
from processors.verdicts.single_values import SingleValues
