"""Turns what detection finds into cases that people must close, and tells those who answer for them."""
