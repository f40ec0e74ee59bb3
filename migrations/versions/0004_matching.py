"""The duplicate index: parties and their blocking keys. Derived data, so not under the change log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "party",
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("record_type", sa.Text, nullable=False),
        sa.Column("record_id", sa.Uuid, nullable=False),
        sa.Column("dump", postgresql.JSONB, nullable=False),
        sa.Column("keys", postgresql.ARRAY(sa.BigInteger), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_party"),
        sa.UniqueConstraint("record_type", "record_id", name="uq_party_record_type_record_id"),
    )
    op.create_table(
        "party_key",
        sa.Column("key", sa.BigInteger, nullable=False),
        sa.Column("party_id", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key", "party_id", name="pk_party_key"),
    )


def downgrade() -> None:
    op.drop_table("party_key")
    op.drop_table("party")
