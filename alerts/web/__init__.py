"""The desk: the live board, sites, curves and cases, for the people who answer for dust."""
