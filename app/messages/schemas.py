"""Messages on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.core.records import RecordType
from app.core.resource import ListQuery
from app.core.types import NO_CONTROLS, Body, ClientId, Key, Line, Link, RecordRead

MessageKind = Literal["text", "opportunity_request"]
MessageText = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=NO_CONTROLS)]


class RecordLink(Body):
    """The record that a message is about."""

    type: RecordType
    id: UUID


class MessageRead(RecordRead):
    """A message. `read_at` is when the asker read it; null for what they sent themselves."""

    kind: MessageKind
    thread_id: UUID = Field(description="The id of the message that the thread began with.")
    reply_to_id: UUID | None
    sender: Link | None = Field(description="Null when the product itself wrote it.")
    recipients: list[Link]
    subject: str
    body: str
    record: RecordLink | None = Field(description="Type and id only; whoever may see the record can fetch it.")
    request: dict[str, Any] | None = Field(
        description="Of an `opportunity_request`: lead_id, account_id, contact_id, stage_id, amount, currency."
    )
    read_at: str | None = Field(json_schema_extra={"format": "date-time"})


class MessageCreate(Body):
    """A message to users, to all active users who hold certain roles, or both; or an answer to a message.

    An answer goes to all who take part in what it answers when nobody is named, has its subject when none is given, and is about
    the same record.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "role_keys": ["ks"],
                "subject": "Rückfrage zu Müller Maschinenbau",
                "body": "Bitte die Verkaufschance mit Laufzeit 24 Monate anlegen.",
                "record": {"type": "lead", "id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d"},
            }
        }
    )

    id: ClientId | None = None
    recipient_ids: list[UUID] = Field(default_factory=list, max_length=200)
    role_keys: list[Key] = Field(default_factory=list, max_length=10)
    reply_to_id: UUID | None = Field(default=None, description="The message that this one answers.")
    subject: Line | None = Field(default=None, description="Required unless it is an answer.")
    body: MessageText
    record: RecordLink | None = Field(default=None, description="Not with an answer.")


class ThreadRead(BaseModel):
    """A thread as the asker sees it: of others' messages in it they see those that were sent to them."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d",
                "last_message_at": "2026-03-02T08:15:00Z",
                "last_message": {
                    "id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1f",
                    "sender": {"id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c20", "name": "Eva Muster"},
                    "subject": "Rückfrage zu Müller Maschinenbau",
                    "excerpt": "Ist angelegt.",
                    "created_at": "2026-03-02T08:15:00Z",
                },
                "record": {"type": "lead", "id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1e"},
                "message_count": 2,
                "unread_count": 1,
            }
        }
    )

    id: UUID = Field(description="What its messages name as `thread_id`.")
    last_message_at: str = Field(json_schema_extra={"format": "date-time"})
    last_message: "LastMessage"
    record: RecordLink | None
    message_count: int
    unread_count: int


class LastMessage(BaseModel):
    """The newest message of a thread that the asker sent or received."""

    id: UUID
    sender: Link | None
    subject: str
    excerpt: str = Field(description="At most 200 characters of its text.")
    created_at: datetime


class ThreadQuery(ListQuery):
    """Filters of the list of threads."""

    unread: bool | None = Field(default=None, description="Only those with (or without) something unread.")
    record_id: UUID | None = None
    sort: Literal["-last_message_at", "last_message_at"] = "-last_message_at"


class MessageQuery(ListQuery):
    """Filters of the message list."""

    box: Literal["inbox", "sent", "all"] | None = Field(
        default=None, description="Received by the asker, sent by them, or both: the inbox, but both with `thread_id`."
    )
    thread_id: UUID | None = None
    unread: bool | None = Field(default=None, description="Only unread (or only read) ones; of the inbox.")
    kind: list[MessageKind] = Field(default_factory=list, max_length=2)
    sender_id: list[UUID] = Field(default_factory=list, max_length=50)
    record_type: RecordType | None = None
    record_id: UUID | None = None
    sort: Literal["-created_at", "created_at"] = "-created_at"
