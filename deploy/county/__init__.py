"""Configuration folder of a county: checked, compiled into a revision, applied, followed."""
