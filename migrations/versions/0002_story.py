"""People, customers, leads, locks, opportunities, messages."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.support import watch

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


TELL_IDENTITY = """
CREATE FUNCTION tell_identity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_LEVEL = 'STATEMENT' THEN
        PERFORM pg_notify('identity', '*');
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM pg_notify('identity', to_jsonb(OLD) ->> TG_ARGV[0]);
    ELSE
        PERFORM pg_notify('identity', to_jsonb(NEW) ->> TG_ARGV[0]);
    END IF;
    RETURN NULL;
END $$
"""

LATER_KEYS = (
    ("teams", "user_id", "users", "CASCADE"),
    ("lead_locks", "lead_id", "leads", "SET NULL"),
    ("clearances", "lead_id", "leads", "SET NULL"),
    ("activities", "lead_id", "leads", None),
    ("activities", "opportunity_id", "opportunities", "SET NULL"),
)


def upgrade() -> None:
    op.create_table(
        "centres",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_centres")),
        sa.UniqueConstraint("code", name=op.f("uq_centres_code")),
    )
    op.create_table(
        "pipelines",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pipelines")),
        sa.UniqueConstraint("key", name=op.f("uq_pipelines_key")),
    )
    op.create_table(
        "roles",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("label_de", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=False),
        sa.Column("permissions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("built_in", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint("key", name=op.f("uq_roles_key")),
    )
    op.create_table(
        "projects",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("required_fields", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("lean", sa.Boolean(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("lock_enabled", sa.Boolean(), nullable=False),
        sa.Column("lock_months", sa.BigInteger(), nullable=False),
        sa.Column("lock_steps", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("lock_starts", sa.Text(), nullable=False),
        sa.Column("pipeline_id", sa.Uuid(), nullable=True),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("lock_starts IN ('last_step', 'contacted_on')", name=op.f("ck_projects_lock_starts")),
        sa.CheckConstraint("visibility IN ('all', 'team')", name=op.f("ck_projects_visibility")),
        sa.CheckConstraint("lock_months BETWEEN 1 AND 60", name=op.f("ck_projects_lock_months")),
        sa.ForeignKeyConstraint(["pipeline_id"], ["pipelines.id"], name=op.f("fk_projects_pipeline_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
        sa.UniqueConstraint("key", name=op.f("uq_projects_key")),
    )
    op.create_table(
        "stages",
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("label_de", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=False),
        sa.Column("probability", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("category IN ('open', 'won', 'lost')", name=op.f("ck_stages_category")),
        sa.CheckConstraint("probability BETWEEN 0 AND 100", name=op.f("ck_stages_probability")),
        sa.ForeignKeyConstraint(
            ["pipeline_id"], ["pipelines.id"], name=op.f("fk_stages_pipeline_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stages")),
        sa.UniqueConstraint("pipeline_id", "key", name=op.f("uq_stages_pipeline_id_key")),
    )
    op.create_table(
        "teams",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("centre_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(kind = 'private') = (user_id IS NOT NULL)", name=op.f("ck_teams_private_has_user")),
        sa.CheckConstraint(
            "kind IN ('head_office_key_accounts', 'country_key_accounts', 'centre_key_accounts', 'centre_local', 'private')",
            name=op.f("ck_teams_kind"),
        ),
        sa.ForeignKeyConstraint(["centre_id"], ["centres.id"], name=op.f("fk_teams_centre_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
    )
    op.create_index(
        "uq_teams_user_id", "teams", ["user_id"], unique=True, postgresql_where=sa.text("user_id IS NOT NULL")
    )
    op.create_table(
        "project_statuses",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("label_de", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=False),
        sa.Column("color", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "category IN ('open', 'working', 'converted', 'discarded')", name=op.f("ck_project_statuses_category")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_project_statuses_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_statuses")),
        sa.UniqueConstraint("project_id", "key", name=op.f("uq_project_statuses_project_id_key")),
    )
    op.create_table(
        "users",
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), sa.Computed("first_name || ' ' || last_name", persisted=True), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), server_default="de", nullable=False),
        sa.Column("time_zone", sa.Text(), server_default="Europe/Vienna", nullable=False),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("default_team_id", sa.Uuid(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["default_team_id"], ["teams.id"], name=op.f("fk_users_default_team_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
    )
    op.create_index("uq_users_email", "users", [sa.literal_column("lower(email)")], unique=True)
    op.create_index("uq_users_user_name", "users", [sa.literal_column("lower(user_name)")], unique=True)
    op.create_table(
        "accounts",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_name", sa.Text(), sa.Computed("sort_key(name)", persisted=True), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=False),
        sa.Column("manager_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("team_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("access", sa.Text(), server_default="managers", nullable=False),
        sa.Column("type", sa.Text(), server_default="potential", nullable=False),
        sa.Column("status", sa.Text(), server_default="new", nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("industry", sa.Text(), nullable=False),
        sa.Column("legal_form", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=True),
        sa.Column("postal_code", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("vat_id", sa.Text(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("expected_revenue_amount", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("expected_revenue_currency", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("erp_id", sa.Text(), nullable=True),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("access IN ('managers', 'public_read', 'public_write')", name=op.f("ck_accounts_access")),
        sa.ForeignKeyConstraint(["assignee_id"], ["users.id"], name=op.f("fk_accounts_assignee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("erp_id", name=op.f("uq_accounts_erp_id")),
    )
    op.create_index(op.f("ix_accounts_assignee_id"), "accounts", ["assignee_id"], unique=False)
    op.create_index("ix_accounts_created_at_id", "accounts", ["created_at", "id"], unique=False)
    op.create_index("ix_accounts_sort_name_id", "accounts", ["sort_name", "id"], unique=False)
    op.create_index(
        "ix_accounts_sort_name",
        "accounts",
        ["sort_name"],
        postgresql_using="gin",
        postgresql_ops={"sort_name": "gin_trgm_ops"},
    )
    op.create_index("ix_accounts_team_ids", "accounts", ["team_ids"], unique=False, postgresql_using="gin")
    op.create_table(
        "device_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("device_name", sa.Text(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("generation", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("refresh_hash", sa.LargeBinary(), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=True),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_because", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_device_sessions_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_sessions")),
    )
    op.create_index(op.f("ix_device_sessions_user_id"), "device_sessions", ["user_id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sender_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("request", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("kind IN ('text', 'opportunity_request')", name=op.f("ck_messages_kind")),
        sa.ForeignKeyConstraint(["sender_id"], ["users.id"], name=op.f("fk_messages_sender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index("ix_messages_created_at_id", "messages", ["created_at", "id"], unique=False)
    op.create_index("ix_messages_sender_id_created_at_id", "messages", ["sender_id", "created_at", "id"], unique=False)
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("record_type", sa.Text(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("texts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notifications_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
    )
    op.create_index(
        "ix_notifications_user_id_created_at_id", "notifications", ["user_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "uq_notifications_user_id_key",
        "notifications",
        ["user_id", "key"],
        unique=True,
        postgresql_where=sa.text("key IS NOT NULL"),
    )
    op.create_index(
        "ix_notifications_unread", "notifications", ["user_id"], postgresql_where=sa.text("read_at IS NULL")
    )
    op.create_table(
        "password_resets",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_password_resets_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_password_resets")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_password_resets_token_hash")),
    )
    op.create_index(op.f("ix_password_resets_user_id"), "password_resets", ["user_id"], unique=False)
    op.create_table(
        "protection_checks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("query", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_protection_checks_project_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_protection_checks_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protection_checks")),
    )
    op.create_index(
        "ix_protection_checks_user_id_created_at_id", "protection_checks", ["user_id", "created_at", "id"], unique=False
    )
    op.create_table(
        "team_members",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_members_team_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_team_members_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("team_id", "user_id", name=op.f("pk_team_members")),
    )
    op.create_index(op.f("ix_team_members_user_id"), "team_members", ["user_id"], unique=False)
    op.create_table(
        "user_roles",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_user_roles_role_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_user_roles_user_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "role_id", name=op.f("pk_user_roles")),
    )
    op.create_index(op.f("ix_user_roles_role_id"), "user_roles", ["role_id"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("salutation", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column(
            "sort_name",
            sa.Text(),
            sa.Computed("sort_key(last_name || ' ' || coalesce(first_name, ''))", persisted=True),
            nullable=False,
        ),
        sa.Column(
            "search_key",
            sa.Text(),
            sa.Computed(
                "sort_key(coalesce(first_name || ' ', '') || last_name || coalesce(' ' || first_name, ''))",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("job_title", sa.Text(), nullable=True),
        sa.Column("assignee_id", sa.Uuid(), nullable=False),
        sa.Column("manager_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("team_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("access", sa.Text(), server_default="managers", nullable=False),
        sa.Column("street", sa.Text(), nullable=True),
        sa.Column("postal_code", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("access IN ('managers', 'public_read', 'public_write')", name=op.f("ck_contacts_access")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_contacts_account_id")),
        sa.ForeignKeyConstraint(["assignee_id"], ["users.id"], name=op.f("fk_contacts_assignee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    op.create_index(op.f("ix_contacts_account_id"), "contacts", ["account_id"], unique=False)
    op.create_index(op.f("ix_contacts_assignee_id"), "contacts", ["assignee_id"], unique=False)
    op.create_index("ix_contacts_created_at_id", "contacts", ["created_at", "id"], unique=False)
    op.create_index("ix_contacts_sort_name_id", "contacts", ["sort_name", "id"], unique=False)
    op.create_index(
        "ix_contacts_search_key",
        "contacts",
        ["search_key"],
        postgresql_using="gin",
        postgresql_ops={"search_key": "gin_trgm_ops"},
    )
    op.create_index("ix_contacts_team_ids", "contacts", ["team_ids"], unique=False, postgresql_using="gin")
    op.create_table(
        "lead_locks",
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("customer_name", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="pending", nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(state IN ('pending', 'active')) = (ended_at IS NULL)", name=op.f("ck_lead_locks_ended")),
        sa.CheckConstraint(
            "state <> 'active' OR (starts_on IS NOT NULL AND ends_on > starts_on)",
            name=op.f("ck_lead_locks_active_has_end"),
        ),
        sa.CheckConstraint(
            "state IN ('pending', 'active', 'expired', 'released', 'transferred')", name=op.f("ck_lead_locks_state")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_lead_locks_account_id")),
        sa.ForeignKeyConstraint(["holder_id"], ["users.id"], name=op.f("fk_lead_locks_holder_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_lead_locks_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_locks")),
    )
    op.create_index("ix_lead_locks_lead_id", "lead_locks", ["lead_id"], unique=False)
    op.create_index("ix_lead_locks_account_id", "lead_locks", ["account_id"], unique=False)
    op.create_index("ix_lead_locks_created_at_id", "lead_locks", ["created_at", "id"], unique=False)
    op.create_index("ix_lead_locks_ends_on_id", "lead_locks", ["ends_on", "id"], unique=False)
    op.create_index(
        "ix_lead_locks_holder_id_created_at_id", "lead_locks", ["holder_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "uq_lead_locks_live_lead",
        "lead_locks",
        ["lead_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('pending', 'active')"),
    )
    op.create_table(
        "message_recipients",
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_message_recipients_message_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_message_recipients_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "user_id", name=op.f("pk_message_recipients")),
    )
    op.create_index(
        "ix_message_recipients_user_id_message_id", "message_recipients", ["user_id", "message_id"], unique=False
    )
    op.create_table(
        "activities",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("opportunity_id", sa.Uuid(), nullable=True),
        sa.Column("team_ids", sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("customer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("status IN ('open', 'done', 'cancelled')", name=op.f("ck_activities_status")),
        sa.CheckConstraint("type IN ('task', 'note', 'call', 'meeting')", name=op.f("ck_activities_type")),
        sa.CheckConstraint(
            "num_nonnulls(account_id, contact_id, lead_id, opportunity_id) > 0", name=op.f("ck_activities_linked")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_activities_account_id")),
        sa.ForeignKeyConstraint(["assignee_id"], ["users.id"], name=op.f("fk_activities_assignee_id")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_activities_contact_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activities")),
    )
    op.create_index(
        "ix_activities_account_id_created_at_id", "activities", ["account_id", "created_at", "id"], unique=False
    )
    op.create_index(
        "ix_activities_assignee_id_created_at_id", "activities", ["assignee_id", "created_at", "id"], unique=False
    )
    op.create_index(op.f("ix_activities_contact_id"), "activities", ["contact_id"], unique=False)
    op.create_index("ix_activities_created_at_id", "activities", ["created_at", "id"], unique=False)
    op.create_index(op.f("ix_activities_lead_id"), "activities", ["lead_id"], unique=False)
    op.create_index(op.f("ix_activities_opportunity_id"), "activities", ["opportunity_id"], unique=False)
    op.create_index("ix_activities_team_ids", "activities", ["team_ids"], unique=False, postgresql_using="gin")
    op.create_table(
        "clearances",
        sa.Column("lock_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("holder_id", sa.Uuid(), nullable=False),
        sa.Column("customer_name", sa.Text(), nullable=False),
        sa.Column("asker_sees", sa.Boolean(), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="requested", nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("state IN ('requested', 'granted', 'shared', 'refused')", name=op.f("ck_clearances_state")),
        sa.ForeignKeyConstraint(["decided_by"], ["users.id"], name=op.f("fk_clearances_decided_by")),
        sa.ForeignKeyConstraint(["holder_id"], ["users.id"], name=op.f("fk_clearances_holder_id")),
        sa.CheckConstraint("num_nonnulls(lock_id, account_id) = 1", name=op.f("ck_clearances_one_target")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_clearances_account_id")),
        sa.ForeignKeyConstraint(["lock_id"], ["lead_locks.id"], name=op.f("fk_clearances_lock_id")),
        sa.ForeignKeyConstraint(["requested_by"], ["users.id"], name=op.f("fk_clearances_requested_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearances")),
    )
    op.create_index("ix_clearances_created_at_id", "clearances", ["created_at", "id"], unique=False)
    op.create_index(op.f("ix_clearances_requested_by"), "clearances", ["requested_by"], unique=False)
    op.create_index(
        "uq_clearances_open",
        "clearances",
        [sa.text("coalesce(lock_id, account_id)"), "requested_by"],
        unique=True,
        postgresql_where=sa.text("state <> 'refused' AND used_at IS NULL"),
    )
    op.create_table(
        "leads",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), server_default="open", nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("source_detail", sa.Text(), nullable=True),
        sa.Column("assignee_id", sa.Uuid(), nullable=True),
        sa.Column("team_ids", sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sort_name", sa.Text(), sa.Computed("sort_key(name)", persisted=True), nullable=False),
        sa.Column(
            "search_key",
            sa.Text(),
            sa.Computed("sort_key(name || ' ' || coalesce(company, '') || ' ' || coalesce(city, ''))", persisted=True),
            nullable=False,
        ),
        sa.Column("company", sa.Text(), nullable=True),
        sa.Column("salutation", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("street", sa.Text(), nullable=True),
        sa.Column("postal_code", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column("vat_id", sa.Text(), nullable=True),
        sa.Column("contacted_on", sa.Date(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("expected_revenue_amount", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("expected_revenue_currency", sa.Text(), nullable=True),
        sa.Column("receipt_id", sa.Uuid(), nullable=True),
        sa.Column("distinct_from", sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("converted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("opportunity_requested_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("(phase = 'converted') = (converted_at IS NOT NULL)", name=op.f("ck_leads_converted")),
        sa.CheckConstraint("phase IN ('open', 'converted', 'discarded')", name=op.f("ck_leads_phase")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_leads_account_id")),
        sa.ForeignKeyConstraint(["assignee_id"], ["users.id"], name=op.f("fk_leads_assignee_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_leads_contact_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["project_id", "status"],
            ["project_statuses.project_id", "project_statuses.key"],
            name=op.f("fk_leads_project_id_status"),
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_leads_project_id")),
        sa.ForeignKeyConstraint(["receipt_id"], ["protection_checks.id"], name=op.f("fk_leads_receipt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
    )
    op.create_index(op.f("ix_leads_account_id"), "leads", ["account_id"], unique=False)
    op.create_index("ix_leads_assignee_id_created_at_id", "leads", ["assignee_id", "created_at", "id"], unique=False)
    op.create_index("ix_leads_created_at_id", "leads", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_leads_project_id_status_created_at_id", "leads", ["project_id", "status", "created_at", "id"], unique=False
    )
    op.create_index("ix_leads_sort_name_id", "leads", ["sort_name", "id"], unique=False)
    op.create_index(
        "ix_leads_search_key",
        "leads",
        ["search_key"],
        postgresql_using="gin",
        postgresql_ops={"search_key": "gin_trgm_ops"},
    )
    op.create_table(
        "conversions",
        sa.Column("lead_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("applied", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("converted_by", sa.Uuid(), nullable=True),
        sa.Column("converted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_conversions_account_id")),
        sa.ForeignKeyConstraint(["activity_id"], ["activities.id"], name=op.f("fk_conversions_activity_id")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_conversions_contact_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_conversions_lead_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_conversions_message_id")),
        sa.PrimaryKeyConstraint("lead_id", name=op.f("pk_conversions")),
    )
    op.create_table(
        "opportunities",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("search_key", sa.Text(), sa.Computed("sort_key(name)", persisted=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("stage_id", sa.Uuid(), nullable=False),
        sa.Column("probability", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("close_on", sa.Date(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.Column("stage_entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assignee_id", sa.Uuid(), nullable=False),
        sa.Column("team_ids", sa.ARRAY(sa.Uuid()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("status IN ('open', 'won', 'lost')", name=op.f("ck_opportunities_status")),
        sa.CheckConstraint("probability BETWEEN 0 AND 100", name=op.f("ck_opportunities_probability")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_opportunities_account_id")),
        sa.ForeignKeyConstraint(["assignee_id"], ["users.id"], name=op.f("fk_opportunities_assignee_id")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_opportunities_contact_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_opportunities_lead_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_opportunities_message_id")),
        sa.ForeignKeyConstraint(["pipeline_id"], ["pipelines.id"], name=op.f("fk_opportunities_pipeline_id")),
        sa.ForeignKeyConstraint(["stage_id"], ["stages.id"], name=op.f("fk_opportunities_stage_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunities")),
        sa.UniqueConstraint("message_id", name=op.f("uq_opportunities_message_id")),
    )
    op.create_index(op.f("ix_opportunities_account_id"), "opportunities", ["account_id"], unique=False)
    op.create_index(op.f("ix_opportunities_assignee_id"), "opportunities", ["assignee_id"], unique=False)
    op.create_index("ix_opportunities_created_at_id", "opportunities", ["created_at", "id"], unique=False)
    op.create_index(op.f("ix_opportunities_lead_id"), "opportunities", ["lead_id"], unique=False)
    op.create_index(
        "ix_opportunities_stage_id_created_at_id", "opportunities", ["stage_id", "created_at", "id"], unique=False
    )
    op.create_index("ix_opportunities_team_ids", "opportunities", ["team_ids"], unique=False, postgresql_using="gin")
    op.create_index(
        "ix_opportunities_contact_id",
        "opportunities",
        ["contact_id"],
        unique=False,
        postgresql_where=sa.text("contact_id IS NOT NULL"),
    )

    for table, column, target, rule in LATER_KEYS:
        op.create_foreign_key(op.f(f"fk_{table}_{column}"), table, target, [column], ["id"], ondelete=rule)

    for table in (
        "centres",
        "teams",
        "roles",
        "accounts",
        "contacts",
        "projects",
        "project_statuses",
        "leads",
        "lead_locks",
        "clearances",
        "pipelines",
        "stages",
        "opportunities",
        "activities",
        "messages",
    ):
        watch(table)
    watch("users", hidden=("password_hash",))
    watch("user_roles", id_column="user_id", versioned=False)
    watch("team_members", id_column="team_id", versioned=False)
    watch("conversions", id_column="lead_id", versioned=False)
    op.execute(TELL_IDENTITY)
    for table, events, user in (
        ("users", "UPDATE OR DELETE", "id"),
        ("user_roles", "INSERT OR UPDATE OR DELETE", "user_id"),
        ("team_members", "INSERT OR UPDATE OR DELETE", "user_id"),
        ("device_sessions", "UPDATE OF revoked_at OR DELETE", "user_id"),
    ):
        op.execute(
            f"CREATE TRIGGER tell_identity AFTER {events} ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION tell_identity('{user}')"
        )
    op.execute(
        "CREATE TRIGGER tell_identity AFTER UPDATE OR DELETE ON roles FOR EACH STATEMENT EXECUTE FUNCTION tell_identity()"
    )


def downgrade() -> None:
    for table, column, _, _ in LATER_KEYS:
        op.drop_constraint(f"fk_{table}_{column}", table)
    op.drop_index("ix_opportunities_contact_id", table_name="opportunities")
    op.drop_index("ix_opportunities_team_ids", table_name="opportunities", postgresql_using="gin")
    op.drop_index("ix_opportunities_stage_id_created_at_id", table_name="opportunities")
    op.drop_index(op.f("ix_opportunities_lead_id"), table_name="opportunities")
    op.drop_index("ix_opportunities_created_at_id", table_name="opportunities")
    op.drop_index(op.f("ix_opportunities_assignee_id"), table_name="opportunities")
    op.drop_index(op.f("ix_opportunities_account_id"), table_name="opportunities")
    op.drop_table("opportunities")
    op.drop_table("conversions")
    op.drop_index("ix_leads_sort_name_id", table_name="leads")
    op.drop_index("ix_leads_project_id_status_created_at_id", table_name="leads")
    op.drop_index("ix_leads_created_at_id", table_name="leads")
    op.drop_index("ix_leads_assignee_id_created_at_id", table_name="leads")
    op.drop_index(op.f("ix_leads_account_id"), table_name="leads")
    op.drop_table("leads")
    op.drop_index(
        "uq_clearances_open",
        table_name="clearances",
        postgresql_where=sa.text("state <> 'refused' AND used_at IS NULL"),
    )
    op.drop_index(op.f("ix_clearances_requested_by"), table_name="clearances")
    op.drop_index("ix_clearances_created_at_id", table_name="clearances")
    op.drop_table("clearances")
    op.drop_index("ix_activities_team_ids", table_name="activities", postgresql_using="gin")
    op.drop_index(op.f("ix_activities_opportunity_id"), table_name="activities")
    op.drop_index(op.f("ix_activities_lead_id"), table_name="activities")
    op.drop_index("ix_activities_created_at_id", table_name="activities")
    op.drop_index(op.f("ix_activities_contact_id"), table_name="activities")
    op.drop_index("ix_activities_assignee_id_created_at_id", table_name="activities")
    op.drop_index("ix_activities_account_id_created_at_id", table_name="activities")
    op.drop_table("activities")
    op.drop_index("ix_message_recipients_user_id_message_id", table_name="message_recipients")
    op.drop_table("message_recipients")
    op.drop_index(
        "uq_lead_locks_live_lead", table_name="lead_locks", postgresql_where=sa.text("state IN ('pending', 'active')")
    )
    op.drop_index("ix_lead_locks_holder_id_created_at_id", table_name="lead_locks")
    op.drop_index("ix_lead_locks_ends_on_id", table_name="lead_locks")
    op.drop_index("ix_lead_locks_created_at_id", table_name="lead_locks")
    op.drop_index("ix_lead_locks_account_id", table_name="lead_locks")
    op.drop_table("lead_locks")
    op.drop_index("ix_contacts_team_ids", table_name="contacts", postgresql_using="gin")
    op.drop_index("ix_contacts_sort_name_id", table_name="contacts")
    op.drop_index("ix_contacts_created_at_id", table_name="contacts")
    op.drop_index(op.f("ix_contacts_assignee_id"), table_name="contacts")
    op.drop_index(op.f("ix_contacts_account_id"), table_name="contacts")
    op.drop_table("contacts")
    op.drop_index(op.f("ix_user_roles_role_id"), table_name="user_roles")
    op.drop_table("user_roles")
    op.drop_index(op.f("ix_team_members_user_id"), table_name="team_members")
    op.drop_table("team_members")
    op.drop_index("ix_protection_checks_user_id_created_at_id", table_name="protection_checks")
    op.drop_table("protection_checks")
    op.drop_index(op.f("ix_password_resets_user_id"), table_name="password_resets")
    op.drop_table("password_resets")
    op.drop_index("ix_notifications_unread", table_name="notifications", postgresql_where=sa.text("read_at IS NULL"))
    op.drop_index(
        "uq_notifications_user_id_key", table_name="notifications", postgresql_where=sa.text("key IS NOT NULL")
    )
    op.drop_index("ix_notifications_user_id_created_at_id", table_name="notifications")
    op.drop_table("notifications")
    op.drop_index("ix_messages_sender_id_created_at_id", table_name="messages")
    op.drop_index("ix_messages_created_at_id", table_name="messages")
    op.drop_table("messages")
    op.drop_index(op.f("ix_device_sessions_user_id"), table_name="device_sessions")
    op.drop_table("device_sessions")
    op.drop_index("ix_accounts_team_ids", table_name="accounts", postgresql_using="gin")
    op.drop_index("ix_accounts_sort_name_id", table_name="accounts")
    op.drop_index("ix_accounts_created_at_id", table_name="accounts")
    op.drop_index(op.f("ix_accounts_assignee_id"), table_name="accounts")
    op.drop_table("accounts")
    op.drop_index("uq_users_user_name", table_name="users")
    op.drop_index("uq_users_email", table_name="users")
    op.drop_table("users")
    op.drop_table("project_statuses")
    op.drop_index("uq_teams_user_id", table_name="teams", postgresql_where=sa.text("user_id IS NOT NULL"))
    op.drop_table("teams")
    op.drop_table("stages")
    op.drop_table("projects")
    op.drop_table("roles")
    op.drop_table("pipelines")
    op.drop_table("centres")
    op.execute("DROP FUNCTION tell_identity()")
