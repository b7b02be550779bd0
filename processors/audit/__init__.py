"""Audit: explains a published result from history alone.

`trail` collects everything a result depends on and `facts` reads the configuration that was in force;
`recompute` repeats the arithmetic with code of its own; `explain` words the explanation in Chinese and
English, `document` gives it as JSON.

`which_rules` and `rose` answer the auditor's other questions: which rules judge a site, and where its dust
came from.
"""

from __future__ import annotations

from processors.audit.document import document_of
from processors.audit.explain import recomputation_of, story
from processors.audit.facts import RuleFacts, rule_facts
from processors.audit.rose import RoseQuestion, period_in_history, period_of
from processors.audit.rose_words import rose_lines
from processors.audit.teller import Teller
from processors.audit.texts import language_of
from processors.audit.trail import gather
from processors.audit.which_rules import latest_zone, rules_at, site_rules_lines
