"""Sync: a cursor over the change log that loses nothing, versions in it for merging by field, and what devices have pushed."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

LOG_CHANGE = """
CREATE OR REPLACE FUNCTION log_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    silent CONSTANT text[] := ARRAY['version', 'created_at', 'updated_at', 'request_hash'];
    before jsonb;
    after jsonb;
    was jsonb;
    now_is jsonb;
    record_id uuid;
    hidden text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        after := to_jsonb(NEW);
        record_id := (after ->> TG_ARGV[0])::uuid;
        now_is := jsonb_strip_nulls(after - silent);
    ELSIF TG_OP = 'DELETE' THEN
        before := to_jsonb(OLD);
        record_id := (before ->> TG_ARGV[0])::uuid;
        was := jsonb_strip_nulls(before - silent);
    ELSE
        IF NEW IS NOT DISTINCT FROM OLD THEN
            RETURN NULL;
        END IF;
        before := to_jsonb(OLD);
        after := to_jsonb(NEW);
        record_id := (after ->> TG_ARGV[0])::uuid;
        SELECT jsonb_object_agg(o.key, o.value), jsonb_object_agg(o.key, after -> o.key)
          INTO was, now_is
          FROM jsonb_each(before - silent) AS o
         WHERE o.value IS DISTINCT FROM after -> o.key;
        IF was IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    FOR i IN 1 .. TG_NARGS - 1 LOOP
        hidden := TG_ARGV[i];
        IF was ->> hidden IS NOT NULL THEN was := was || jsonb_build_object(hidden, '***'); END IF;
        IF now_is ->> hidden IS NOT NULL THEN now_is := now_is || jsonb_build_object(hidden, '***'); END IF;
    END LOOP;
    INSERT INTO change_log (at, xid, actor, trace_id, record_type, record_id, operation, old, new{column})
    VALUES (now(), pg_current_xact_id(),
            coalesce(nullif(current_setting('leadwerk.actor', true), ''), 'database:' || session_user),
            coalesce(current_setting('leadwerk.trace', true), ''),
            TG_TABLE_NAME, record_id, lower(TG_OP), was, now_is{value});
    RETURN NULL;
END $$
"""
VERSION = {"column": ", version", "value": ", (coalesce(after, before) ->> 'version')::bigint"}


def upgrade() -> None:
    op.execute("ALTER TABLE change_log ADD COLUMN version bigint")
    op.execute(LOG_CHANGE.format(**VERSION))
    op.create_index("ix_change_log_xid_id", "change_log", ["xid", "id"])

    op.create_table(
        "sync_epochs",
        sa.Column("id", sa.Uuid, server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sync_epochs"),
    )
    op.execute("INSERT INTO sync_epochs DEFAULT VALUES")
    op.execute(
        "CREATE TABLE sync_operations ("
        " user_id uuid NOT NULL, op_id uuid NOT NULL, request_hash bytea NOT NULL, status text, record_type text NOT NULL,"
        " record_id uuid NOT NULL, device_id uuid NOT NULL, xid xid8 NOT NULL DEFAULT pg_current_xact_id(),"
        " created_at timestamptz NOT NULL, CONSTRAINT pk_sync_operations PRIMARY KEY (user_id, op_id))"
    )
    op.create_index("ix_sync_operations_record_id", "sync_operations", ["record_id"])
    op.create_index("ix_sync_operations_created_at", "sync_operations", ["created_at"])


def downgrade() -> None:
    op.drop_table("sync_operations")
    op.drop_table("sync_epochs")
    op.drop_index("ix_change_log_xid_id", "change_log")
    op.execute(LOG_CHANGE.format(column="", value=""))
    op.execute("ALTER TABLE change_log DROP COLUMN version")
