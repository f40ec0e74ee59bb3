"""Fields that an installation adds to its records."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.support import watch

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES = {"lead": "leads", "account": "accounts", "contact": "contacts", "opportunity": "opportunities"}
CHECKS = {
    "record_type": "record_type IN ('lead', 'account', 'contact', 'opportunity')",
    "kind": "kind IN ('text', 'number', 'money', 'date', 'choice', 'multi_choice', 'boolean', 'link')",
    "link_to": "(kind = 'link') = (link_to IS NOT NULL) AND link_to IN ('account', 'contact', 'user')",
}

# A shared lock first, and only then the look: the query inside a volatile function sees what was committed while it waited.
HELD = """
CREATE FUNCTION held_custom_fields(of_type text, named text[]) RETURNS SETOF custom_fields
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(4201011, hashtext(of_type));
    RETURN QUERY SELECT * FROM custom_fields AS f
        WHERE f.record_type = of_type AND f.deleted_at IS NULL
          AND (f.key = ANY(named) OR (f.required AND f.retired_at IS NULL));
END $$
"""

# Rows of `custom_values` for what changed in a record's `custom`: dates are days since 2000, texts the beginning of their sort key.
KEEP = """
CREATE FUNCTION keep_custom_values() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was jsonb := '{}';
    now_is jsonb := '{}';
BEGIN
    IF TG_OP <> 'INSERT' THEN
        was := OLD.custom;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        now_is := NEW.custom;
    END IF;
    IF was <> '{}' THEN
        DELETE FROM custom_values AS v
         USING jsonb_each(was) AS o(key, value), custom_fields AS f
         WHERE f.record_type = TG_ARGV[0] AND f.key = o.key AND o.value IS DISTINCT FROM now_is -> o.key
           AND v.record_id = OLD.id AND v.field = f.no;
    END IF;
    IF now_is <> '{}' THEN
        INSERT INTO custom_values (field, record_id, key, number)
        SELECT f.no, NEW.id, made.key, made.number
          FROM jsonb_each(now_is) AS n(key, value)
          JOIN custom_fields AS f ON f.record_type = TG_ARGV[0] AND f.key = n.key
         CROSS JOIN LATERAL (
            SELECT CASE f.kind WHEN 'text' THEN left(sort_key(n.value #>> '{}'), 200)
                               WHEN 'choice' THEN n.value #>> '{}'
                               WHEN 'link' THEN n.value #>> '{}' END AS key,
                   CASE f.kind WHEN 'number' THEN (n.value #>> '{}')::numeric
                               WHEN 'money' THEN (n.value ->> 'amount')::numeric
                               WHEN 'date' THEN ((n.value #>> '{}')::date - DATE '2000-01-01')::numeric
                               WHEN 'boolean' THEN (n.value #>> '{}')::boolean::int::numeric END AS number
             WHERE f.kind <> 'multi_choice'
            UNION ALL
            SELECT item, NULL FROM jsonb_array_elements_text(CASE f.kind WHEN 'multi_choice' THEN n.value ELSE '[]' END) AS item
         ) AS made
         WHERE n.value IS DISTINCT FROM was -> n.key AND n.value <> 'null';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "custom_fields",
        sa.Column("no", sa.Integer(), sa.Identity(always=True), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("link_to", sa.Text()),
        sa.Column("label_de", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=False),
        sa.Column("help_de", sa.Text()),
        sa.Column("help_en", sa.Text()),
        sa.Column("required", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("choices", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("minimum", sa.Text()),
        sa.Column("maximum", sa.Text()),
        sa.Column("max_length", sa.Integer()),
        sa.Column("decimals", sa.Integer()),
        sa.Column("maps_to_id", sa.Uuid()),
        sa.Column("retired_at", sa.DateTime(timezone=True)),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("request_hash", sa.LargeBinary()),
        *(sa.CheckConstraint(condition, name=op.f(f"ck_custom_fields_{name}")) for name, condition in CHECKS.items()),
        sa.ForeignKeyConstraint(["maps_to_id"], ["custom_fields.id"], name=op.f("fk_custom_fields_maps_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_fields")),
        sa.UniqueConstraint("no", name=op.f("uq_custom_fields_no")),
        sa.UniqueConstraint("record_type", "key", name=op.f("uq_custom_fields_record_type_key")),
    )
    watch("custom_fields")
    # Principals know for which records there are required fields: everybody's is read anew.
    op.execute(
        "CREATE TRIGGER tell_identity AFTER INSERT OR UPDATE ON custom_fields "
        "FOR EACH STATEMENT EXECUTE FUNCTION tell_identity()"
    )
    op.create_table(
        "custom_values",
        sa.Column("field", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(collation="C")),
        sa.Column("number", sa.Numeric()),
    )
    for column in ("key", "number"):
        op.create_index(
            f"ix_custom_values_{column}",
            "custom_values",
            ["field", column, "record_id"],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )
    op.create_index("ix_custom_values_record_id", "custom_values", ["record_id", "field"])
    # A key belongs to few fields: without this the planner multiplies two small chances.
    op.execute("CREATE STATISTICS custom_values_by_field (dependencies, mcv) ON field, key FROM custom_values")
    op.execute("ALTER STATISTICS custom_values_by_field SET STATISTICS 1000")
    op.execute(HELD)
    op.execute(KEEP)
    for record_type, table in TABLES.items():
        op.add_column(table, sa.Column("custom", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False))
        for name, event, condition in (
            ("added", "INSERT", "NEW.custom <> '{}'"),
            ("changed", "UPDATE", "OLD.custom IS DISTINCT FROM NEW.custom"),
            ("gone", "DELETE", "OLD.custom <> '{}'"),
        ):
            op.execute(
                f"CREATE TRIGGER custom_values_{name} AFTER {event} ON {table} FOR EACH ROW WHEN ({condition}) "
                f"EXECUTE FUNCTION keep_custom_values('{record_type}')"
            )


def downgrade() -> None:
    for table in TABLES.values():
        for name in ("added", "changed", "gone"):
            op.execute(f"DROP TRIGGER custom_values_{name} ON {table}")
        op.drop_column(table, "custom")
    op.execute("DROP FUNCTION keep_custom_values()")
    op.execute("DROP FUNCTION held_custom_fields(text, text[])")
    op.drop_table("custom_values")
    op.drop_table("custom_fields")
