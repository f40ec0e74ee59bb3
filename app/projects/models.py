"""Projects: each holds the rules for its leads (LEAD-1, LEAD-2, LOCK-2, PROJ-2)."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Record

PROTECTION_PROJECT_ID = UUID("01900000-0000-7000-8000-000000000001")
"""The default project: customer protection in a developer network."""
VISITS_PROJECT_ID = UUID("01900000-0000-7000-8000-000000000002")
"""The project of customers whom a technician met and nobody knew (VISIT-1). While it is inactive, the default one takes them."""


class Project(Record, Base):
    """A way of working with leads. What its rules say is read at each use, so that a change takes effect at once."""

    __tablename__ = "projects"
    __table_args__ = (
        CheckConstraint("visibility IN ('all', 'team')", name="visibility"),
        CheckConstraint("lock_starts IN ('last_step', 'contacted_on')", name="lock_starts"),
        CheckConstraint("lock_months BETWEEN 1 AND 60", name="lock_months"),
    )

    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    required_fields: Mapped[list[str]]
    """Fields that a lead of this project must have."""
    lean: Mapped[bool]
    """Only the required fields are allowed until conversion: what another developer needs to check the customer (LEAD-2)."""
    visibility: Mapped[str]
    """`all`: every user reads its leads (ID-6); `team`: only who is concerned."""
    lock_enabled: Mapped[bool]
    lock_months: Mapped[int]
    lock_steps: Mapped[list[str]]
    """Steps after which the lock becomes active, of `lead`, `converted`, `opportunity_requested`."""
    lock_starts: Mapped[str]
    pipeline_id: Mapped[UUID | None] = mapped_column(ForeignKey("pipelines.id"))
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))


class ProjectStatus(Record, Base):
    """One of a project's ordered lead statuses."""

    __tablename__ = "project_statuses"
    __table_args__ = (
        UniqueConstraint("project_id", "key"),
        CheckConstraint("category IN ('open', 'working', 'converted', 'discarded')", name="category"),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    key: Mapped[str]
    position: Mapped[int]
    category: Mapped[str]
    label_de: Mapped[str]
    label_en: Mapped[str]
    color: Mapped[str | None]
