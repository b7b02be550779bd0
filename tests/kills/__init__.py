"""Rounds of kill -9 at a running `dustwatch up`, and what came of every reading, counted from outside."""
