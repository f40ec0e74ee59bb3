"""Pipelines with their stages, and opportunities (OPP-1)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Computed, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Record
from app.core.visibility import Explained, owned

DEFAULT_PIPELINE_ID = UUID("01900000-0000-7000-8000-000000000002")


class Pipeline(Record, Base):
    """A way from a chance to an order."""

    __tablename__ = "pipelines"

    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    is_default: Mapped[bool] = mapped_column(server_default=text("false"))


class Stage(Record, Base):
    """A step of a pipeline; a card that is moved to it takes its probability."""

    __tablename__ = "stages"
    __table_args__ = (
        UniqueConstraint("pipeline_id", "key"),
        CheckConstraint("probability BETWEEN 0 AND 100", name="probability"),
        CheckConstraint("category IN ('open', 'won', 'lost')", name="category"),
    )

    pipeline_id: Mapped[UUID] = mapped_column(ForeignKey("pipelines.id", ondelete="CASCADE"))
    key: Mapped[str]
    position: Mapped[int]
    label_de: Mapped[str]
    label_en: Mapped[str]
    probability: Mapped[int]
    category: Mapped[str]


@owned
class Opportunity(Explained, Record, Base):
    """A chance of an order, with its expected yearly revenue. `status` follows the stage's category."""

    __tablename__ = "opportunities"
    __table_args__ = (
        CheckConstraint("status IN ('open', 'won', 'lost')", name="status"),
        CheckConstraint("probability BETWEEN 0 AND 100", name="probability"),
        Index("ix_opportunities_created_at_id", "created_at", "id"),
        Index("ix_opportunities_stage_id_created_at_id", "stage_id", "created_at", "id"),
        Index("ix_opportunities_created_by", "created_by"),
        Index("ix_opportunities_team_ids", "team_ids", postgresql_using="gin"),
        Index("ix_opportunities_contact_id", "contact_id", postgresql_where=text("contact_id IS NOT NULL")),
    )

    name: Mapped[str]
    search_key: Mapped[str] = mapped_column(Computed("sort_key(name)", persisted=True))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"))
    lead_id: Mapped[UUID | None] = mapped_column(ForeignKey("leads.id", ondelete="SET NULL"), index=True)
    pipeline_id: Mapped[UUID] = mapped_column(ForeignKey("pipelines.id"))
    stage_id: Mapped[UUID] = mapped_column(ForeignKey("stages.id"))
    probability: Mapped[int]
    status: Mapped[str] = mapped_column(server_default="open")
    amount: Mapped[Decimal]
    currency: Mapped[str]
    close_on: Mapped[date | None]
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[str | None]
    stage_entered_at: Mapped[datetime]
    assignee_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    team_ids: Mapped[list[UUID]] = mapped_column(server_default=text("'{}'"))
    teams_follow: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether `team_ids` are the account's, and change with them."""
    description: Mapped[str | None]
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id"), unique=True)
    """The request it was made from; unique, so that a request becomes one opportunity only (CONV-4)."""
    custom: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Values of the fields that the installation has added, by key (ACC-10)."""

    @classmethod
    def reasons_to_see(
        cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]
    ) -> dict[str, ColumnElement[bool]]:
        return {
            "assignee": cls.assignee_id == user,
            "creator": cls.created_by == user,
            "team": cls.team_ids.op("&&", is_comparison=True)(teams),
        }
