"""Activities: what was done and is to be done on a record. Notes and tasks for now (ACT-1)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Record
from app.core.visibility import Explained, owned


@owned
class Activity(Explained, Record, Base):
    """A task or note on one or several records."""

    __tablename__ = "activities"
    __table_args__ = (
        CheckConstraint("type IN ('task', 'note', 'call', 'meeting')", name="type"),
        CheckConstraint("status IN ('open', 'done', 'cancelled')", name="status"),
        CheckConstraint("num_nonnulls(account_id, contact_id, lead_id, opportunity_id) > 0", name="linked"),
        Index("ix_activities_created_at_id", "created_at", "id"),
        Index("ix_activities_account_id_created_at_id", "account_id", "created_at", "id"),
        Index("ix_activities_assignee_id_created_at_id", "assignee_id", "created_at", "id"),
        Index("ix_activities_created_by", "created_by"),
        Index("ix_activities_team_ids", "team_ids", postgresql_using="gin"),
    )

    type: Mapped[str]
    subject: Mapped[str]
    description: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default="open")
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    due_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"), index=True)
    lead_id: Mapped[UUID | None] = mapped_column(ForeignKey("leads.id", use_alter=True), index=True)
    opportunity_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("opportunities.id", ondelete="SET NULL", use_alter=True), index=True
    )
    team_ids: Mapped[list[UUID]] = mapped_column(server_default=text("'{}'"))
    teams_follow: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether `team_ids` are the account's, and change with them."""
    customer: Mapped[dict[str, Any] | None]
    """The customer's data as they stood when the activity was made (CONV-2)."""

    @classmethod
    def reasons_to_see(
        cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]
    ) -> dict[str, ColumnElement[bool]]:
        return {
            "assignee": cls.assignee_id == user,
            "creator": cls.created_by == user,
            "team": cls.team_ids.op("&&", is_comparison=True)(teams),
        }
