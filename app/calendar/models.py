"""Calendars that are read from outside (ID-8). Who shares theirs with whom: `app.identity.models.CalendarShare`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.visibility import owned


@owned
class CalendarAddress(Base):
    """The private address at which any calendar program reads a user's calendar. Only the hash of its secret is kept."""

    __tablename__ = "calendar_addresses"
    __table_args__ = (CheckConstraint("details IN ('full', 'busy')", name="details"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    details: Mapped[str]
    """`busy` says only when, and nothing of what, where and with whom."""
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        return cls.user_id == user
