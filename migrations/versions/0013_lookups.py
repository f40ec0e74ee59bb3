"""Answers of company directories, kept for a while."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lookup_answers",
        sa.Column("directory", sa.Text(), nullable=False),
        sa.Column("question", sa.LargeBinary(), nullable=False),
        sa.Column("answer", postgresql.JSONB(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("directory", "question", name=op.f("pk_lookup_answers")),
    )
    op.create_index("ix_lookup_answers_expires_at", "lookup_answers", ["expires_at"])


def downgrade() -> None:
    op.drop_table("lookup_answers")
