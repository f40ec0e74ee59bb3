"""The delta feed and the push on the wire (SYNC-2)."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from app.accounts.schemas import AccountRead
from app.activities.reads import AnyActivity
from app.contacts.schemas import ContactRead
from app.core.problems import ProblemBody
from app.core.types import Body
from app.leads.schemas import LeadRead

MAX_PAGE = 2000
MAX_OPERATIONS = 200
Type = Literal["account", "contact", "lead", "activity"]


def _capped(value: Any) -> Any:
    text = str(value)
    return min(int(text), MAX_PAGE) if text.isascii() and text.isdigit() and len(text) < 10 else value


_FIELDS = "Only these fields of `data`, separated by commas: what the client shows, and less to carry."
Fields = Annotated[str | None, Field(max_length=1000, pattern=r"^[a-z0-9_,]+$", description=_FIELDS)]


class SyncQuery(BaseModel):
    """Where to go on."""

    model_config = ConfigDict(extra="forbid")

    types: str | None = Field(
        default=None,
        max_length=100,
        pattern=r"^[a-z_]+(,[a-z_]+)*$",
        description="Only these, separated by commas: `account`, `contact`, `lead`, `activity`. Without it, all that the asker "
        "may read.",
    )
    token: str | None = Field(
        default=None, max_length=1000, pattern=r"^[A-Za-z0-9_-]+$", description="`next_token` of the page before."
    )
    limit: Annotated[int, BeforeValidator(_capped)] = Field(
        default=1000, ge=1, le=999_999_999, description=f"Changes per page; larger values are read as {MAX_PAGE}."
    )
    account_fields: Fields = None
    contact_fields: Fields = None
    lead_fields: Fields = None
    activity_fields: Fields = None

    def fields_of(self, type_: str) -> tuple[str | None, str]:
        """The fields asked for of a kind, and the parameter that names them."""
        name = f"{type_}_fields"
        fields: str | None = getattr(self, name)
        return fields, name


class _Change(BaseModel):
    id: UUID
    version: int | None = Field(description="The version of `data`; null when the record is gone.")
    op: Literal["upsert", "remove", "merged"] = Field(
        description="`upsert`: the record is as `data` says. `remove`: it is no more among the asker's; drop it. `merged`: "
        "it went into `winner_id`; drop it and let what names it name that one."
    )
    reason: Literal["deleted", "lost_access", "left_set"] | None = Field(
        default=None,
        description="Of `remove`: deleted, no more visible, or visible but not the asker's to carry along.",
    )
    winner_id: UUID | None = Field(default=None, description="Of `merged`.")


class AccountChange(_Change):
    """An account that is new, changed or gone."""

    type: Literal["account"]
    data: AccountRead | None


class ContactChange(_Change):
    """A contact that is new, changed or gone."""

    type: Literal["contact"]
    data: ContactRead | None


class LeadChange(_Change):
    """A lead that is new, changed or gone."""

    type: Literal["lead"]
    data: LeadRead | None


class ActivityChange(_Change):
    """A task or visit report that is new, changed or gone."""

    type: Literal["activity"]
    data: AnyActivity | None = Field(  # type: ignore[valid-type]  # a model made at run time
        description="As `GET /v1/activities/{activity_id}` shows one of its type."
    )


class SyncPage(BaseModel):
    """What has changed for a client."""

    changes: list[Annotated[AccountChange | ContactChange | LeadChange | ActivityChange, Field(discriminator="type")]]
    next_token: str
    has_more: bool = Field(description="Whether to ask on at once.")
    reset: bool = Field(
        description="With this page everything is told anew: what the client holds and is not told again until `has_more` is "
        "false is no more among the asker's. What was not pushed yet stays."
    )


Data = Annotated[
    dict[str, Any],
    Field(max_length=200),
    WithJsonSchema({"type": "object", "maxProperties": 200, "additionalProperties": True}),
]
"""The body of the single request, whose schema is the place that says what may be in it."""


class Operation(Body):
    """One write that was made offline."""

    op_id: UUID = Field(description="Chosen by the client, once for this write, however often it is sent.")
    op: Literal["create", "update", "delete"]
    type: Type
    id: UUID = Field(description="Of the record; of a new one a UUIDv7 that the client has made.")
    base_version: int | None = Field(
        default=None, ge=1, le=2**53, description="The version that the client changed. Required but for `create`."
    )
    data: Data = Field(
        default_factory=dict, description="What the single request would send: all of a new record, else what changes."
    )


class Push(Body):
    """Writes that were made offline, in the order in which they were made."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "device_id": "0192f0c1-7c7a-4a1b-8c1d-2f6e7a9b0c11",
                "operations": [
                    {
                        "op_id": "0192f0c1-7c7a-4a1b-8c1d-2f6e7a9b0c12",
                        "op": "update",
                        "type": "activity",
                        "id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c13",
                        "base_version": 1,
                        "data": {"status": "done"},
                    }
                ],
            }
        }
    )

    device_id: UUID | None = Field(
        default=None, description="The installation that writes; the signed-in session without one."
    )
    operations: list[Operation] = Field(min_length=1, max_length=MAX_OPERATIONS)


class Clash(BaseModel):
    """A field that was changed on both sides, to different values."""

    field: str = Field(description="`custom.<key>` of a field that the installation has added.")
    base: Any = Field(
        description="What both sides started from, as it is stored; null where that is not known any more."
    )
    yours: Any
    theirs: Any


class PushResult(BaseModel):
    """What became of an operation."""

    op_id: UUID
    status: Literal["applied", "merged", "conflict", "rejected", "replayed"] = Field(
        description="`applied`: done. `merged`: done, beside changes of other fields since `base_version`. `conflict`: nothing "
        "was done, see `conflicts`; decide, and push anew with a new `op_id` and the present version. `rejected`: nothing was "
        "done, `problem` is what the single request would have answered. `replayed`: done before, when it was sent first."
    )
    type: Type
    id: UUID
    version: int | None = Field(
        description="The record's present version; null when there is none that the asker sees."
    )
    data: dict[str, Any] | None = Field(description="The record as its single GET shows it.")
    conflicts: list[Clash]
    problem: ProblemBody | None


class PushResults(BaseModel):
    """One result for each operation, in their order."""

    results: list[PushResult]
