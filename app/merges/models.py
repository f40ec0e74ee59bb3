"""Merges, and what they moved (DUP-4, DUP-8)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Table,
    Text,
    Uuid,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Account
from app.contacts.models import Contact
from app.core.db import Base, Record
from app.core.redirects import table as redirects
from app.core.visibility import beside, owned
from app.leads.models import Lead


@owned
class Merge(Record, Base):
    """Records that became one."""

    __tablename__ = "merges"
    __table_args__ = (
        CheckConstraint("record_type IN ('lead', 'account', 'contact')", name="record_type"),
        CheckConstraint("origin IN ('user', 'erp')", name="origin"),
        CheckConstraint("state IN ('done', 'undone')", name="state"),
        CheckConstraint("(state = 'undone') = (undone_at IS NOT NULL)", name="undone"),
        Index("ix_merges_created_at_id", "created_at", "id"),
        Index("ix_merges_winner_id", "winner_id"),
        Index("ix_merges_loser_ids", "loser_ids", postgresql_using="gin"),
        Index("ix_merges_undoable", "created_at", postgresql_where=text("undo IS NOT NULL")),
    )

    record_type: Mapped[str]
    winner_id: Mapped[UUID]
    loser_ids: Mapped[list[UUID]]
    origin: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="done")
    fields: Mapped[dict[str, Any]]
    """Where values came from that are not the winner's own: a record's id, or `all`, by field."""
    moved: Mapped[dict[str, Any]]
    """How many records now belong to the winner, by kind."""
    winner_version: Mapped[int]
    """The winner's version that the merge made."""
    undo: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What undoing needs: the losers' rows, the winner's columns before and after, what else was done. Gone after its time."""
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[UUID | None]
    kept: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    """What the undoing left as it was, since it had changed meanwhile."""

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        """Whoever sees the winner, wherever it is now."""
        gone = select(redirects.c.winner_id).where(redirects.c.loser_id == cls.winner_id).correlate(cls)
        now = func.coalesce(gone.scalar_subquery(), cls.winner_id)
        return or_(
            cls.created_by == user,
            *(
                beside(
                    select(model.id).where(model.id == now, model.visible_to(user, teams)).correlate(cls),
                    model,
                    reason="seen by the record's own rule",
                ).exists()
                for model in (Lead, Account, Contact)
            ),
        )


moves = Table(
    "merge_moves",
    Base.metadata,
    Column("merge_id", Uuid, ForeignKey("merges.id", ondelete="CASCADE"), primary_key=True),
    Column("table_name", Text, primary_key=True),
    Column("row_id", Uuid, primary_key=True),
    Column("loser_id", Uuid, nullable=False),
)
"""Which record named which loser before it named the winner."""
