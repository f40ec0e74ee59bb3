"""Notifications on the wire."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from app.core.resource import ListQuery
from app.core.types import Body, Moment
from app.notifications.texts import Kind

_EXAMPLE: JsonDict = {
    "id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d",
    "version": 1,
    "kind": "lead_assigned",
    "title": "Neuer Interessent für Sie: Müller Maschinenbau GmbH & Co. KG",
    "body": "Eva Muster hat Ihnen den Interessenten „Müller Maschinenbau GmbH & Co. KG“ zugewiesen.",
    "record": {"type": "lead", "id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1e"},
    "data": {"by": "Eva Muster", "name": "Müller Maschinenbau GmbH & Co. KG"},
    "created_at": "2026-03-02T08:15:00Z",
    "read_at": None,
}


class NotificationRecord(BaseModel):
    """The record that it is about. Its type is the resource's name in the singular; more types may come."""

    type: str
    id: UUID


class NotificationRead(BaseModel):
    """What one user was told. Title and body follow Accept-Language."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    id: UUID
    version: int
    kind: Kind
    title: str
    body: str
    record: NotificationRecord | None
    data: dict[str, Any] = Field(description="What the texts were made of, for clients with words of their own.")
    created_at: datetime
    read_at: datetime | None


class NotificationUpdate(Body):
    """Whether it has been read."""

    model_config = ConfigDict(json_schema_extra={"example": {"read": True}})

    read: bool


class ReadAll(Body):
    """Which ones: all, or those up to a moment, so that none is marked that came after the list was shown."""

    model_config = ConfigDict(json_schema_extra={"example": {"until": "2026-03-02T08:15:00Z"}})

    until: Moment | None = None


class UnreadCount(BaseModel):
    """How many are unread."""

    model_config = ConfigDict(json_schema_extra={"example": {"count": 3}})

    count: int


class NotificationQuery(ListQuery):
    """Filters of the notification list."""

    unread: bool | None = None
    kind: list[Kind] = Field(default_factory=list, max_length=20)
    record_id: UUID | None = None
    sort: Literal["-created_at", "created_at"] = "-created_at"
