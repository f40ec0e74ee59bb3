"""Messages on the wire."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

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
    """A message to users, to all active users who hold certain roles, or both."""

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
    subject: Line
    body: MessageText
    record: RecordLink | None = None


class MessageQuery(ListQuery):
    """Filters of the message list."""

    box: Literal["inbox", "sent"] = Field(default="inbox", description="Received or sent by the asker.")
    unread: bool | None = Field(default=None, description="Only unread (or only read) ones; of the inbox.")
    kind: list[MessageKind] = Field(default_factory=list, max_length=2)
    sender_id: list[UUID] = Field(default_factory=list, max_length=50)
    record_type: RecordType | None = None
    record_id: UUID | None = None
    sort: Literal["-created_at", "created_at"] = "-created_at"
