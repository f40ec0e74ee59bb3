"""Duplicate checks on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field, JsonValue, field_validator
from pydantic_core import PydanticCustomError

from app.core.resource import ListQuery
from app.core.types import Body, Day, Line, Link, Moment, Prose, RecordRead
from app.locks.schemas import CHECK_EXAMPLE, TRUNCATED, CustomerQuery, PartyLink, ProtectionMatch
from app.matching import PartyValues

RecordType = Literal["lead", "account", "contact"]

DISMISSAL_EXAMPLE: dict[str, JsonValue] = {
    "records": [
        {"type": "lead", "id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d"},
        {"type": "account", "id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1e"},
    ],
    "reason": "Gleicher Name, aber die Firma in Wels gehört nicht dazu.",
}

DISMISSED_EXAMPLE: dict[str, JsonValue] = {
    "id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c20",
    "version": 1,
    "created_at": "2026-03-02T08:15:00Z",
    "updated_at": "2026-03-02T08:15:00Z",
    "records": [
        {"ref": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1e", "record": None, "name": None},
        {
            "ref": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d",
            "record": {"type": "lead", "id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d"},
            "name": "Müller Maschinenbau GmbH & Co. KG",
        },
    ],
    "reason": DISMISSAL_EXAMPLE["reason"],
    "dismissed_by": {"id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c21", "name": "Eva Muster"},
}


class DuplicateCheckCreate(CustomerQuery):
    """A record, saved or not yet."""

    model_config = ConfigDict(json_schema_extra={"example": {**CHECK_EXAMPLE, "types": ["account", "lead"]}})

    kind: Literal["company", "person"] | None = None
    state: Line | None = None
    birth_date: Day | None = None
    types: list[RecordType] = Field(
        default=["lead", "account", "contact"], min_length=1, max_length=3, description="Where to look."
    )
    exclude: list[UUID] = Field(default_factory=list, max_length=50, description="Records to leave out.")

    def party_values(self) -> PartyValues:
        values = self.model_dump(mode="json", exclude={"types", "exclude"})
        return PartyValues(**values)


class DuplicateAnswer(Body):
    """What may be the same, the likeliest first. `verdict` is the highest of all matches, those included that one may not see."""

    verdict: Literal["duplicate", "possible", "none"]
    matches: list[ProtectionMatch]
    truncated: bool = Field(description=TRUNCATED)


class DifferentRecord(Body):
    """A record that is not the same as the others."""

    type: RecordType | None = Field(
        default=None, description="Left out for a match that only its `ref` is known of; it cannot be named otherwise."
    )
    id: UUID = Field(description="The record's id, or the `ref` of a match.")


class DismissalCreate(Body):
    """These records are all different: no two of them are duplicates."""

    model_config = ConfigDict(json_schema_extra={"example": DISMISSAL_EXAMPLE})

    records: list[DifferentRecord] = Field(min_length=2, max_length=10)
    reason: Prose | None = None

    @field_validator("records")
    @classmethod
    def _different(cls, records: list[DifferentRecord]) -> list[DifferentRecord]:
        if len({record.id for record in records}) < len(records):
            message = "No record differs from itself: name each once."
            raise PydanticCustomError("named_twice", message, {"de": "Nennen Sie jeden Datensatz nur einmal."})
        return records


class DismissedRecord(Body):
    """One of the two; of what the asker may not see only the `ref` is shown."""

    ref: UUID
    record: PartyLink | None
    name: str | None


class DismissalRead(RecordRead):
    """Two records that are not duplicates, because somebody has said so."""

    model_config = ConfigDict(json_schema_extra={"example": DISMISSED_EXAMPLE})

    records: list[DismissedRecord] = Field(min_length=2, max_length=2)
    reason: str | None
    dismissed_by: Link | None


class DismissalAnswer(Body):
    """One dismissal for each pair, in the order of the records named."""

    items: list[DismissalRead]


class DismissalQuery(ListQuery):
    """Filters of the list of dismissals."""

    record_id: list[UUID] = Field(default_factory=list, max_length=50, description="Only of these records.")
    dismissed_by: list[UUID] = Field(default_factory=list, max_length=50)
    created_after: Moment | None = None
    created_before: Moment | None = None
    sort: Literal["created_at", "-created_at"] = "-created_at"
