"""Visit reports: their amendments and review, events for the ERP, and a project for the leads that come of visits."""

import sqlalchemy as sa
from alembic import op
from uuid_utils.compat import uuid7

from app.opportunities.models import DEFAULT_PIPELINE_ID
from app.projects.models import VISITS_PROJECT_ID
from migrations.support import watch

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
STATUSES = (
    ("new", "Neu", "New", "open", "#2f6feb"),
    ("contacted", "Kontaktiert", "Contacted", "working", "#8250df"),
    ("qualified", "Qualifiziert", "Qualified", "working", "#bf8700"),
    ("converted", "Konvertiert", "Converted", "converted", "#1a7f37"),
    ("discarded", "Verworfen", "Discarded", "discarded", "#57606a"),
)


def upgrade() -> None:
    op.add_column("activities", sa.Column("cross_sell_outcome", sa.Text()))
    op.create_check_constraint(
        op.f("ck_activities_cross_sell_outcome"),
        "activities",
        "cross_sell_outcome IN ('opportunity', 'task', 'dismissed')",
    )
    op.create_index(
        "ix_activities_review", "activities", ["at", "id"], postgresql_where=sa.text("status = 'submitted'")
    )

    op.create_table(
        "visit_report_amendments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("visited_at", MOMENT),
        sa.Column("visited_at_before", MOMENT),
        sa.Column("cross_sell", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("request_hash", sa.LargeBinary()),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activities.id"], name=op.f("fk_visit_report_amendments_activity_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_report_amendments")),
    )
    op.create_index(
        "ix_visit_report_amendments_activity_id_created_at_id",
        "visit_report_amendments",
        ["activity_id", "created_at", "id"],
    )
    watch("visit_report_amendments", id_column="activity_id", versioned=False)

    op.create_table(
        "erp_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("xid", sa.BigInteger(), server_default=sa.text("pg_current_xact_id()::text::bigint"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("source_id", sa.Uuid(), nullable=False),
        sa.Column("visited_on", sa.Date(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("acknowledged_at", MOMENT),
        sa.Column("acknowledged_by", sa.Uuid()),
        sa.CheckConstraint(
            "kind IN ('visit_report_submitted', 'visit_report_corrected')", name=op.f("ck_erp_events_kind")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_erp_events_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activities.id"], name=op.f("fk_erp_events_activity_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erp_events")),
        sa.UniqueConstraint("source_id", name=op.f("uq_erp_events_source_id")),
    )
    op.create_index(
        "ix_erp_events_pending", "erp_events", ["xid", "id"], postgresql_where=sa.text("acknowledged_at IS NULL")
    )
    op.create_index("ix_erp_events_account_id", "erp_events", ["account_id"])
    op.create_index("ix_erp_events_activity_id", "erp_events", ["activity_id"])

    _add_project()


def _add_project() -> None:
    """Customers whom a technician meets and nobody knows: such a lead needs no more than what was seen."""
    made = op.get_bind().execute(
        sa.text(
            "INSERT INTO projects (id, key, name, required_fields, lean, visibility, lock_enabled, lock_months, "
            "lock_steps, lock_starts, pipeline_id) "
            "VALUES (:id, 'visits', 'Besuche', '{status,name}', false, 'team', false, 6, "
            "'{lead,converted,opportunity_requested}', 'last_step', "
            "(SELECT id FROM pipelines WHERE id = :pipeline)) ON CONFLICT DO NOTHING RETURNING id"
        ),
        {"id": VISITS_PROJECT_ID, "pipeline": DEFAULT_PIPELINE_ID},
    )
    if made.first() is None:
        return  # the installation has a project of this key
    for position, (key, german, english, category, color) in enumerate(STATUSES, 1):
        op.get_bind().execute(
            sa.text(
                "INSERT INTO project_statuses (id, project_id, key, position, label_de, label_en, category, color) "
                "VALUES (:id, :project, :key, :position, :german, :english, :category, :color)"
            ),
            {
                "id": uuid7(),
                "project": VISITS_PROJECT_ID,
                "key": key,
                "position": position,
                "german": german,
                "english": english,
                "category": category,
                "color": color,
            },
        )


def downgrade() -> None:
    unused = "id = :id AND NOT EXISTS (SELECT FROM leads WHERE project_id = projects.id)"
    op.get_bind().execute(sa.text(f"DELETE FROM projects WHERE {unused}"), {"id": VISITS_PROJECT_ID})
    op.drop_table("erp_events")
    op.drop_table("visit_report_amendments")
    op.drop_column("activities", "cross_sell_outcome")
    op.drop_index("ix_activities_review", "activities")
