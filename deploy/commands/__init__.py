"""The commands of the program `dustwatch`, one a module."""
