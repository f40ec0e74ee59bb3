"""Photos and attachments."""

import sqlalchemy as sa
from alembic import op

from migrations.support import watch

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KINDS = {
    "lead": "leads",
    "account": "accounts",
    "contact": "contacts",
    "opportunity": "opportunities",
    "activity": "activities",
}
COLUMNS = ", ".join(f"{kind}_id" for kind in KINDS)
RECORD_TYPE = " ".join(f"WHEN {kind}_id IS NOT NULL THEN '{kind}'" for kind in KINDS)
# However a row goes, its file goes with it; the row in object_removals stays until the file has gone.
REMOVED = """
CREATE FUNCTION attachment_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO object_removals (object_key, due_at) VALUES (OLD.object_key, now()) ON CONFLICT DO NOTHING;
    INSERT INTO outbox (job, payload, actor, trace_id, created_at, due_at)
    VALUES ('files.remove', jsonb_build_object('object_key', OLD.object_key),
            coalesce(nullif(current_setting('leadwerk.actor', true), ''), 'system:database'),
            coalesce(current_setting('leadwerk.trace', true), ''), now(), now());
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "attachments",
        *(sa.Column(f"{kind}_id", sa.Uuid()) for kind in KINDS),
        sa.Column("record_id", sa.Uuid(), sa.Computed(f"coalesce({COLUMNS})", persisted=True), nullable=False),
        sa.Column("record_type", sa.Text(), sa.Computed(f"CASE {RECORD_TYPE} END", persisted=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("request_hash", sa.LargeBinary()),
        sa.CheckConstraint(f"num_nonnulls({COLUMNS}) = 1", name=op.f("ck_attachments_one_record")),
        *(
            sa.ForeignKeyConstraint([f"{kind}_id"], [f"{table}.id"], name=op.f(f"fk_attachments_{kind}_id"))
            for kind, table in KINDS.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
        sa.UniqueConstraint("object_key", name=op.f("uq_attachments_object_key")),
    )
    for kind in KINDS:
        op.create_index(
            f"ix_attachments_{kind}_id",
            "attachments",
            [f"{kind}_id"],
            postgresql_where=sa.text(f"{kind}_id IS NOT NULL"),
        )
    op.create_index("ix_attachments_record_id_created_at_id", "attachments", ["record_id", "created_at", "id"])
    watch("attachments", id_column="record_id", hidden=("object_key",))

    op.create_table(
        "object_removals",
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("object_key", name=op.f("pk_object_removals")),
    )
    op.create_index(op.f("ix_object_removals_due_at"), "object_removals", ["due_at"])
    op.execute(REMOVED)
    op.execute("CREATE TRIGGER removed AFTER DELETE ON attachments FOR EACH ROW EXECUTE FUNCTION attachment_removed()")

    op.create_table(
        "photos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photos")),
    )
    # A picture is compressed already.
    op.execute("ALTER TABLE photos ALTER COLUMN data SET STORAGE EXTERNAL")
    for table in ("accounts", "contacts"):
        op.add_column(table, sa.Column("photo_id", sa.Uuid()))
        op.create_foreign_key(op.f(f"fk_{table}_photo_id"), table, "photos", ["photo_id"], ["id"], ondelete="SET NULL")
        op.create_index(f"ix_{table}_photo_id", table, ["photo_id"], postgresql_where=sa.text("photo_id IS NOT NULL"))


def downgrade() -> None:
    for table in ("accounts", "contacts"):
        op.drop_column(table, "photo_id")
    op.drop_table("photos")
    op.drop_table("attachments")
    op.execute("DROP FUNCTION attachment_removed()")
    op.drop_table("object_removals")
