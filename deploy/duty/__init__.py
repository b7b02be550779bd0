"""Responsibility with dates at the machine itself: its files, its revisions, and ending a person."""
