"""Notifications: what somebody should know, in the app and by e-mail (LEAD-12)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, new_id
from app.core.visibility import owned


@owned
class Notification(Base):
    """One entry of one user's inbox. `key`, where given, lets the same event be told only once."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index("ix_notifications_user_id_created_at_id", "user_id", "created_at", "id"),
        Index("uq_notifications_user_id_key", "user_id", "key", unique=True, postgresql_where=text("key IS NOT NULL")),
        Index("ix_notifications_record_id", "record_id", postgresql_where=text("record_id IS NOT NULL")),
        Index("ix_notifications_unread", "user_id", postgresql_where=text("read_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str]
    key: Mapped[str | None]
    record_type: Mapped[str | None]
    record_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]]
    texts: Mapped[dict[str, Any]]
    """Title and body by language, as they were told."""
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        return cls.user_id == user
