"""Merges on the wire."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from app.core.problems import FieldErrorBody
from app.core.resource import ListQuery
from app.core.types import Body, ClientId, Link, RecordRead

RecordType = Literal["lead", "account", "contact"]
FieldName = Annotated[str, StringConstraints(max_length=67, pattern=r"^(custom\.)?[a-z][a-z0-9_]*$")]
"""A field, or `custom.<key>` for one of the installation's own."""
_LEAD, _OTHER = "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d", "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1e"


def _different(ids: list[UUID]) -> list[UUID]:
    if len(set(ids)) < len(ids):
        raise PydanticCustomError("twice", "Each record once.", {"de": "Jeder Datensatz nur einmal."})
    return ids


class MergeCreate(Body):
    """Two to ten records of one kind that are to become one."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "record_type": "contact",
                "record_ids": [_LEAD, _OTHER],
                "winner_id": _LEAD,
                "fields": {"phone": _OTHER, "description": "all"},
                "versions": {_LEAD: 3, _OTHER: 1},
            }
        }
    )

    id: ClientId | None = None
    record_type: RecordType
    record_ids: Annotated[list[UUID], Field(min_length=2, max_length=10), AfterValidator(_different)]
    winner_id: UUID | None = Field(
        default=None, description="The record that stays. A preview without it recommends one."
    )
    fields: dict[FieldName, UUID | Literal["all"]] = Field(
        default_factory=dict,
        max_length=260,
        description="By field, the record whose value is taken, or `all` to join texts. What is not named is as proposed.",
    )
    versions: dict[UUID, Annotated[int, Field(strict=True, ge=1, le=(1 << 53))]] = Field(
        default_factory=dict, max_length=10, description="The version of each record that the preview was made on."
    )
    origin: Literal["user", "erp"] = Field(
        default="user", description="`erp`: the ERP has merged these; needs the permission `erp.follow`."
    )
    preview: bool = Field(default=False, strict=True, description="Show what would happen and change nothing.")

    @model_validator(mode="after")
    def _whole(self) -> "MergeCreate":
        if self.winner_id is not None and self.winner_id not in self.record_ids:
            message = "The winner is one of the records."
            raise PydanticCustomError("winner", message, {"de": "Der Gewinner ist einer der Datensätze."})
        if not self.preview and (self.winner_id is None or set(self.versions) != set(self.record_ids)):
            message = "Name the winner, and the version of each record as the preview showed it."
            german = "Nennen Sie den Gewinner und zu jedem Datensatz die Version aus der Vorschau."
            raise PydanticCustomError("preview_first", message, {"de": german})
        return self


class Candidate(BaseModel):
    """One of the records: what it is called and what hangs on it."""

    id: UUID
    version: int
    name: str
    erp_id: str | None
    sub_records: dict[str, int] = Field(
        description="How many records of each kind hang on it; what the losers have, moves."
    )


class CandidateValue(BaseModel):
    """What one record has in a field."""

    record_id: UUID
    value: Any


class MergedField(BaseModel):
    """One line of the comparison."""

    field: str
    values: list[CandidateValue]
    result: Any
    taken_from: UUID | Literal["all"] = Field(
        description="The record whose value is the result, or `all` of them joined."
    )
    reason: str = Field(description="Why this is proposed, in the reader's language.")
    differs: bool = Field(description="Whether the records say different things.")
    joinable: bool = Field(description="Whether `all` may be chosen.")


class Recommendation(BaseModel):
    """Which record should stay, and why."""

    winner_id: UUID
    code: str
    reason: str
    binding: bool = Field(description="Whether another winner would be refused.")


class MergePreview(BaseModel):
    """What merging would do."""

    record_type: RecordType
    winner_id: UUID
    recommended: Recommendation
    candidates: list[Candidate]
    fields: list[MergedField]
    moves: dict[str, int] = Field(description="How many records of each kind will belong to the winner.")
    forbidden: list[FieldErrorBody] = Field(description="Why it would be refused; empty when it would not.")
    versions: dict[str, int] = Field(description="To be sent with the merge itself.")


class MergeRead(RecordRead):
    """A merge that was done, and perhaps undone."""

    record_type: RecordType
    winner_id: UUID
    loser_ids: list[UUID]
    origin: Literal["user", "erp"]
    state: Literal["done", "undone"]
    fields: dict[str, str] = Field(description="Where values came from that are not the winner's own.")
    moved: dict[str, int]
    merged_by: Link | None
    undo_until: str = Field(json_schema_extra={"format": "date-time"})
    undoable: bool = Field(description="Whether its time has not passed; a later merge may still stand in the way.")
    undone_at: str | None = Field(json_schema_extra={"format": "date-time"})
    undone_by: Link | None
    kept: list["Kept"]


class Kept(BaseModel):
    """What the undoing left as it was, since it had changed since the merge."""

    kind: str = Field(description="`field` of the winner, or the kind of record that stayed where it is.")
    field: str | None
    record_id: UUID | None
    reason: Literal["changed", "deleted", "gone"]


class MergeQuery(ListQuery):
    """Filters of the list of merges."""

    record_type: RecordType | None = None
    record_id: UUID | None = Field(default=None, description="Merges that this record won or lost.")
    state: Literal["done", "undone"] | None = None
    sort: Literal["created_at", "-created_at"] = "-created_at"
