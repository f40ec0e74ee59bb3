"""Company look-ups on the wire."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from app.core.types import Body, Country, Line
from app.duplicates.schemas import DuplicateAnswer
from app.lookups.directories import State
from app.lookups.directory import CompanyQuery, Status

EXAMPLE: dict[str, JsonValue] = {
    "suggestions": [
        {
            "directory": "northdata",
            "source_id": "12203550103038",
            "source_url": None,
            "confidence": 0.98,
            "status": "active",
            "register_number": "FN 123456a",
            "register_court": "Linz",
            "address": None,
            "fields": {
                "name": "Müller Maschinenbau GmbH",
                "legal_form": "GmbH",
                "street": "Industriestraße 12",
                "postal_code": "4020",
                "city": "Linz",
                "state": None,
                "country": "AT",
                "phone": "+43 732 123456",
                "email": "office@mueller-maschinenbau.example.com",
                "website": "www.mueller-maschinenbau.example.com",
                "vat_id": "ATU13585627",
            },
            "known": {"verdict": "none", "matches": [], "truncated": False},
        }
    ],
    "vat_check": {"vat_id": "ATU13585627", "status": "unknown"},
    "directories": [
        {
            "name": "vies",
            "state": "unavailable",
            "reason": "timeout",
            "message": "VIES ist gerade nicht erreichbar. Bitte geben Sie die Firma von Hand ein.",
            "retry_after": None,
            "answered_at": None,
            "kept": False,
        },
        {
            "name": "northdata",
            "state": "ok",
            "reason": None,
            "message": None,
            "retry_after": None,
            "answered_at": "2026-03-02T08:15:00Z",
            "kept": False,
        },
    ],
}


class LookupQuery(BaseModel):
    """What is known of the company so far: a name, a VAT id or a register number, and where it is."""

    model_config = ConfigDict(extra="forbid")

    name: Line | None = None
    country: Country | None = None
    city: Line | None = None
    postal_code: Annotated[Line, StringConstraints(max_length=20)] | None = None
    vat_id: Annotated[Line, StringConstraints(max_length=40)] | None = Field(
        default=None, description="With or without spaces, and without the country's letters where `country` is given."
    )
    register_number: Annotated[Line, StringConstraints(max_length=60)] | None = Field(
        default=None, description="Such as `HRB 103038` or `FN 123456a`."
    )

    def company(self) -> CompanyQuery:
        """The same for the directories."""
        return CompanyQuery(**self.model_dump())


class SuggestedFields(Body):
    """Fields of an account, as `POST /v1/accounts` takes them; null where the directory says nothing."""

    name: str | None = None
    legal_form: str | None = None
    street: str | None = None
    postal_code: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    phone: str | None = None
    email: str | None = None
    website: str | None = None
    vat_id: str | None = None


class CompanySuggestion(Body):
    """A company that may be the one. Nothing of it is stored: the client sends what the user takes."""

    directory: str
    source_id: str | None = Field(description="What the directory calls the company.")
    source_url: str | None = Field(description="Where people can read about it.")
    confidence: float = Field(description="0 to 1: how well it fits what was asked.")
    status: Status | None
    register_number: str | None
    register_court: str | None
    address: str | None = Field(description="The whole address as one text, where the directory gives it so.")
    fields: SuggestedFields
    known: DuplicateAnswer | None = Field(
        description="Whether such a customer is here already, as `POST /v1/duplicate-checks` answers; null when the asker "
        "may not ask that."
    )


class VatCheck(Body):
    """What is known of the VAT id that was asked for."""

    vat_id: str
    status: Literal["valid", "invalid", "malformed", "unknown"] = Field(
        description="`malformed`: it cannot be one, and nobody was asked; `unknown`: nobody has answered."
    )


class DirectoryState(Body):
    """What came of asking a directory."""

    name: str
    state: State = Field(
        description="`not_asked`: the question says nothing that it searches by; `disabled`: not set up here; `rate_limited`: "
        "too many questions for it just now."
    )
    reason: str | None = Field(description="A short code when there was no answer, such as `timeout`.")
    message: str | None = Field(description="The same for people.")
    retry_after: int | None = Field(description="Seconds after which another try makes sense.")
    answered_at: str | None = Field(json_schema_extra={"format": "date-time"})
    kept: bool = Field(description="The answer was kept from an earlier question.")


class CompanyLookup(Body):
    """Suggestions, the likeliest first. A directory that does not answer is told of and keeps nobody from entering the company."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    suggestions: list[CompanySuggestion]
    vat_check: VatCheck | None
    directories: list[DirectoryState]
