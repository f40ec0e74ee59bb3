"""Lists of customers by what people look for, in the order of the list, however many or few match."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

CITY = sa.text("sort_key(city)")
LISTS = (
    ("accounts", "city", CITY),
    ("accounts", "industry", "industry"),
    ("accounts", "level", "level"),
    ("accounts", "postal_code", "postal_code"),
    ("contacts", "city", CITY),
    ("contacts", "postal_code", "postal_code"),
    ("contacts", "relationship", "relationship"),
)
FLAGS = (("accounts", "vip"), ("accounts", "visit_priority"), ("contacts", "do_not_contact"))


def upgrade() -> None:
    for table in ("accounts", "contacts"):
        op.drop_index(f"ix_{table}_assignee_id", table)
        op.create_index(f"ix_{table}_assignee_id_created_at_id", table, ["assignee_id", "created_at", "id"])
    for table, name, column in LISTS:
        op.create_index(f"ix_{table}_{name}_created_at_id", table, [column, "created_at", "id"])
    for table, flag in FLAGS:
        op.create_index(f"ix_{table}_{flag}", table, ["created_at", "id"], postgresql_where=sa.text(flag))
    op.create_index(
        "ix_accounts_terms_valid_until",
        "accounts",
        ["terms_valid_until"],
        postgresql_where=sa.text("terms_valid_until IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_accounts_terms_valid_until", "accounts")
    for table, flag in FLAGS:
        op.drop_index(f"ix_{table}_{flag}", table)
    for table, name, _ in LISTS:
        op.drop_index(f"ix_{table}_{name}_created_at_id", table)
    for table in ("accounts", "contacts"):
        op.drop_index(f"ix_{table}_assignee_id_created_at_id", table)
        op.create_index(f"ix_{table}_assignee_id", table, ["assignee_id"])
