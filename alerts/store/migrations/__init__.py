"""The revisions of the case store's tables, one after another, and what runs them: alembic.

A revision *expands* (older programs go on working) or *contracts*: then it says by `oldest_program` from
which program on the store works. There is no way down: that is what the copy from before is for.
"""

from alerts.store.migrations.appending import append_only
from alerts.store.migrations.rebuilding import rebuilt
from alerts.store.migrations.revisions import DanglingReference, Revisions, SchemaStep, our_revisions
