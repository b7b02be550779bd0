"""Suspected falsification (疑似): one pattern a file over a ring of hourly features; a person decides."""
