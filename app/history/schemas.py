"""The change history on the wire."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.resource import PageQuery


class Actor(BaseModel):
    """Who changed it: a user, or the product itself by the name of its job."""

    id: UUID | None
    name: str


class Change(BaseModel):
    """One field with its value before and after."""

    field: str
    old: Any
    new: Any


class HistoryItem(BaseModel):
    """One change of the record."""

    id: int
    at: str = Field(json_schema_extra={"format": "date-time"})
    actor: Actor
    operation: Literal["insert", "update", "delete"]
    part: str | None = Field(description="Which part of the record, such as `user_roles`; null for the record itself.")
    changes: list[Change]
    trace_id: str = Field(description="The request or job that made the change.")


class HistoryQuery(PageQuery):
    """Paging, newest first."""
