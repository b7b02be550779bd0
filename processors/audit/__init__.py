"""Why a result is what it is, from history alone.

`trail` collects what a result depends on and `facts` reads the configuration of its time; `recompute` does
the arithmetic again with code of its own; `explain` tells the story in Chinese and English, `document` in
JSON.
`which_rules` and `rose` answer the auditor's other questions: by which rules, and from where.
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
