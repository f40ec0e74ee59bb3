"""Recurring meetings, and calendars that are read from outside."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
CHECKS = {
    "recurrence": "recurrence IS NULL OR type = 'meeting' AND series_id IS NULL",
    "occurrence": "(series_id IS NULL) = (occurrence_at IS NULL)",
}


def upgrade() -> None:
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_activities_{name}"), "activities", condition)
    op.create_index(
        "ix_activities_recurring", "activities", ["assignee_id"], postgresql_where=sa.text("recurrence IS NOT NULL")
    )
    op.create_table(
        "calendar_addresses",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("last_used_at", MOMENT),
        sa.CheckConstraint("details IN ('full', 'busy')", name=op.f("ck_calendar_addresses_details")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_calendar_addresses_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_calendar_addresses")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_addresses_token_hash")),
    )


def downgrade() -> None:
    op.drop_table("calendar_addresses")
    op.drop_index("ix_activities_recurring", "activities")
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_activities_{name}"), "activities", type_="check")
