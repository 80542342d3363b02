"""Cases whose status contradicts what they hold have an index of their own, which is empty while nobody meddles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_CONTRADICTED = sa.text(
    "(status = 'resolved' AND occurrences > 0) OR (active = 1) <> (status IN ('open', 'acknowledged'))"
)


def upgrade() -> None:
    op.create_index(
        "case_contradicted", "case_", ["case_id"], sqlite_where=_CONTRADICTED, postgresql_where=_CONTRADICTED
    )


def downgrade() -> None:
    raise RuntimeError("the journal only moves forward: restore a backup to go back")
