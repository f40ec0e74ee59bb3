"""Kernel: change log with its trigger, outbox, idempotency keys, the sort key."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SORT_KEY = """
CREATE FUNCTION sort_key(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN replace(replace(replace(
    lower(public.unaccent('public.unaccent'::regdictionary, value)), 'ae', 'a'), 'oe', 'o'), 'ue', 'u')
"""

TOUCH = """
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW IS DISTINCT FROM OLD THEN
        NEW.version := OLD.version + 1;
        NEW.updated_at := now();
    END IF;
    RETURN NEW;
END $$
"""

LOG_CHANGE = """
CREATE FUNCTION log_change() RETURNS trigger LANGUAGE plpgsql AS $$
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
    INSERT INTO change_log (at, xid, actor, trace_id, record_type, record_id, operation, old, new)
    VALUES (now(), pg_current_xact_id(),
            coalesce(nullif(current_setting('leadwerk.actor', true), ''), 'database:' || session_user),
            coalesce(current_setting('leadwerk.trace', true), ''),
            TG_TABLE_NAME, record_id, lower(TG_OP), was, now_is);
    RETURN NULL;
END $$
"""

ENSURE_PARTITIONS = """
CREATE FUNCTION ensure_change_log_partitions(months int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    month date;
    name text;
    made int := 0;
BEGIN
    FOR i IN 0 .. months LOOP
        month := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i))::date;
        name := 'change_log_' || to_char(month, 'YYYY_MM');
        -- A month that has begun in the default partition, after a long standstill, stays there.
        IF to_regclass(name) IS NULL AND NOT EXISTS (
            SELECT FROM change_log_default
             WHERE at >= month::timestamp AT TIME ZONE 'UTC'
               AND at < (month + interval '1 month') AT TIME ZONE 'UTC'
        ) THEN
            EXECUTE format('CREATE TABLE %I PARTITION OF change_log FOR VALUES FROM (%L) TO (%L)',
                           name, month::text || ' 00:00+00', (month + interval '1 month')::date::text || ' 00:00+00');
            made := made + 1;
        END IF;
    END LOOP;
    RETURN made;
END $$
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS unaccent")
    op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    op.execute(SORT_KEY)
    op.execute(TOUCH)
    op.execute(LOG_CHANGE)
    op.execute("CREATE SEQUENCE change_log_id_seq")
    op.execute(
        "CREATE TABLE change_log ("
        " id bigint NOT NULL DEFAULT nextval('change_log_id_seq'), at timestamptz NOT NULL, xid xid8 NOT NULL,"
        " actor text NOT NULL, trace_id text NOT NULL, record_type text NOT NULL, record_id uuid NOT NULL,"
        " operation text NOT NULL, old jsonb, new jsonb, CONSTRAINT pk_change_log PRIMARY KEY (id, at)"
        ") PARTITION BY RANGE (at)"
    )
    op.execute("ALTER SEQUENCE change_log_id_seq OWNED BY change_log.id")
    op.create_index("ix_change_log_record_id_id", "change_log", ["record_id", "id"])
    op.execute("CREATE TABLE change_log_default PARTITION OF change_log DEFAULT")
    op.execute(ENSURE_PARTITIONS)
    op.execute("SELECT ensure_change_log_partitions(3)")

    moment = sa.DateTime(timezone=True)
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger, sa.Identity(), nullable=False),
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("payload", postgresql.JSONB, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("trace_id", sa.Text, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("dispatched_at", moment),
        sa.Column("attempts", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("error", sa.Text),
        sa.Column("done_at", moment),
        sa.Column("dead_at", moment),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    is_open = "done_at IS NULL AND dead_at IS NULL"
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["due_at", "id"],
        postgresql_where=sa.text(f"{is_open} AND dispatched_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_dispatched",
        "outbox",
        ["dispatched_at"],
        postgresql_where=sa.text(f"{is_open} AND dispatched_at IS NOT NULL"),
    )
    op.create_index(
        "uq_outbox_open_key", "outbox", ["key"], unique=True, postgresql_where=sa.text(f"{is_open} AND key IS NOT NULL")
    )
    op.create_index("ix_outbox_done", "outbox", ["done_at"], postgresql_where=sa.text("done_at IS NOT NULL"))
    op.create_index("ix_outbox_dead", "outbox", ["dead_at"], postgresql_where=sa.text("dead_at IS NOT NULL"))

    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("request_hash", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("headers", postgresql.JSONB, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("user_id", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"])


def downgrade() -> None:
    op.drop_table("idempotency_keys")
    op.drop_table("outbox")
    op.execute("DROP TABLE change_log")
    for function in ("ensure_change_log_partitions(int)", "log_change()", "touch()", "sort_key(text)"):
        op.execute(f"DROP FUNCTION {function}")
    op.execute("DROP EXTENSION IF EXISTS pg_trgm")
    op.execute("DROP EXTENSION IF EXISTS unaccent")
