"""A level is called seriousness, a closed case archived, and nobody asks any more whether a case came late."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from alerts.store.migrations import rebuilt
from alerts.store.standing import name_of
from alerts.store.tables import REVISION

revision = name_of(REVISION + 1)
down_revision = name_of(REVISION)
oldest_program = REVISION + 1


def upgrade() -> None:
    """Map the states, then change the table that all the others refer to."""
    cases = sa.table("cases", sa.column("state"), sa.column("deadline"))
    op.get_bind().execute(sa.update(cases).where(cases.c.state == "closed").values(state="archived"))
    op.get_bind().execute(sa.update(cases).where(cases.c.deadline.is_(None)).values(deadline=0))
    with rebuilt("cases", drop_indexes=("cases_by_parent",)) as batch:
        batch.alter_column("level", new_column_name="seriousness")
        batch.drop_column("delayed")
        batch.alter_column("deadline", existing_type=sa.BigInteger(), nullable=False)
    op.create_index("cases_by_seriousness", "cases", ["seriousness"])
