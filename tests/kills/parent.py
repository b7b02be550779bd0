"""`dustwatch`, whose `up` keeps history and cases in the stores named in its environment, where any are named.

    DUSTWATCH_HISTORY=influx+http://... DUSTWATCH_CASES=postgresql+psycopg://... python -m tests.kills.parent up ...

`up` brings files of its own along; everything else is the command as it is.
"""

from __future__ import annotations

import os

from deploy.machine import stack

_STORES = ("DUSTWATCH_HISTORY", "DUSTWATCH_CASES")


class OnOtherStores(stack.Stack):
    """A stack whose services, and the settings it leaves behind, name the stores of the environment."""

    def env(self, service: str) -> dict[str, str]:
        """See `Stack.env`."""
        return {**super().env(service), **{name: os.environ[name] for name in _STORES if name in os.environ}}


if __name__ == "__main__":
    from deploy.cli import main

    setattr(stack, "Stack", OnOtherStores)  # noqa: B010 - a class is no variable to mypy
    main()
