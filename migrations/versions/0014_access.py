"""An index for each reason to see a record, so that who sees few of very many finds them without looking at all."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MANAGED = ("accounts", "contacts")
CREATED = ("leads", "opportunities", "activities")


def upgrade() -> None:
    for table in MANAGED:
        op.create_index(f"ix_{table}_manager_ids", table, ["manager_ids"], postgresql_using="gin")
        op.create_index(
            f"ix_{table}_open_to_all", table, ["created_at", "id"], postgresql_where=sa.text("access <> 'managers'")
        )
    for table in CREATED:
        op.create_index(f"ix_{table}_created_by", table, ["created_by"])
    op.create_index("ix_leads_team_ids", "leads", ["team_ids"], postgresql_using="gin")
    op.create_index(
        "ix_leads_open_to_all", "leads", ["created_at", "id"], postgresql_where=sa.text("visibility = 'all'")
    )


def downgrade() -> None:
    op.drop_index("ix_leads_open_to_all", "leads")
    op.drop_index("ix_leads_team_ids", "leads")
    for table in CREATED:
        op.drop_index(f"ix_{table}_created_by", table)
    for table in MANAGED:
        op.drop_index(f"ix_{table}_open_to_all", table)
        op.drop_index(f"ix_{table}_manager_ids", table)
