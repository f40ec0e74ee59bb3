"""Reminders: who is to be told of which record when (FUP-1)."""

from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, new_id

RemindedOf = Literal["activity", "follow_up"]
OUTCOMES = ("told", "void", "failed")


class Reminder(Base):
    """One per record and user. It names the activity or follow-up, never the customer that these are about.

    Each index costs as much as a notification when a hundred thousand are told at once: there are only those needed then.
    """

    __tablename__ = "reminders"
    __table_args__ = (
        CheckConstraint(f"record_type IN {get_args(RemindedOf)}", name="record_type"),
        CheckConstraint(f"outcome IN {OUTCOMES}", name="outcome"),
        UniqueConstraint("record_id", "user_id"),
        Index("ix_reminders_due", "due_at", "id", postgresql_where=text("sent_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    record_type: Mapped[str]
    record_id: Mapped[UUID]
    kind: Mapped[str]
    due_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    """`told`; `void` when there was nothing to say any more; `failed` when its text could not be made: a defect."""
