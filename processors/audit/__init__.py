"""Why a result is what it is, from history alone.

`trail` collects what a result depends on and `facts` reads the configuration of its time; `recompute` does
the arithmetic again with code of its own; `explain` tells the story in Chinese and English, `document` in
JSON.
`which_rules` and `rose` answer the auditor's other questions: by which rules, and from where.
"""
