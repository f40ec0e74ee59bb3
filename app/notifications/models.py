"""Notifications: what somebody should know, in the app and by e-mail (LEAD-12)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, new_id
from app.core.history import Xid8
from app.core.visibility import owned


@owned
class Notification(Base):
    """One entry of one user's inbox. `key`, where given, lets the same event be told only once."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index("ix_notifications_user_id_created_at_id", "user_id", "created_at", "id"),
        Index("uq_notifications_user_id_key", "user_id", "key", unique=True, postgresql_where=text("key IS NOT NULL")),
        Index("ix_notifications_record_id", "record_id", postgresql_where=text("record_id IS NOT NULL")),
        Index("ix_notifications_unread", "user_id", postgresql_where=text("in_app AND read_at IS NULL")),
        Index("ix_notifications_user_id_xid", "user_id", "xid"),
        Index("ix_notifications_waiting", "user_id", postgresql_where=text("mail = 'digest' AND digested_at IS NULL")),
        CheckConstraint("mail IN ('at_once', 'digest', 'never')", name="mail"),
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
    in_app: Mapped[bool] = mapped_column(server_default=text("true"))
    """Whether it stands in the inbox; else it is only for the mail."""
    mail: Mapped[str] = mapped_column(server_default=text("'never'"))
    """How it goes out, by the settings that held when it was told."""
    digested_at: Mapped[datetime | None]
    xid: Mapped[str] = mapped_column(Xid8, server_default=text("pg_current_xact_id()"))
    """The transaction that told it: by this a live stream finds what was committed late."""

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        return cls.user_id == user


@owned
class NotificationSettings(Base):
    """How a user wants to be told. Who has none is told everything, in the app and by mail at once.

    `kinds` holds what differs from that: kind → `{"in_app": false, "email": "at_once" | "digest" | "never"}`.
    """

    __tablename__ = "notification_settings"
    __table_args__ = (CheckConstraint("digest_hour BETWEEN 0 AND 23", name="digest_hour"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int] = mapped_column(server_default=text("0"))
    kinds: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    digest_hour: Mapped[int] = mapped_column(server_default=text("8"))
    """On the clock of the user's time zone."""
    digest_weekdays_only: Mapped[bool] = mapped_column(server_default=text("false"))

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        return cls.user_id == user
