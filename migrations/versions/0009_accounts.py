"""Accounts as a franchise organisation needs them: segments, centres with areas, figures from the ERP."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.support import watch

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CUSTOMERS = ("rm", "cm", "adm", "fn", "bdm", "developer", "country_head", "integration", "admin")
GRANTED = (
    ("data_quality.read", CUSTOMERS),
    ("accounts.set_vip", ("fn", "admin")),
    ("settings.manage", ("admin",)),
    ("access.explain", ("admin",)),
)
SEGMENTS = (
    "key_account_head_office",
    "key_account_branch",
    "supra_regional_head_office",
    "supra_regional_branch",
    "local",
)
CHECKS = {
    "type": "type IN ('potential', 'small_customer', 'customer')",
    "status": "status IN ('new', 'active', 'former')",
    "segment": f"segment IN {SEGMENTS}",
    "terms": "terms_valid_from <= terms_valid_until",
    "not_its_own_parent": "parent_id <> id",
    "visit_interval_days": "visit_interval_days BETWEEN 1 AND 730",
}
FOLLOWING = ("contacts", "opportunities", "activities")
TEAMS_CHANGED = """
CREATE FUNCTION account_teams_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (job, payload, actor, trace_id, created_at, due_at)
    VALUES ('team_following.follow', jsonb_build_object('account_id', NEW.id),
            coalesce(nullif(current_setting('leadwerk.actor', true), ''), 'system:database'),
            coalesce(current_setting('leadwerk.trace', true), ''), now(), now());
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    op.execute('CREATE TYPE postal_range AS RANGE (subtype = text, collation = "C")')
    op.create_table(
        "centre_areas",
        sa.Column("centre_id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("from_code", sa.Text(collation="C"), nullable=False),
        sa.Column("to_code", sa.Text(collation="C"), nullable=False),
        sa.CheckConstraint("from_code <= to_code", name=op.f("ck_centre_areas_order")),
        sa.ForeignKeyConstraint(
            ["centre_id"], ["centres.id"], name=op.f("fk_centre_areas_centre_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("centre_id", "country", "from_code", name=op.f("pk_centre_areas")),
    )
    # No two centres answer for one postal code. What begins with the last code still belongs to the area.
    op.execute(
        "ALTER TABLE centre_areas ADD CONSTRAINT ex_centre_areas_one_centre EXCLUDE USING gist "
        "(country WITH =, postal_range(from_code, to_code || '~', '[]') WITH &&)"
    )
    watch("centre_areas", id_column="centre_id", versioned=False)

    op.create_table(
        "member_organisations",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Uuid()),
        sa.Column("request_hash", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_organisations")),
    )
    op.create_index("uq_member_organisations_name", "member_organisations", [sa.text("sort_key(name)")], unique=True)
    watch("member_organisations")

    ids = postgresql.ARRAY(sa.Uuid())
    for column in (
        sa.Column("parent_id", sa.Uuid()),
        sa.Column("segment", sa.Text()),
        sa.Column("centre_id", sa.Uuid()),
        sa.Column("rule_team_ids", ids, server_default="{}", nullable=False),
        sa.Column("vip", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("member_organisation_ids", ids, server_default="{}", nullable=False),
        sa.Column("partner_info", sa.Text()),
        sa.Column("terms_valid_from", sa.Date()),
        sa.Column("terms_valid_until", sa.Date()),
        sa.Column("visit_interval_days", sa.Integer()),
        sa.Column("visit_priority", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("last_visit_on", sa.Date()),
        sa.Column("last_order_on", sa.Date()),
        sa.Column("reclassify_on", sa.Date()),
    ):
        op.add_column("accounts", column)
    op.create_foreign_key(op.f("fk_accounts_parent_id"), "accounts", "accounts", ["parent_id"], ["id"])
    op.create_foreign_key(op.f("fk_accounts_centre_id"), "accounts", "centres", ["centre_id"], ["id"])
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_accounts_{name}"), "accounts", condition)
    op.create_index(
        "ix_accounts_parent_id", "accounts", ["parent_id"], postgresql_where=sa.text("parent_id IS NOT NULL")
    )
    op.create_index("ix_accounts_centre_id_created_at_id", "accounts", ["centre_id", "created_at", "id"])
    op.create_index(
        "ix_accounts_reclassify_on",
        "accounts",
        ["reclassify_on"],
        postgresql_where=sa.text("reclassify_on IS NOT NULL"),
    )
    op.create_index(
        "ix_accounts_member_organisation_ids",
        "accounts",
        ["member_organisation_ids"],
        postgresql_using="gin",
    )
    for column in ("last_order_on", "last_visit_on"):
        op.create_index(
            f"ix_accounts_{column}_id", "accounts", [sa.text(f"coalesce({column}, '-infinity'::date)"), "id"]
        )

    op.create_table(
        "account_revenues",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_revenues_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "year", name=op.f("pk_account_revenues")),
    )
    watch("account_revenues", id_column="account_id", versioned=False)

    for table in FOLLOWING:
        op.add_column(table, sa.Column("teams_follow", sa.Boolean(), server_default=sa.text("false"), nullable=False))
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        op.execute(
            f"UPDATE {table} AS t SET teams_follow = true FROM accounts AS a "
            "WHERE a.id = t.account_id AND a.team_ids = t.team_ids"
        )
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    op.execute(TEAMS_CHANGED)
    op.execute(
        "CREATE TRIGGER teams_changed AFTER UPDATE OF team_ids ON accounts FOR EACH ROW "
        "WHEN (OLD.team_ids IS DISTINCT FROM NEW.team_ids) EXECUTE FUNCTION account_teams_changed()"
    )

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
    op.execute("DROP TRIGGER teams_changed ON accounts")
    op.execute("DROP FUNCTION account_teams_changed()")
    for table in FOLLOWING:
        op.drop_column(table, "teams_follow")
    op.drop_table("account_revenues")
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_accounts_{name}"), "accounts", type_="check")
    for column in (
        *("parent_id", "segment", "centre_id", "rule_team_ids", "vip", "member_organisation_ids", "partner_info"),
        *("terms_valid_from", "terms_valid_until", "visit_interval_days", "visit_priority", "last_visit_on"),
        *("last_order_on", "reclassify_on"),
    ):
        op.drop_column("accounts", column)
    op.drop_table("member_organisations")
    op.drop_table("centre_areas")
    op.execute("DROP TYPE postal_range")
