"""Jobs on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.resource import ListQuery
from app.core.types import RecordRead

State = Literal["queued", "running", "done", "failed", "cancelled"]
Kind = Literal["duplicate_scan"]


class Progress(BaseModel):
    """How far it is, in pieces of work."""

    done: int
    total: int | None = Field(description="Null while it is not known.")


class Texts(BaseModel):
    """A sentence in both languages."""

    de: str
    en: str


class JobProblem(BaseModel):
    """Why a job failed."""

    code: str
    detail: Texts


class JobRead(RecordRead):
    """Long work that somebody has asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d",
                "version": 4,
                "created_at": "2026-03-02T08:15:00Z",
                "updated_at": "2026-03-02T08:15:21Z",
                "created_by": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1e",
                "kind": "duplicate_scan",
                "state": "running",
                "progress": {"done": 61, "total": 102},
                "result_url": "/v1/duplicate-scans/0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d",
                "problem": None,
                "finished_at": None,
            }
        }
    )

    created_by: UUID | None
    kind: Kind
    state: State = Field(description="`queued`, `running`; then `done`, `failed` or `cancelled`.")
    progress: Progress
    result_url: str | None = Field(description="Where the result is, or will be.")
    problem: JobProblem | None
    finished_at: str | None = Field(json_schema_extra={"format": "date-time"})


class JobQuery(ListQuery):
    """Filters of the list of one's jobs."""

    kind: list[Kind] = Field(default_factory=list, max_length=10)
    state: list[State] = Field(default_factory=list, max_length=5)
    sort: Literal["created_at", "-created_at"] = "-created_at"
