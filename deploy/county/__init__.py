"""A county's folder: checked, compiled into a revision, put into force, followed."""
