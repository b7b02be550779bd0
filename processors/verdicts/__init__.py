"""Three answers with reasons: compliant, exceeds, undetermined.

`judge` answers for intervals of a rule, `days` for days with an allowance, `single_values` for rules on
single values; `answers` holds what may still change.
"""
