"""A case has one legal entity, a period and its worth; what each detector reported last is known without its findings.

A case of before had the fingerprint of its cause alone and may be of several legal entities: it is marked, and the
next report divides it. What an open case is worth is what is at stake in it now; of a resolved one, all that was ever
found in it, in the currencies it was found in.
"""

from __future__ import annotations

from decimal import Decimal

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_CASE = ("period", "worth", "worth_reporting", "split_from", "identity")
_FINDING = ("legal_entity", "money_kind", "period")
_PARTIAL = {
    "case_in_time": ("sla_due", "active = 1 AND overdue = 0"),
    "case_snoozed": ("snoozed_until", "snoozed_until IS NOT NULL"),
    "case_of_old_identity": ("identity", "identity IS NOT NULL"),
}


def upgrade() -> None:
    for name in _CASE:
        op.add_column("case_", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("case_", sa.Column("worth_rank", sa.BigInteger(), nullable=True))
    for name in _FINDING:
        op.add_column("finding", sa.Column(name, sa.Text(), nullable=True))
    for name, (column, where) in _PARTIAL.items():
        op.create_index(name, "case_", [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where))
    op.create_table(
        "report",
        sa.Column("detector", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("detector"),
    )
    connection = op.get_bind()
    connection.execute(sa.text("UPDATE case_ SET identity = 'cause'"))
    connection.execute(
        sa.text("UPDATE case_ SET worth = amounts, worth_reporting = amount_reporting, worth_rank = amount_rank")
    )
    _recovered(connection)


def _recovered(connection: sa.Connection) -> None:
    """Resolved cases: what was found in them, by currency; what that was in the reporting currency nobody kept."""
    summed = connection.execute(
        sa.text(
            "SELECT case_id, currency, sum(minor) AS minor FROM ("
            "SELECT case_id, subject_entity, subject_key, currency, max(amount_minor) AS minor FROM finding "
            "WHERE currency IS NOT NULL AND amount_minor IS NOT NULL "
            "AND case_id IN (SELECT case_id FROM case_ WHERE status = 'resolved') "
            "GROUP BY case_id, subject_entity, subject_key, currency) AS each_once GROUP BY case_id, currency"
        )
    ).all()
    worth: dict[str, dict[str, str]] = {}
    for case_id, currency, minor in summed:
        worth.setdefault(case_id, {})[currency] = str(Decimal(int(minor)).scaleb(-2))
    connection.execute(
        sa.text("UPDATE case_ SET worth = '{}', worth_reporting = NULL, worth_rank = NULL WHERE status = 'resolved'")
    )
    for case_id, amounts in worth.items():
        connection.execute(
            sa.text("UPDATE case_ SET worth = :worth WHERE case_id = :case_id"),
            {"worth": orjson.dumps(amounts).decode(), "case_id": case_id},
        )


def downgrade() -> None:
    raise RuntimeError("the journal only moves forward: restore a backup to go back")
