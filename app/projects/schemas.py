"""Projects on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.core.resource import ListQuery
from app.core.types import Body, ClientId, Format, Key, Line, RecordRead
from app.core.writing import absent

LeadField = Literal[
    "status",
    "source",
    "source_detail",
    "assignee_id",
    "name",
    "company",
    "salutation",
    "title",
    "first_name",
    "last_name",
    "birth_date",
    "street",
    "postal_code",
    "city",
    "state",
    "country",
    "phone",
    "email",
    "website",
    "vat_id",
    "contacted_on",
    "description",
    "expected_revenue",
]
LockStep = Literal["lead", "converted", "opportunity_requested"]
Category = Literal["open", "working", "converted", "discarded"]
Visibility = Literal["all", "team"]
LockStarts = Literal["last_step", "contacted_on"]
Color = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$"), Format("color")]


class StatusBody(Body):
    """One of the project's lead statuses; their order is the order of the board's columns."""

    key: Key
    label_de: Line
    label_en: Line
    category: Category
    color: Color | None = None


class ProjectRead(RecordRead):
    """A project: the rules for its leads."""

    model_config = ConfigDict(json_schema_extra={"description": "A project: the rules for its leads."})

    key: str
    name: str
    required_fields: list[LeadField]
    lean: bool
    visibility: Visibility
    lock_enabled: bool
    lock_months: int
    lock_steps: list[LockStep]
    lock_starts: LockStarts
    pipeline_id: UUID | None
    is_default: bool
    active: bool
    statuses: list[StatusBody]


class ProjectCreate(Body):
    """A new project. Without statuses it gets the usual five."""

    id: ClientId | None = None
    key: Key
    name: Line
    required_fields: list[LeadField] = Field(default=["status", "name"], max_length=30)
    lean: bool = False
    visibility: Visibility = "team"
    lock_enabled: bool = False
    lock_months: int = Field(default=6, ge=1, le=60, strict=True)
    lock_steps: list[LockStep] = Field(default=["lead", "converted"], max_length=3)
    lock_starts: LockStarts = "last_step"
    pipeline_id: UUID | None = None
    statuses: list[StatusBody] | None = Field(default=None, min_length=1, max_length=30)


class ProjectUpdate(Body):
    """What changes; a field left out stays. New rules count from now on, for standing leads too."""

    name: Line = absent()
    required_fields: list[LeadField] = Field(default_factory=list, max_length=30)
    lean: bool = absent()
    visibility: Visibility = absent()
    lock_enabled: bool = absent()
    lock_months: int = Field(default_factory=int, ge=1, le=60, strict=True)
    lock_steps: list[LockStep] = Field(default_factory=list, max_length=3)
    lock_starts: LockStarts = absent()
    pipeline_id: UUID | None = None
    active: bool = absent()


class ProjectQuery(ListQuery):
    """Filters of the project list."""

    key: list[Key] = Field(default_factory=list, max_length=20)
    active: bool | None = None
    sort: Literal["name", "-name", "created_at", "-created_at"] = "name"
