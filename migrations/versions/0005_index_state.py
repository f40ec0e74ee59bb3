"""What the duplicate index was built with. No row: the index is built before the API serves (app/reindexing)."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "index_state",
        sa.Column("id", sa.SmallInteger, autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_index_state"),
        sa.CheckConstraint("id = 1", name="ck_index_state_one_row"),
    )
    # Look-ups read the index of party_key alone, as long as its pages are known to hold only what everybody sees.
    op.execute(
        "ALTER TABLE party_key SET (autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_vacuum_scale_factor = 0.05)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE party_key RESET (autovacuum_vacuum_insert_scale_factor, autovacuum_vacuum_scale_factor)")
    op.drop_table("index_state")
