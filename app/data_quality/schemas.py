"""Data quality on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.core.resource import PageQuery
from app.core.types import Body, Link
from app.data_quality.findings import FindingType, RecordType, Severity

_CENTRE = {"id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c30", "name": "Centre Linz"}
_TEAM = {"id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c31", "name": "Linz lokal"}
_ACCOUNT = "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c0d"
EXAMPLE: dict[str, JsonValue] = {
    "type": "account_without_contact",
    "severity": "warning",
    "record": {"type": "account", "id": _ACCOUNT, "name": "Müller Maschinenbau GmbH & Co. KG"},
    "centre": dict(_CENTRE),
    "team_ids": [_TEAM["id"]],
    "assignee": {"id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c21", "name": "Eva Muster"},
    "detail": {},
    "message": "Der Kunde hat keinen Kontakt, der noch dort arbeitet.",
    "fix": {
        "method": "POST",
        "href": "/v1/contacts",
        "operation": "create_contact",
        "body": {"account_id": _ACCOUNT},
        "hint": "Einen Ansprechpartner herausfinden und anlegen.",
    },
}
COUNTS: dict[str, JsonValue] = {
    "as_of": "2026-03-02T08:15:00Z",
    "types": [{"type": "account_without_contact", "record_type": "account", "severity": "warning", "number": 12}],
    "items": [
        {
            "type": "account_without_contact",
            "record_type": "account",
            "centre_id": _CENTRE["id"],
            "team_id": _TEAM["id"],
            "number": 12,
        }
    ],
    "centres": [dict(_CENTRE)],
    "teams": [dict(_TEAM)],
}


class _Filters(BaseModel):
    type: list[FindingType] = Field(default_factory=list, max_length=20)
    record_type: list[RecordType] = Field(default_factory=list, max_length=2)
    centre_id: list[UUID] = Field(default_factory=list, max_length=50, description="A contact's is its account's.")
    team_id: list[UUID] = Field(default_factory=list, max_length=50)
    assignee_id: list[UUID] = Field(default_factory=list, max_length=50)


class FindingQuery(PageQuery, _Filters):
    """Filters of the findings."""


class FindingCountQuery(_Filters):
    """Filters of their numbers."""

    model_config = ConfigDict(extra="forbid")


class FoundRecord(Body):
    """The record that the finding is about."""

    type: RecordType
    id: UUID
    name: str


class FindingFix(Body):
    """What mends it: an operation of this API."""

    method: Literal["GET", "POST", "PATCH"]
    href: str
    operation: str = Field(description="Its `operationId`.")
    body: dict[str, JsonValue] | None = Field(
        description="What is known of what to send; the rest is for people to say."
    )
    hint: str


class FindingRead(Body):
    """Something that is not as it should be. It is gone as soon as it is mended."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    type: FindingType
    severity: Severity
    record: FoundRecord
    centre: Link | None
    team_ids: list[UUID]
    assignee: Link
    detail: dict[str, JsonValue] = Field(description="What it was found by; differs from type to type.")
    message: str
    fix: FindingFix


class TypeCount(Body):
    """How many records have a finding; each counts once."""

    type: FindingType
    record_type: RecordType
    severity: Severity
    number: int


class CentreTeamCount(Body):
    """How many of them belong to a centre and a team; a record of two teams counts with each."""

    type: FindingType
    record_type: RecordType
    centre_id: UUID | None
    team_id: UUID | None
    number: int


class FindingCounts(Body):
    """Numbers of findings on records that the asker sees."""

    model_config = ConfigDict(json_schema_extra={"example": COUNTS})

    as_of: str | None = Field(
        json_schema_extra={"format": "date-time"},
        description="Large stocks are counted now and then: when it was. Null until they were counted for the first time.",
    )
    types: list[TypeCount]
    items: list[CentreTeamCount]
    centres: list[Link] = Field(description="The names of the centres in `items`.")
    teams: list[Link] = Field(description="The names of the teams in `items`.")
