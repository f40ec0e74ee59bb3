"""Notifications on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from app.core.resource import ListQuery
from app.core.types import Body, Moment
from app.core.writing import absent
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


STREAM_EXAMPLE = """retry: 3000

event: notification
data: {"notification": {"id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d", "kind": "lead_assigned", "version": 1}, "unread_count": 3}
id: eyJhbGciOiJI

: ping

"""


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


class StreamQuery(BaseModel):
    """Where the live stream begins and how long it goes on."""

    model_config = ConfigDict(extra="forbid")

    last_event_id: str | None = Field(
        default=None,
        max_length=8000,
        pattern=r"^[A-Za-z0-9_-]+$",
        description="As the header `Last-Event-ID`, for clients that cannot set it; the header counts.",
    )
    max_seconds: int | None = Field(
        default=None, ge=0, le=86_400, description="End the stream after so long; 0 brings what there is, and ends."
    )


Email = Literal["at_once", "digest", "never"]
Channel = Literal["in_app", "email"]


class KindSettings(BaseModel):
    """How one is told things of this kind."""

    in_app: bool
    email: Email = Field(description="A mail at once, in the daily digest, or none.")
    always: list[Channel] = Field(description="Channels of this kind that nobody can change.")


_KIND_EXAMPLE: JsonDict = {"in_app": True, "email": "digest", "always": []}


class NotificationSettingsRead(BaseModel):
    """How the asker wants to be told, for every kind of notification; more kinds may come."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "version": 3,
                "digest_hour": 8,
                "digest_weekdays_only": True,
                "kinds": {"lead_assigned": _KIND_EXAMPLE},
            }
        }
    )

    version: int = Field(description="0 as long as nothing was changed.")
    digest_hour: int = Field(description="On the clock of the user's time zone.")
    digest_weekdays_only: bool
    kinds: dict[Kind, KindSettings]


class KindSettingsUpdate(Body):
    """What to change for one kind; null is the default: in the app, and by mail at once."""

    in_app: bool | None = None
    email: Email | None = None


class NotificationSettingsUpdate(Body):
    """What to change. A kind that is null gets its defaults."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "digest_hour": 17,
                "digest_weekdays_only": True,
                "kinds": {"task_assigned": {"email": "digest"}, "records_merged": {"in_app": False, "email": "never"}},
            }
        }
    )

    digest_hour: Annotated[int, Field(ge=0, le=23)] = absent()
    digest_weekdays_only: bool = absent()
    kinds: Annotated[dict[Kind, KindSettingsUpdate | None], Field(max_length=100)] = absent()


class NotificationQuery(ListQuery):
    """Filters of the notification list."""

    unread: bool | None = None
    kind: list[Kind] = Field(default_factory=list, max_length=20)
    record_id: UUID | None = None
    sort: Literal["-created_at", "created_at"] = "-created_at"
