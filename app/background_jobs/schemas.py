"""Background jobs on the wire."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from app.core.resource import PageQuery

State = Literal["open", "dead", "done"]

_EXAMPLE: JsonDict = {
    "id": 4711,
    "job": "notifications.mail",
    "state": "dead",
    "payload": {"notification_id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d"},
    "key": None,
    "attempts": 8,
    "error": "MailRefused: 550 5.1.1 no such user",
    "created_at": "2026-03-02T08:15:00Z",
    "due_at": "2026-03-02T10:47:25Z",
    "dispatched_at": None,
    "done_at": None,
    "dead_at": "2026-03-02T10:47:26Z",
    "asked_by": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1e",
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
}


class BackgroundJobRead(BaseModel):
    """A job that the product has to do, has done, or has given up."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})

    id: int
    job: str
    state: State
    payload: dict[str, Any] = Field(description="What it is about; private values are left out.")
    key: str | None = Field(description="Of several open jobs with one key there is only one.")
    attempts: int = Field(description="Failures so far, or starts that came to no end.")
    error: str | None = Field(description="What went wrong last.")
    created_at: datetime
    due_at: datetime = Field(description="Not before this; after a failure, the next attempt.")
    dispatched_at: datetime | None
    done_at: datetime | None
    dead_at: datetime | None
    asked_by: str = Field(description="A user's id, or `system:` and the name of a job.")
    trace_id: str = Field(description="The request that asked for it.")


class BackgroundJobQuery(PageQuery):
    """Filters of the job list, newest first."""

    state: State = "dead"
    job: Annotated[str, Field(max_length=100, pattern=r"^[a-z_]+\.[a-z_]+$")] | None = None
