"""What is in force: a configuration revision compiled into columns, one row a device.

`rules` are limits as data with their sources, `rule_in_force` is one as the fold applies it; orders,
maintenance and calibrations from the log change which of them holds where and when.
"""
