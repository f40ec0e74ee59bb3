"""Further accounts of contacts on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.core.resource import ListQuery
from app.core.types import Body, ClientId, Line, Link, RecordRead
from app.core.writing import absent

Relation = Literal["employee", "owner", "board", "adviser", "agent", "other"]


class AccountContactRead(RecordRead):
    """A person at an account that is not their main one."""

    account: Link
    contact: Link
    relation: Relation
    job_title: str | None


class AccountContactCreate(Body):
    """A further account for a contact. The main one is the contact's own `account_id`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "account_id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d",
                "contact_id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1e",
                "relation": "owner",
                "job_title": "Gesellschafterin",
            }
        }
    )

    id: ClientId | None = None
    account_id: UUID
    contact_id: UUID
    relation: Relation = "employee"
    job_title: Line | None = None


class AccountContactUpdate(Body):
    """What changes; null empties the job title."""

    model_config = ConfigDict(json_schema_extra={"example": {"relation": "board"}})

    relation: Relation = absent()
    job_title: Line | None = None


class AccountContactQuery(ListQuery):
    """Filters of the list of further accounts."""

    account_id: list[UUID] = Field(default_factory=list, max_length=50)
    contact_id: list[UUID] = Field(default_factory=list, max_length=50)
    relation: list[Relation] = Field(default_factory=list, max_length=6)
    sort: Literal["created_at", "-created_at"] = "-created_at"
