"""Activities of every type as clients send them: a union for making them, one body for changing them."""

from typing import Annotated, Any, Literal

from fastapi import Body as RequestBody
from pydantic import BaseModel, ConfigDict

from app.activities.schemas import EmailCreate, EmailUpdate, NoteCreate, NoteUpdate, TaskCreate, TaskUpdate
from app.calls.schemas import CallCreate, CallUpdate
from app.core.writing import absent
from app.meetings.schemas import MeetingCreate, MeetingUpdate
from app.visit_reports.schemas import VisitReportCreate, VisitReportUpdate

AnyCreate = CallCreate | MeetingCreate | TaskCreate | NoteCreate | EmailCreate | VisitReportCreate
ActivityCreate = Annotated[AnyCreate, RequestBody(discriminator="type")]

UPDATES: dict[str, type[BaseModel]] = {
    "call": CallUpdate,
    "meeting": MeetingUpdate,
    "task": TaskUpdate,
    "note": NoteUpdate,
    "email": EmailUpdate,
    "visit_report": VisitReportUpdate,
}
"""What can change, by type."""


class ActivityUpdate(CallUpdate, MeetingUpdate, TaskUpdate, EmailUpdate, VisitReportUpdate):
    """What changes; a field left out stays. Each type has its own fields and statuses: others are refused."""

    model_config = ConfigDict(json_schema_extra={"example": {"status": "done"}})

    status: Literal["planned", "held", "cancelled", "open", "done", "deferred"] = absent()  # type: ignore[assignment]  # each type has its own


def types_with(field: str) -> tuple[str, ...]:
    """The types of activities of which this field can change."""
    return tuple(type_ for type_, update in UPDATES.items() if field in update.model_fields)


def statuses_of(type_: str) -> tuple[Any, ...]:
    """The statuses that a client can give to an activity of this type."""
    info = UPDATES[type_].model_fields.get("status")
    return () if info is None else tuple(info.annotation.__args__)  # type: ignore[union-attr]  # a Literal
