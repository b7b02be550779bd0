"""Quality flags of every value, beside the raw value, which is never changed: one check a file.

Each check is a pure function of columns sorted by (row, time, content), with flags as in QARTOD. Its
state is the recent rows themselves: it says how far back and ahead it looks (`series.Reach`). `first`
flags values at arrival, `final` those of a quarter of an hour once what comes next is known.
"""
