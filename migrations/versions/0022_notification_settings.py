"""Settings of notifications; what of them goes out by mail; waking up who waits for them; threads of messages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TELL_NOTIFICATIONS = """
CREATE FUNCTION tell_notifications() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    users text;
    distinct_users bigint;
BEGIN
    SELECT string_agg(user_id::text, ','), count(*) INTO users, distinct_users
    FROM (SELECT DISTINCT user_id FROM told LIMIT 101) AS first_ones;
    IF distinct_users > 100 THEN
        users := '*';
    END IF;
    IF distinct_users > 0 THEN
        PERFORM pg_notify('notifications', users);
    END IF;
    RETURN NULL;
END $$
"""
"""One message for each statement, however many rows it has: a payload is at most 8,000 bytes."""


def upgrade() -> None:
    op.create_table(
        "notification_settings",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("kinds", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("digest_hour", sa.BigInteger(), server_default=sa.text("8"), nullable=False),
        sa.Column("digest_weekdays_only", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("digest_hour BETWEEN 0 AND 23", name=op.f("ck_notification_settings_digest_hour")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_notification_settings_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notification_settings")),
    )
    op.add_column("notifications", sa.Column("in_app", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.add_column("notifications", sa.Column("mail", sa.Text(), server_default=sa.text("'never'"), nullable=False))
    op.add_column("notifications", sa.Column("digested_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("ALTER TABLE notifications ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id()")
    op.create_check_constraint(op.f("ck_notifications_mail"), "notifications", "mail IN ('at_once', 'digest', 'never')")
    op.create_index("ix_notifications_user_id_xid", "notifications", ["user_id", "xid"])
    op.create_index(
        "ix_notifications_waiting",
        "notifications",
        ["user_id"],
        postgresql_where=sa.text("mail = 'digest' AND digested_at IS NULL"),
    )
    op.execute("DROP INDEX ix_notifications_unread")
    op.create_index(
        "ix_notifications_unread",
        "notifications",
        ["user_id"],
        postgresql_where=sa.text("in_app AND read_at IS NULL"),
    )
    op.execute(TELL_NOTIFICATIONS)
    op.execute(
        "CREATE TRIGGER tell_new AFTER INSERT ON notifications REFERENCING NEW TABLE AS told "
        "FOR EACH STATEMENT EXECUTE FUNCTION tell_notifications()"
    )
    op.execute(
        "CREATE TRIGGER tell_changed AFTER UPDATE ON notifications REFERENCING NEW TABLE AS told "
        "FOR EACH STATEMENT EXECUTE FUNCTION tell_notifications()"
    )
    op.add_column("messages", sa.Column("thread_id", sa.Uuid(), nullable=True))
    op.add_column("messages", sa.Column("reply_to_id", sa.Uuid(), nullable=True))
    op.execute("ALTER TABLE messages DISABLE TRIGGER USER")  # nobody has changed them
    op.execute("UPDATE messages SET thread_id = id")
    op.execute("ALTER TABLE messages ENABLE TRIGGER USER")
    op.alter_column("messages", "thread_id", nullable=False)
    op.create_foreign_key(
        op.f("fk_messages_reply_to_id"), "messages", "messages", ["reply_to_id"], ["id"], ondelete="SET NULL"
    )
    op.create_index("ix_messages_reply_to_id", "messages", ["reply_to_id"])
    op.create_index("ix_messages_thread_id_created_at_id", "messages", ["thread_id", "created_at", "id"])


def downgrade() -> None:
    op.drop_column("messages", "reply_to_id")
    op.drop_column("messages", "thread_id")
    op.execute("DROP TRIGGER tell_changed ON notifications")
    op.execute("DROP TRIGGER tell_new ON notifications")
    op.execute("DROP FUNCTION tell_notifications()")
    op.execute("DELETE FROM notifications WHERE NOT in_app")
    op.drop_column("notifications", "xid")
    op.drop_column("notifications", "digested_at")
    op.drop_column("notifications", "mail")
    op.drop_column("notifications", "in_app")
    op.create_index(
        "ix_notifications_unread", "notifications", ["user_id"], postgresql_where=sa.text("read_at IS NULL")
    )
    op.drop_table("notification_settings")
