"""Activities of every type, with participants; shared calendars."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.support import watch

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
STATUSES = {
    "call": ("planned", "held", "cancelled"),
    "meeting": ("planned", "held", "cancelled"),
    "task": ("open", "done", "deferred", "cancelled"),
    "note": ("done",),
    "email": ("sent", "received", "archived"),
    "visit_report": ("submitted", "reviewed"),
}
FITTING = " OR ".join(f"type = '{type_}' AND status IN {statuses}" for type_, statuses in STATUSES.items()).replace(
    ",)", ")"
)
IS_OPEN = "status IN ('open', 'planned')"
COLUMNS: tuple[tuple[str, sa.types.TypeEngine[object]], ...] = (
    ("result", sa.Text()),
    ("remind_at", MOMENT),
    ("follows_id", sa.Uuid()),
    ("starts_at", MOMENT),
    ("ends_at", MOMENT),
    ("time_zone", sa.Text()),
    ("location", sa.Text()),
    ("direction", sa.Text()),
    ("call_type", sa.Text()),
    ("script_version_id", sa.Uuid()),
    ("answers", postgresql.JSONB()),
    ("consent", sa.Text()),
    ("consent_email", sa.Text()),
    ("starts_on", sa.Date()),
    ("ends_on", sa.Date()),
    ("recurrence", sa.Text()),
    ("recurs_until", MOMENT),
    ("series_id", sa.Uuid()),
    ("occurrence_at", MOMENT),
    ("from_address", sa.Text()),
    ("to_addresses", sa.ARRAY(sa.Text())),
    ("cc_addresses", sa.ARRAY(sa.Text())),
    ("cross_sell", sa.Boolean()),
    ("cross_sell_note", sa.Text()),
    ("follow_up_actions", postgresql.JSONB()),
    ("unknown_customer", postgresql.JSONB()),
    ("reviewed_at", MOMENT),
    ("reviewed_by", sa.Uuid()),
)
LISTS = ("account_id", "contact_id", "lead_id", "opportunity_id", "assignee_id", "created_by")
OLD_INDEXES = {
    "ix_activities_account_id_created_at_id": ["account_id", "created_at", "id"],
    "ix_activities_assignee_id_created_at_id": ["assignee_id", "created_at", "id"],
    "ix_activities_contact_id": ["contact_id"],
    "ix_activities_lead_id": ["lead_id"],
    "ix_activities_opportunity_id": ["opportunity_id"],
    "ix_activities_created_by": ["created_by"],
}
GRANTED = (
    (
        "visit_reports.write",
        ("mst", "rm", "cm", "adm", "fn", "bdm", "developer", "country_head", "integration", "admin"),
    ),
    ("visit_reports.review", ("rm", "cm", "adm", "fn", "bdm", "developer", "country_head", "integration", "admin")),
    (
        "follow_ups.write",
        ("mst", "rm", "cm", "adm", "fn", "bdm", "ks", "developer", "country_head", "integration", "admin"),
    ),
)


def upgrade() -> None:
    for name in ("type", "status", "linked"):
        op.drop_constraint(op.f(f"ck_activities_{name}"), "activities", type_="check")
    # What was called open or done is planned or held: the same state by another name, which is no change to tell.
    op.execute("ALTER TABLE activities DISABLE TRIGGER USER")
    for name, type_ in COLUMNS:
        op.add_column("activities", sa.Column(name, type_))
    op.execute(
        "UPDATE activities SET starts_at = coalesce(due_at, done_at, created_at), due_at = NULL, "
        "status = CASE status WHEN 'open' THEN 'planned' WHEN 'done' THEN 'held' ELSE status END "
        "WHERE type IN ('call', 'meeting')"
    )
    op.execute("ALTER TABLE activities ENABLE TRIGGER USER")
    op.add_column(
        "activities", sa.Column("participant_ids", sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False)
    )
    op.add_column(
        "activities", sa.Column("excluded_at", sa.ARRAY(MOMENT), server_default=sa.text("'{}'"), nullable=False)
    )
    op.add_column(
        "activities", sa.Column("is_open", sa.Boolean(), sa.Computed(IS_OPEN, persisted=True), nullable=False)
    )
    op.add_column(
        "activities",
        sa.Column(
            "at",
            MOMENT,
            sa.Computed("coalesce(starts_at, done_at, due_at, created_at)", persisted=True),
            nullable=False,
        ),
    )
    op.alter_column("activities", "status", server_default=None)
    op.create_check_constraint(op.f("ck_activities_status"), "activities", FITTING)
    op.create_check_constraint(
        op.f("ck_activities_linked"),
        "activities",
        "num_nonnulls(account_id, contact_id, lead_id, opportunity_id) > 0 OR type IN ('meeting', 'visit_report')",
    )
    op.create_check_constraint(op.f("ck_activities_times"), "activities", "starts_at <= ends_at")
    op.create_check_constraint(op.f("ck_activities_direction"), "activities", "direction IN ('inbound', 'outbound')")
    op.create_check_constraint(op.f("ck_activities_consent"), "activities", "consent IN ('granted', 'refused')")
    for column, ondelete in (("follows_id", "SET NULL"), ("series_id", "CASCADE")):
        op.create_foreign_key(
            op.f(f"fk_activities_{column}"), "activities", "activities", [column], ["id"], ondelete=ondelete
        )
        op.create_index(
            f"ix_activities_{column}", "activities", [column], postgresql_where=sa.text(f"{column} IS NOT NULL")
        )
    for name in OLD_INDEXES:
        op.drop_index(name, "activities")
    op.create_index("ix_activities_at_id", "activities", ["at", "id"])
    for column in LISTS:
        op.create_index(f"ix_activities_{column}_at_id", "activities", [column, "at", "id"])
    op.create_index(
        "ix_activities_open", "activities", ["assignee_id", "at", "id"], postgresql_where=sa.text("is_open")
    )
    op.create_index("ix_activities_participant_ids", "activities", ["participant_ids"], postgresql_using="gin")
    op.create_index(
        "uq_activities_occurrence",
        "activities",
        ["series_id", "occurrence_at"],
        unique=True,
        postgresql_where=sa.text("series_id IS NOT NULL"),
    )

    op.create_table(
        "activity_contacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["activities.id"], name=op.f("fk_activity_contacts_activity_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_activity_contacts_contact_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity_contacts")),
    )
    for column in ("activity_id", "contact_id"):
        op.create_index(op.f(f"ix_activity_contacts_{column}"), "activity_contacts", [column])
    watch("activity_contacts", id_column="activity_id", versioned=False)

    op.create_table(
        "calendar_shares",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("request_hash", sa.LargeBinary()),
        sa.CheckConstraint("mode IN ('read', 'write')", name=op.f("ck_calendar_shares_mode")),
        sa.CheckConstraint("owner_id <> user_id", name=op.f("ck_calendar_shares_with_another")),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["users.id"], name=op.f("fk_calendar_shares_owner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_calendar_shares_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_shares")),
        sa.UniqueConstraint("owner_id", "user_id", name=op.f("uq_calendar_shares_owner_id_user_id")),
    )
    op.create_index("ix_calendar_shares_created_at_id", "calendar_shares", ["created_at", "id"])
    op.create_index(op.f("ix_calendar_shares_user_id"), "calendar_shares", ["user_id"])
    watch("calendar_shares")

    for permission, roles in GRANTED:
        op.execute(
            sa.text(
                "UPDATE roles SET permissions = array_append(permissions, :permission) "
                "WHERE built_in AND key = ANY(:roles) AND NOT :permission = ANY(permissions)"
            ).bindparams(sa.bindparam("roles", list(roles), postgresql.ARRAY(sa.Text())), permission=permission)
        )


def downgrade() -> None:
    for permission, _ in GRANTED:
        op.execute(f"UPDATE roles SET permissions = array_remove(permissions, '{permission}')")
    op.drop_table("calendar_shares")
    op.drop_table("activity_contacts")
    op.execute("ALTER TABLE activities DISABLE TRIGGER USER")
    op.execute("UPDATE activities SET due_at = starts_at WHERE type IN ('call', 'meeting')")
    for column in ("is_open", "at", "participant_ids", "excluded_at", *(name for name, _ in COLUMNS)):
        op.drop_column("activities", column)
    for name in ("status", "linked"):
        op.drop_constraint(op.f(f"ck_activities_{name}"), "activities", type_="check")
    op.execute(
        "UPDATE activities SET status = CASE status WHEN 'planned' THEN 'open' WHEN 'deferred' THEN 'open' "
        "WHEN 'cancelled' THEN 'cancelled' WHEN 'open' THEN 'open' ELSE 'done' END, "
        "type = CASE WHEN type IN ('email', 'visit_report') THEN 'note' ELSE type END"
    )
    op.execute("DELETE FROM activities WHERE num_nonnulls(account_id, contact_id, lead_id, opportunity_id) = 0")
    op.execute("ALTER TABLE activities ENABLE TRIGGER USER")
    op.alter_column("activities", "status", server_default="open")
    op.create_check_constraint(op.f("ck_activities_status"), "activities", "status IN ('open', 'done', 'cancelled')")
    op.create_check_constraint(op.f("ck_activities_type"), "activities", "type IN ('task', 'note', 'call', 'meeting')")
    op.create_check_constraint(
        op.f("ck_activities_linked"),
        "activities",
        "num_nonnulls(account_id, contact_id, lead_id, opportunity_id) > 0",
    )
    for name, columns in OLD_INDEXES.items():
        op.create_index(name, "activities", columns)
