"""What a finding's amount is in the reporting currency at the rate of its own day, in hundredths."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("finding", sa.Column("reporting_minor", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    raise RuntimeError("the journal only moves forward: restore a backup to go back")
