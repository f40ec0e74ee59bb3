"""The shapes that every request and answer is made of: bounded, without NUL, unknown fields refused."""

import re
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import UUID7, BaseModel, ConfigDict, Field, StringConstraints

NO_CONTROLS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
"""A short text on one line, not empty."""

Prose = Annotated[str, StringConstraints(max_length=20_000, pattern=NO_CONTROLS)]
"""A text with line breaks."""

Key = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_]*$")]
"""A name made for programs."""

Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2, such as `AT`."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 4217, such as `EUR`."""

ClientId = Annotated[
    UUID7, Field(description="Optional, chosen by the client: the same id and content again is not created twice.")
]

Amount = Annotated[
    Decimal,
    Field(ge=0, max_digits=14, decimal_places=2, allow_inf_nan=False, examples=["12500.00"]),
]


class Body(BaseModel):
    """Base of everything that a client sends."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False, allow_inf_nan=False)


class Money(BaseModel):
    """An amount with its currency; the amount is a text, so that no client rounds it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"amount": "12500.00", "currency": "EUR"}})

    amount: Amount
    currency: Currency = "EUR"


class Link(BaseModel):
    """A record that another one names: its id and what to show."""

    id: UUID
    name: str | None


class RecordRead(BaseModel):
    """What every record shows of itself. `version` is its ETag."""

    id: UUID
    version: int
    created_at: str = Field(json_schema_extra={"format": "date-time"})
    updated_at: str = Field(json_schema_extra={"format": "date-time"})


def changes(patch: BaseModel) -> dict[str, Any]:
    """The fields that a JSON Merge Patch names, with null meaning "empty it"."""
    return {name: getattr(patch, name) for name in patch.model_fields_set}


_SPACES = re.compile(r"\s+")


def one_line(value: str) -> str:
    """The text with runs of white space folded."""
    return _SPACES.sub(" ", value).strip()
