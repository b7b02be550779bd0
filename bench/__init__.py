"""Measurements of dustwatch beside its peers, on the machine at hand; bounded, on loopback only."""
