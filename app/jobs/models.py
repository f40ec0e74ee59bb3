"""Long work that somebody has asked for and waits for."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Record
from app.core.visibility import owned

RUNNING = "state IN ('queued', 'running')"


@owned
class Job(Record, Base):
    """What a client polls after a 202. The work itself is done in steps, each a row of the outbox."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
        CheckConstraint(f"({RUNNING}) = (finished_at IS NULL)", name="finished"),
        Index("ix_jobs_created_by_created_at_id", "created_by", "created_at", "id"),
        Index("ix_jobs_kind_running", "kind", postgresql_where=text(RUNNING)),
    )

    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="queued")
    done: Mapped[int] = mapped_column(server_default=text("0"))
    total: Mapped[int | None]
    """Null while it is not known."""
    result_url: Mapped[str | None]
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Why it failed: `code` and `detail`, in German and English."""
    finished_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        """Who has asked for it."""
        return cls.created_by == user
