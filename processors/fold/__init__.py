"""The fold of one partition: feed records in, judgements, breaches and warnings out.

`detector` folds a record into `memory`, which is saved as a `snapshot`; it reads no clock and no random
number, so that a replay gives the same bytes.
"""
