"""The early warning: what a window that is still open will come to.

`projection` computes, `states` decides what is said and when; `short_windows`, `long_windows` and
`day_allowance` look at the windows of an hour and less, of hours, and of a day.
"""
