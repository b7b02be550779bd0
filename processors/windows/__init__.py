"""Windows of time and the means over them.

`calendar` says which windows exist; `row_log` keeps the readings of those that are open and tells
duplicates; `means` turns readings into slots, capture and statistics, in exact integers.
"""
