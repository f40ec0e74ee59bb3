"""Built-in roles, the default pipeline, and the default project: customer protection."""

from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from uuid_utils.compat import uuid7

from app.core.permissions import BUILT_IN_ROLES
from app.opportunities.models import DEFAULT_PIPELINE_ID
from app.projects.models import PROTECTION_PROJECT_ID

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STAGES = (
    # key, German, English, probability, category
    ("contact", "Erstkontakt", "First contact", 10, "open"),
    ("needs", "Bedarf ermittelt", "Needs known", 25, "open"),
    ("offer", "Angebot gelegt", "Offer made", 50, "open"),
    ("negotiation", "Verhandlung", "Negotiation", 75, "open"),
    ("won", "Gewonnen", "Won", 100, "won"),
    ("lost", "Verloren", "Lost", 0, "lost"),
)

STATUSES = (
    # key, German, English, category, colour
    ("new", "Neu", "New", "open", "#2f6feb"),
    ("contacted", "Kontaktiert", "Contacted", "working", "#8250df"),
    ("qualified", "Qualifiziert", "Qualified", "working", "#bf8700"),
    ("converted", "Konvertiert", "Converted", "converted", "#1a7f37"),
    ("discarded", "Verworfen", "Discarded", "discarded", "#57606a"),
)

REQUIRED = [
    "status",
    "source",
    "assignee_id",
    "name",
    "company",
    "city",
    "state",
    "country",
    "postal_code",
    "contacted_on",
    "description",
    "expected_revenue",
]


def rows(table: str, *columns: str) -> sa.TableClause:
    types = {"permissions": postgresql.ARRAY(sa.Text), "required_fields": postgresql.ARRAY(sa.Text)}
    types["lock_steps"] = postgresql.ARRAY(sa.Text)
    return sa.table(
        table,
        *(
            sa.column(name, types.get(name, sa.Uuid() if name == "id" or name.endswith("_id") else None))
            for name in columns
        ),
    )


def upgrade() -> None:
    op.bulk_insert(
        rows("roles", "id", "key", "label_de", "label_en", "permissions", "built_in"),
        [
            {
                "id": uuid7(),
                "key": key,
                "label_de": german,
                "label_en": english,
                "permissions": sorted(permissions),
                "built_in": True,
            }
            for key, (german, english, permissions) in BUILT_IN_ROLES.items()
        ],
    )
    op.bulk_insert(
        rows("pipelines", "id", "key", "name", "is_default"),
        [{"id": DEFAULT_PIPELINE_ID, "key": "standard", "name": "Standard", "is_default": True}],
    )
    op.bulk_insert(
        rows("stages", "id", "pipeline_id", "key", "position", "label_de", "label_en", "probability", "category"),
        [
            {
                "id": UUID(f"01900000-0000-7000-8000-0000000001{i:02d}"),
                "pipeline_id": DEFAULT_PIPELINE_ID,
                "key": key,
                "position": i,
                "label_de": german,
                "label_en": english,
                "probability": probability,
                "category": category,
            }
            for i, (key, german, english, probability, category) in enumerate(STAGES, 1)
        ],
    )
    op.bulk_insert(
        rows(
            "projects",
            *("id", "key", "name", "required_fields", "lean", "visibility", "lock_enabled", "lock_months"),
            *("lock_steps", "lock_starts", "pipeline_id", "is_default"),
        ),
        [
            {
                "id": PROTECTION_PROJECT_ID,
                "key": "protection",
                "name": "Kundenschutz",
                "required_fields": REQUIRED,
                "lean": True,
                "visibility": "all",
                "lock_enabled": True,
                "lock_months": 6,
                "lock_steps": ["lead", "converted", "opportunity_requested"],
                "lock_starts": "last_step",
                "pipeline_id": DEFAULT_PIPELINE_ID,
                "is_default": True,
            }
        ],
    )
    op.bulk_insert(
        rows("project_statuses", "id", "project_id", "key", "position", "label_de", "label_en", "category", "color"),
        [
            {
                "id": uuid7(),
                "project_id": PROTECTION_PROJECT_ID,
                "key": key,
                "position": i,
                "label_de": german,
                "label_en": english,
                "category": category,
                "color": color,
            }
            for i, (key, german, english, category, color) in enumerate(STATUSES, 1)
        ],
    )


def downgrade() -> None:
    op.execute("DELETE FROM project_statuses")
    op.execute("DELETE FROM projects")
    op.execute("DELETE FROM stages")
    op.execute("DELETE FROM pipelines")
    op.execute("DELETE FROM roles")
