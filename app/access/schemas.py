"""Why somebody sees or may change a record, on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.records import RecordType
from app.core.types import Body, Link

Subject = Literal["see", "change", "delete", "field"]


class AccessRole(BaseModel):
    """A role of the user, because of which they may."""

    key: str
    label: str


class AccessTeam(BaseModel):
    """A team of the record."""

    id: UUID
    name: str
    kind: str = Field(description="`private` is one person's own, `centre_…` a centre's.")
    by_rule: bool = Field(description="Whether the record has it because of its segment and centre.")


class AccessEvidence(BaseModel):
    """What a step rests on; each is null where it does not apply."""

    permission: str | None = None
    roles: list[AccessRole] = Field(default_factory=list, description="Those of the user's roles that give it.")
    team: AccessTeam | None = None
    value: str | None = Field(default=None, description="What the record has, such as its `access` or its phase.")


class AccessStep(BaseModel):
    """One question that was asked, and its answer."""

    about: Subject
    code: str = Field(description="Which question; stable, for programs.")
    passed: bool
    enough: bool = Field(
        description="Of a subject's steps, those with `enough` are alternatives: one must pass. All others must pass."
    )
    decisive: bool = Field(
        description="Whether the answer rests on it: what is enough and passed, or else what stands in the way."
    )
    message: str = Field(description="The answer in words, in the reader's language.")
    evidence: AccessEvidence


class FieldAccess(BaseModel):
    """The same for one field. Its steps are those about `field`."""

    name: str
    sees: bool
    changes: bool
    read_only: str | None = Field(
        description="Why nobody changes it: `read_only_computed`, `read_only_erp`, or another code that its refusal has."
    )


class AccessUser(Link):
    """Who was asked about."""

    name: str
    active: bool


class AccessRecord(BaseModel):
    """What was asked about."""

    type: RecordType
    id: UUID


class AccessRead(BaseModel):
    """Whether a user sees a record, and may change it or a field of it, step by step."""

    user: AccessUser
    record: AccessRecord
    sees: bool
    changes: bool = Field(description="Something of it; ask with `field` about one field.")
    deletes: bool = Field(description="May; what hangs on the record can still stand in the way.")
    steps: list[AccessStep]
    field: FieldAccess | None = Field(default=None, description="Only with `field`.")


class AccessQuery(Body):
    """About whom, and about which field."""

    user: UUID | None = Field(default=None, description="Left out: the asker. Others need `access.explain`.")
    field: Annotated[str, Field(max_length=60, pattern=r"^[a-z][a-z0-9_]*$")] | None = Field(
        default=None, description="A field of the record, as its answers or its updates name it."
    )
