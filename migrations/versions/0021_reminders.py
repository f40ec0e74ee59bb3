"""Reminders and follow-ups."""

import sqlalchemy as sa
from alembic import op

from migrations.support import watch

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
KINDS = {
    "lead": "leads",
    "account": "accounts",
    "contact": "contacts",
    "opportunity": "opportunities",
    "activity": "activities",
}
COLUMNS = ", ".join(f"{kind}_id" for kind in KINDS)
RECORD_TYPE = " ".join(f"WHEN {kind}_id IS NOT NULL THEN '{kind}'" for kind in KINDS)
# Whoever changes it: what is due on a day is due by the clock that its assignee has now.
MOVED = """
CREATE FUNCTION user_time_zone_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (job, payload, actor, trace_id, created_at, due_at)
    VALUES ('follow_ups.move', jsonb_build_object('user_id', NEW.id),
            coalesce(nullif(current_setting('leadwerk.actor', true), ''), 'system:database'),
            coalesce(current_setting('leadwerk.trace', true), ''), now(), now());
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "reminders",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.Column("outcome", sa.Text()),
        sa.CheckConstraint("record_type IN ('activity', 'follow_up')", name=op.f("ck_reminders_record_type")),
        sa.CheckConstraint("outcome IN ('told', 'void', 'failed')", name=op.f("ck_reminders_outcome")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_reminders_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint("record_id", "user_id", name=op.f("uq_reminders_record_id_user_id")),
    )
    op.create_index("ix_reminders_due", "reminders", ["due_at", "id"], postgresql_where=sa.text("sent_at IS NULL"))
    # What is due at eight makes as many dead rows at once: they are to go before the next morning's.
    op.execute("ALTER TABLE reminders SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000)")

    op.create_table(
        "follow_ups",
        *(sa.Column(f"{kind}_id", sa.Uuid()) for kind in KINDS),
        sa.Column("record_id", sa.Uuid(), sa.Computed(f"coalesce({COLUMNS})", persisted=True), nullable=False),
        sa.Column("record_type", sa.Text(), sa.Computed(f"CASE {RECORD_TYPE} END", persisted=True), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=False),
        sa.Column("due_on", sa.Date()),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("done_at", MOMENT),
        sa.Column("done_by", sa.Uuid()),
        sa.Column("snoozed", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("request_hash", sa.LargeBinary()),
        sa.CheckConstraint(f"num_nonnulls({COLUMNS}) = 1", name=op.f("ck_follow_ups_one_record")),
        sa.CheckConstraint("status IN ('open', 'done')", name=op.f("ck_follow_ups_status")),
        sa.CheckConstraint("(status = 'done') = (done_at IS NOT NULL)", name=op.f("ck_follow_ups_done")),
        *(
            sa.ForeignKeyConstraint(
                [f"{kind}_id"], [f"{table}.id"], name=op.f(f"fk_follow_ups_{kind}_id"), ondelete="CASCADE"
            )
            for kind, table in KINDS.items()
        ),
        sa.ForeignKeyConstraint(["assignee_id"], ["users.id"], name=op.f("fk_follow_ups_assignee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
    )
    for kind in KINDS:
        op.create_index(
            f"ix_follow_ups_{kind}_id",
            "follow_ups",
            [f"{kind}_id"],
            postgresql_where=sa.text(f"{kind}_id IS NOT NULL"),
        )
    for column in ("record_id", "assignee_id", "created_by"):
        op.create_index(f"ix_follow_ups_{column}_due_at_id", "follow_ups", [column, "due_at", "id"])
    op.create_index(
        "ix_follow_ups_open",
        "follow_ups",
        ["assignee_id", "due_at", "id"],
        postgresql_where=sa.text("status = 'open'"),
    )
    watch("follow_ups")
    op.execute(MOVED)
    op.execute(
        "CREATE TRIGGER time_zone_changed AFTER UPDATE OF time_zone ON users FOR EACH ROW "
        "WHEN (NEW.time_zone <> OLD.time_zone) EXECUTE FUNCTION user_time_zone_changed()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER time_zone_changed ON users")
    op.execute("DROP FUNCTION user_time_zone_changed()")
    op.drop_table("follow_ups")
    op.drop_table("reminders")
