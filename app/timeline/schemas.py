"""Timelines and historical summaries on the wire."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from app.activities.schemas import ActivityStatus, ActivityType
from app.core.resource import Page, PageQuery
from app.core.types import Link, Moment

TimelineKind = ActivityType | Literal["follow_up", "message", "attachment", "milestone"]
SummaryKind = Literal["call", "meeting", "task", "note", "email"]
Event = Literal[
    "created",
    "converted",
    "merged",
    "departed",
    "stage_entered",
    "won",
    "lost",
]
RecordKind = Literal["lead", "account", "contact", "opportunity"]
_MOMENT: Any = {"format": "date-time"}
_AT = "When it happens, or happened; what the list is ordered by."


class TimelineRecord(BaseModel):
    """The record that an item hangs on: the one that is asked about, or one that belongs to it."""

    type: RecordKind
    id: UUID
    name: str | None


class _Item(BaseModel):
    """What every item shows. `id` is that of the activity, message and so on: its own address has the details."""

    id: UUID
    at: str = Field(json_schema_extra=_MOMENT, description=_AT)
    title: str | None
    excerpt: str | None = Field(description="The first 200 characters of its text.")
    who: Link | None = Field(description="Whose it is; who wrote, sent or did it. Null for the product itself.")
    record: TimelineRecord | None = Field(
        description="Of several the nearest: opportunity, lead, contact, account, in this order."
    )


class TimelineActivity(_Item):
    """A call, meeting, task, note, e-mail or visit report."""

    kind: ActivityType
    status: ActivityStatus
    is_open: bool = Field(description="Whether something is still to be done.")
    ends_at: str | None = Field(json_schema_extra=_MOMENT)


class TimelineFollowUp(_Item):
    """A note with a date, to come back to the record."""

    kind: Literal["follow_up"]
    status: Literal["open", "done"]


class TimelineMessage(_Item):
    """A message about the record that the asker sent or received."""

    kind: Literal["message"]


class TimelineAttachment(_Item):
    """A file on the record."""

    kind: Literal["attachment"]
    content_type: str
    size: int = Field(description="Bytes.")


class TimelineMilestone(_Item):
    """Something that happened to the record itself; `title` says to what or where, such as the stage that was entered."""

    kind: Literal["milestone"]
    event: Event


ITEMS = (TimelineActivity, TimelineFollowUp, TimelineMessage, TimelineAttachment, TimelineMilestone)
TimelineItem = Annotated[
    TimelineActivity | TimelineFollowUp | TimelineMessage | TimelineAttachment | TimelineMilestone,
    Field(discriminator="kind"),
]


class TimelinePage(Page[TimelineItem]):
    """A page of a timeline."""


class _Period(PageQuery):
    at_after: Moment | None = Field(default=None, description="From this moment on.")
    at_before: Moment | None = None


class TimelineQuery(_Period):
    """Which items of a timeline; newest first, what is to come included."""

    kind: list[TimelineKind] = Field(default_factory=list, max_length=10)
    upcoming: bool | None = Field(default=None, description="Only what is to come, or only what was.")


class SummaryQuery(_Period):
    """Which items of a historical summary; newest first."""

    kind: list[SummaryKind] = Field(default_factory=list, max_length=5)
    count: bool = Field(default=False, description="Also count all that match, by kind.")


class SummaryItem(_Item):
    """Something that was done. A call or meeting that was cancelled is `not_held`."""

    kind: SummaryKind
    status: Literal["held", "not_held", "done", "deferred", "sent", "received", "archived"]


class SummaryDate(BaseModel):
    """An activity by its time."""

    id: UUID
    kind: ActivityType
    at: str = Field(json_schema_extra=_MOMENT)
    title: str


class SummaryHeader(BaseModel):
    """How things stand, by the activities and follow-ups of the record itself that the asker sees."""

    last_call: SummaryDate | None = Field(description="The last that was held.")
    last_meeting: SummaryDate | None = Field(description="The last that was held.")
    last_visit: SummaryDate | None = Field(description="The last visit report.")
    next_planned: SummaryDate | None = Field(description="The next call, meeting or task that is planned or due.")
    open_tasks: int = Field(description="At most 100 are counted.")
    open_follow_ups: int = Field(description="At most 100 are counted.")


class Summary(BaseModel):
    """A page of the historical summary (HIST-1)."""

    items: list[SummaryItem]
    next_cursor: str | None
    header: SummaryHeader | None = Field(description="On the first page only.")
    counts: dict[SummaryKind, int] | None = Field(description="When they were asked for.")
