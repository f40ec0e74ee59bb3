"""Pairs that somebody has found to be different. What leads knew of it for themselves, `leads.distinct_from`, moves here."""

import sqlalchemy as sa
from alembic import op

from migrations.support import watch

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KINDS = {"accounts": "account", "contacts": "contact", "leads": "lead"}

# A dismissal goes with either of its records, however that is deleted.
FORGET = """
CREATE FUNCTION forget_dismissals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM duplicate_dismissals WHERE first_id = OLD.id AND first_type = TG_ARGV[0];
    DELETE FROM duplicate_dismissals WHERE second_id = OLD.id AND second_type = TG_ARGV[0];
    RETURN NULL;
END $$
"""

# Refs of records that are gone are left behind. Kinds sort account, contact, lead: the other comes first unless it is a lead too.
MOVE = """
WITH named AS (
    SELECT leads.id, leads.created_at, leads.created_by, other
    FROM leads CROSS JOIN LATERAL unnest(leads.distinct_from) AS other
    WHERE leads.distinct_from <> '{}' AND other <> leads.id
), pairs AS (
    SELECT 'account' AS first_type, other AS first_id, named.id AS second_id, named.created_at, named.created_by
    FROM named JOIN accounts ON accounts.id = other
    UNION ALL
    SELECT 'contact', other, named.id, named.created_at, named.created_by
    FROM named JOIN contacts ON contacts.id = other
    UNION ALL
    SELECT 'lead', least(other, named.id), greatest(other, named.id), named.created_at, named.created_by
    FROM named JOIN leads ON leads.id = other
)
INSERT INTO duplicate_dismissals (id, first_type, first_id, second_type, second_id, created_at, updated_at, created_by)
SELECT DISTINCT ON (first_type, first_id, second_id)
       gen_random_uuid(), first_type, first_id, 'lead', second_id, created_at, created_at, created_by
FROM pairs ORDER BY first_type, first_id, second_id, created_at
"""

MOVE_BACK = """
UPDATE leads SET distinct_from = others.ids
FROM (
    SELECT lead_id, array_agg(other ORDER BY other) AS ids
    FROM (
        SELECT second_id AS lead_id, first_id AS other FROM duplicate_dismissals WHERE second_type = 'lead'
        UNION
        SELECT first_id, second_id FROM duplicate_dismissals WHERE first_type = 'lead'
    ) AS pair
    GROUP BY lead_id
) AS others
WHERE leads.id = others.lead_id
"""


def upgrade() -> None:
    op.create_table(
        "duplicate_dismissals",
        sa.Column("first_type", sa.Text(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("second_type", sa.Text(), nullable=False),
        sa.Column("second_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "first_type IN ('account', 'contact', 'lead')", name=op.f("ck_duplicate_dismissals_first_type")
        ),
        sa.CheckConstraint(
            "second_type IN ('account', 'contact', 'lead')", name=op.f("ck_duplicate_dismissals_second_type")
        ),
        sa.CheckConstraint(
            "(first_type, first_id) < (second_type, second_id)", name=op.f("ck_duplicate_dismissals_ordered")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_dismissals")),
        sa.UniqueConstraint("first_id", "second_id", "first_type", "second_type", name="uq_duplicate_dismissals_pair"),
    )
    op.create_index("ix_duplicate_dismissals_second_id", "duplicate_dismissals", ["second_id"])
    op.create_index("ix_duplicate_dismissals_created_at_id", "duplicate_dismissals", ["created_at", "id"])
    watch("duplicate_dismissals")
    op.execute(FORGET)
    for table, kind in KINDS.items():
        op.execute(
            f"CREATE TRIGGER forget_dismissals AFTER DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION forget_dismissals('{kind}')"
        )
    op.execute(MOVE)
    op.drop_column("leads", "distinct_from")


def downgrade() -> None:
    op.add_column(
        "leads", sa.Column("distinct_from", sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False)
    )
    op.execute(MOVE_BACK)
    for table in KINDS:
        op.execute(f"DROP TRIGGER forget_dismissals ON {table}")
    op.drop_table("duplicate_dismissals")
    op.execute("DROP FUNCTION forget_dismissals")
