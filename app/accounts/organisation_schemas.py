"""Member organisations on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.core.resource import ListQuery
from app.core.types import Body, ClientId, Line, RecordRead
from app.core.writing import absent


class MemberOrganisationRead(RecordRead):
    """A chamber, association or buying group."""

    name: str
    active: bool


class MemberOrganisationCreate(Body):
    """A new one; no two have the same name."""

    model_config = ConfigDict(json_schema_extra={"example": {"name": "Wirtschaftskammer Oberösterreich"}})

    id: ClientId | None = None
    name: Line
    active: bool = True


class MemberOrganisationUpdate(Body):
    """What changes; an inactive one stays with the accounts that have it, and is given to no other."""

    name: Line = absent()
    active: bool = absent()


class MemberOrganisationQuery(ListQuery):
    """Filters of the list of member organisations."""

    id: list[UUID] = Field(default_factory=list, max_length=200)
    q: Line | None = Field(default=None, description="Part of the name.")
    active: bool | None = None
    sort: Literal["name", "-name", "created_at", "-created_at"] = "name"
