"""Turns readings into verdicts, intervals and breaches."""
