"""Desk: the live board, sites, curves and cases, for the people responsible for dust."""
