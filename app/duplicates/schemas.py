"""Duplicate checks on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from app.core.types import Body, Day, Line
from app.locks.schemas import CHECK_EXAMPLE, CustomerQuery, ProtectionMatch
from app.matching import PartyValues

RecordType = Literal["lead", "account", "contact"]


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
    truncated: bool = Field(
        description="The name is so common that not all bearers could be compared; add a town or more."
    )
