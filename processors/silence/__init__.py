"""Devices that should be sending and are not.

`heard` knows who was heard when, `deadman` when people are told; `device_gaps` and `gap_onset` say how a
gap began, `connections` what the status topic said, `own_outage` what was our fault and not theirs.
"""
