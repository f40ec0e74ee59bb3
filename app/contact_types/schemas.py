"""Contact types on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.core.resource import ListQuery
from app.core.types import Body, ClientId, Key, Line, RecordRead
from app.core.writing import absent

Position = Annotated[int, Field(ge=0, le=10_000, strict=True)]


class ContactTypeRead(RecordRead):
    """A type; records name its `key`."""

    key: str
    label_de: str
    label_en: str
    position: int
    active: bool


class ContactTypeCreate(Body):
    """A new type. Its key stays what it is."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"key": "supplier", "label_de": "Lieferant", "label_en": "Supplier"}}
    )

    id: ClientId | None = None
    key: Key
    label_de: Line
    label_en: Line
    position: Position | None = Field(default=None, description="Left out: after all others.")
    active: bool = Field(default=True, strict=True)


class ContactTypeUpdate(Body):
    """What changes; an inactive type stays with the records that have it, and is given to no other."""

    model_config = ConfigDict(json_schema_extra={"example": {"label_de": "Zulieferer", "active": False}})

    label_de: Line = absent()
    label_en: Line = absent()
    position: Position = absent()
    active: Annotated[bool, Field(strict=True)] = absent()


class ContactTypeQuery(ListQuery):
    """Filters of the list of contact types."""

    id: list[UUID] = Field(default_factory=list, max_length=200)
    key: list[Key] = Field(default_factory=list, max_length=50)
    active: bool | None = None
    sort: Literal["position", "-position", "created_at", "-created_at"] = "position"
