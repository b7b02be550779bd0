"""Turns breaches into cases that people must close, and tells them."""
