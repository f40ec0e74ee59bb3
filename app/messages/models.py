"""Internal messages (MSG-1)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, exists, or_, select, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Record
from app.core.visibility import owned


class MessageRecipient(Base):
    """A message is for a user, who has read it or not."""

    __tablename__ = "message_recipients"
    __table_args__ = (Index("ix_message_recipients_user_id_message_id", "user_id", "message_id"),)

    message_id: Mapped[UUID] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    read_at: Mapped[datetime | None]


@owned
class Message(Record, Base):
    """A text between users, linked to a record. An `opportunity_request` also says what opportunity to make (CONV-4)."""

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("kind IN ('text', 'opportunity_request')", name="kind"),
        Index("ix_messages_created_at_id", "created_at", "id"),
        Index("ix_messages_record_id", "record_id", postgresql_where=text("record_id IS NOT NULL")),
        Index("ix_messages_sender_id_created_at_id", "sender_id", "created_at", "id"),
        Index("ix_messages_thread_id_created_at_id", "thread_id", "created_at", "id"),
    )

    kind: Mapped[str]
    thread_id: Mapped[UUID]
    """The id of the message that the thread began with; of the first one its own."""
    reply_to_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id", ondelete="SET NULL"), index=True)
    sender_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    subject: Mapped[str]
    body: Mapped[str]
    record_type: Mapped[str | None]
    record_id: Mapped[UUID | None]
    request: Mapped[dict[str, Any] | None]
    """Of an opportunity request: lead_id, account_id, contact_id, stage_id, amount, currency."""

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        received = exists(
            select(MessageRecipient.message_id)
            .where(MessageRecipient.message_id == cls.id, MessageRecipient.user_id == user)
            .correlate(cls)
        )
        return or_(cls.sender_id == user, received)
