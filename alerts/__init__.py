"""Alerts: turns findings of detection into cases that people must close, and notifies those responsible."""
