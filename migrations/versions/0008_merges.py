"""Merges, what they moved, and where old ids lead."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.support import watch

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MERGING = ("rm", "cm", "adm", "fn", "bdm", "developer", "country_head", "integration", "admin")
FOLLOWING = ("integration", "admin")

# What is moved is found by index, and so is what forbids a deletion.
INDEXES = (
    ("accounts", "lead_id"),
    ("contacts", "lead_id"),
    ("leads", "contact_id"),
    ("conversions", "account_id"),
    ("conversions", "contact_id"),
    ("clearances", "account_id"),
    ("clearances", "lead_id"),
    ("messages", "record_id"),
    ("notifications", "record_id"),
)


def upgrade() -> None:
    op.add_column("contacts", sa.Column("erp_id", sa.Text()))
    op.create_unique_constraint("uq_contacts_erp_id", "contacts", ["erp_id"])
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column], postgresql_where=sa.text(f"{column} IS NOT NULL"))

    op.create_table(
        "merges",
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("winner_id", sa.Uuid(), nullable=False),
        sa.Column("loser_ids", postgresql.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="done", nullable=False),
        sa.Column("fields", postgresql.JSONB(), nullable=False),
        sa.Column("moved", postgresql.JSONB(), nullable=False),
        sa.Column("winner_version", sa.BigInteger(), nullable=False),
        sa.Column("undo", postgresql.JSONB()),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.Column("undone_by", sa.Uuid()),
        sa.Column("kept", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("request_hash", sa.LargeBinary()),
        sa.CheckConstraint("record_type IN ('lead', 'account', 'contact')", name=op.f("ck_merges_record_type")),
        sa.CheckConstraint("origin IN ('user', 'erp')", name=op.f("ck_merges_origin")),
        sa.CheckConstraint("state IN ('done', 'undone')", name=op.f("ck_merges_state")),
        sa.CheckConstraint("(state = 'undone') = (undone_at IS NOT NULL)", name=op.f("ck_merges_undone")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merges")),
    )
    op.create_index("ix_merges_created_at_id", "merges", ["created_at", "id"])
    op.create_index("ix_merges_winner_id", "merges", ["winner_id"])
    op.create_index("ix_merges_loser_ids", "merges", ["loser_ids"], postgresql_using="gin")
    op.create_index("ix_merges_undoable", "merges", ["created_at"], postgresql_where=sa.text("undo IS NOT NULL"))
    # In the winner's history; the losers' rows are in the log already, as deletions.
    watch("merges", id_column="winner_id", hidden=("undo",))

    op.create_table(
        "merge_moves",
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("loser_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["merge_id"], ["merges.id"], name=op.f("fk_merge_moves_merge_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("merge_id", "table_name", "row_id", name=op.f("pk_merge_moves")),
    )
    op.create_table(
        "record_redirects",
        sa.Column("loser_id", sa.Uuid(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("winner_id", sa.Uuid(), nullable=False),
        sa.Column("merge_id", sa.Uuid(), nullable=False),
        sa.Column("erp_id", sa.Text()),
        sa.PrimaryKeyConstraint("loser_id", name=op.f("pk_record_redirects")),
    )
    op.create_index("ix_record_redirects_winner_id", "record_redirects", ["winner_id"])
    op.create_index("ix_record_redirects_merge_id", "record_redirects", ["merge_id"])

    for permission, roles in (("records.merge", MERGING), ("erp.follow", FOLLOWING)):
        op.execute(
            sa.text(
                "UPDATE roles SET permissions = array_append(permissions, :permission) "
                "WHERE built_in AND key = ANY(:roles) AND NOT :permission = ANY(permissions)"
            ).bindparams(sa.bindparam("roles", list(roles), postgresql.ARRAY(sa.Text())), permission=permission)
        )


def downgrade() -> None:
    op.execute("UPDATE roles SET permissions = array_remove(array_remove(permissions, 'records.merge'), 'erp.follow')")
    for table in ("record_redirects", "merge_moves", "merges"):
        op.drop_table(table)
    for table, column in INDEXES:
        op.drop_index(f"ix_{table}_{column}", table_name=table)
    op.drop_constraint("uq_contacts_erp_id", "contacts", type_="unique")
    op.drop_column("contacts", "erp_id")
