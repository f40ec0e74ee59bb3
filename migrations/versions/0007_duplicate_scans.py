"""Long jobs that clients wait for, scans of the whole stock, and the clusters they find."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.support import watch

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SCANNING = ("country_head", "admin")
RUNNING = "state IN ('queued', 'running')"
KINDS = "record_type IN ('lead', 'account', 'contact')"


def record() -> list[sa.Column]:
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("request_hash", sa.LargeBinary()),
    ]


def upgrade() -> None:
    op.create_table(
        "jobs",
        *record(),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="queued", nullable=False),
        sa.Column("done", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("total", sa.BigInteger()),
        sa.Column("result_url", sa.Text()),
        sa.Column("problem", postgresql.JSONB()),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_jobs_state")),
        sa.CheckConstraint(f"({RUNNING}) = (finished_at IS NULL)", name=op.f("ck_jobs_finished")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index("ix_jobs_created_by_created_at_id", "jobs", ["created_by", "created_at", "id"])
    op.create_index("ix_jobs_kind_running", "jobs", ["kind"], postgresql_where=sa.text(RUNNING))
    op.execute("CREATE TRIGGER touch BEFORE UPDATE ON jobs FOR EACH ROW EXECUTE FUNCTION touch()")

    op.create_table(
        "duplicate_scans",
        *record(),
        sa.Column("record_types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("minimum_verdict", sa.Text(), nullable=False),
        sa.Column("compared", sa.BigInteger()),
        sa.Column("clusters", sa.BigInteger()),
        sa.Column("scanned_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(
            "minimum_verdict IN ('duplicate', 'possible')", name=op.f("ck_duplicate_scans_minimum_verdict")
        ),
        sa.ForeignKeyConstraint(["id"], ["jobs.id"], name=op.f("fk_duplicate_scans_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_scans")),
    )
    op.create_index("ix_duplicate_scans_created_at_id", "duplicate_scans", ["created_at", "id"])
    watch("duplicate_scans")

    op.create_table(
        "duplicate_clusters",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("score", sa.Numeric(5, 4), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_duplicate_clusters_record_type")),
        sa.CheckConstraint("verdict IN ('duplicate', 'possible')", name=op.f("ck_duplicate_clusters_verdict")),
        sa.ForeignKeyConstraint(
            ["scan_id"], ["duplicate_scans.id"], name=op.f("fk_duplicate_clusters_scan_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_clusters")),
    )
    op.create_index(
        "ix_duplicate_clusters_scan_id_rank_id", "duplicate_clusters", ["scan_id", "rank", "id"], unique=True
    )
    op.create_table(
        "duplicate_cluster_members",
        sa.Column("cluster_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("record_version", sa.BigInteger(), nullable=False),
        sa.Column("related", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_duplicate_cluster_members_record_type")),
        sa.ForeignKeyConstraint(
            ["cluster_id"],
            ["duplicate_clusters.id"],
            name=op.f("fk_duplicate_cluster_members_cluster_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("cluster_id", "record_id", name=op.f("pk_duplicate_cluster_members")),
    )
    op.create_index("ix_duplicate_cluster_members_record_id", "duplicate_cluster_members", ["record_id"])

    op.execute(
        sa.text(
            "UPDATE roles SET permissions = array_append(permissions, 'duplicates.scan') "
            "WHERE built_in AND key = ANY(:roles) AND NOT 'duplicates.scan' = ANY(permissions)"
        ).bindparams(sa.bindparam("roles", list(SCANNING), postgresql.ARRAY(sa.Text())))
    )


def downgrade() -> None:
    op.execute("UPDATE roles SET permissions = array_remove(permissions, 'duplicates.scan')")
    for table in ("duplicate_cluster_members", "duplicate_clusters", "duplicate_scans", "jobs"):
        op.drop_table(table)
