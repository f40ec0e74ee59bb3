"""The shapes that every request and answer is made of: bounded, without NUL, unknown fields refused."""

import re
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

from pydantic import (
    UUID7,
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    WithJsonSchema,
    create_model,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_before_validator_function

from app.core import countries

NO_CONTROLS = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"


@dataclass(frozen=True, slots=True)
class Listed:
    """Annotation of a value that `/v1/enums/{name}` lists; without effect but in the metadata."""

    name: str


@dataclass(frozen=True, slots=True)
class Format:
    """Annotation of a text: what it is, for input fields; without effect but in the metadata."""

    name: str


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
"""A short text on one line, not empty."""

Prose = Annotated[str, StringConstraints(max_length=20_000, pattern=NO_CONTROLS)]
"""A text with line breaks."""

Key = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[a-z][a-z0-9_]*$"), Format("key")]
"""A name made for programs."""


def _known_country(code: str) -> str:
    if code not in countries.CODES:
        raise PydanticCustomError("unknown_country", "There is no such country.", {"de": "Dieses Land gibt es nicht."})
    return code


Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), AfterValidator(_known_country), Listed("countries")]
"""ISO 3166-1 alpha-2, such as `AT`."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Listed("currencies")]
"""ISO 4217, such as `EUR`."""

ClientId = Annotated[
    UUID7,
    Field(description="A UUIDv7, optional, chosen by the client: the same id and content again is not created twice."),
]


def _storable(moment: datetime) -> datetime:
    if not _EARLIEST <= moment <= _LATEST:
        message = "The time must lie between 1900 and 2200."
        raise PydanticCustomError("time_range", message, {"de": "Der Zeitpunkt muss zwischen 1900 und 2200 liegen."})
    return moment


def _written(pattern: str, kind: str) -> Callable[[object], object]:
    """pydantic also reads numbers as times, counted from 1970 in seconds or milliseconds: nobody should have to guess."""
    form = re.compile(pattern)

    def check(value: object) -> object:
        if isinstance(value, date) or (isinstance(value, str) and form.match(value)):
            return value
        german = {
            "datetime": "Erwartet wird ein Zeitpunkt (RFC 3339).",
            "date": "Erwartet wird ein Datum (JJJJ-MM-TT).",
        }
        raise PydanticCustomError(f"{kind}_parsing", f"Input should be a valid {kind}", {"de": german[kind]})

    return check


_EARLIEST, _LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
Moment = Annotated[
    AwareDatetime, BeforeValidator(_written(r"\d{4}-\d\d-\d\d[Tt ]\d\d:", "datetime")), AfterValidator(_storable)
]
"""A point in time with its zone, RFC 3339."""

Day = Annotated[
    date,
    Field(ge=date(1900, 1, 1), le=date(2199, 12, 31)),
    BeforeValidator(_written(r"\d{4}-\d\d-\d\d$", "date")),
]
"""A calendar day, such as `2026-03-02`."""


Source = Literal["computed", "erp", "inherited", "visits", "departure", "system", "fixed"]

REASONS: dict[Source, dict[str, str]] = {
    "computed": {"de": "Dieses Feld wird berechnet.", "en": "This field is computed."},
    "erp": {"de": "Dieses Feld kommt aus dem ERP-System.", "en": "This field comes from the ERP."},
    "inherited": {
        "de": "Dieses Feld wird von der Firma übernommen.",
        "en": "This field is taken over from the account.",
    },
    "visits": {"de": "Dieses Feld kommt aus den Besuchsberichten.", "en": "This field comes from the visit reports."},
    "departure": {
        "de": "Das ändert nur der Abgang: POST /v1/contacts/{id}/departure; DELETE nimmt ihn zurück.",
        "en": "Only a departure changes this: POST /v1/contacts/{id}/departure; DELETE takes it back.",
    },
    "system": {"de": "Dieses Feld setzt Leadwerk.", "en": "Leadwerk sets this field."},
    "fixed": {
        "de": "Dieses Feld wird beim Anlegen festgelegt und bleibt, wie es ist.",
        "en": "This field is set at creation and stays as it is.",
    },
}
"""Why a field cannot be set, by where its value comes from: what a client is told when it sends one, and what the metadata say."""


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """Annotation of a field that is refused with its reason when somebody sends it, as `read_only_…`."""

    source: Source

    @property
    def code(self) -> str:
        """The code of the refusal."""
        return f"read_only_{self.source}"

    def _refuse(self, _: object) -> None:
        reason = REASONS[self.source]
        raise PydanticCustomError(self.code, reason["en"], {"de": reason["de"]})

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(self._refuse, handler(source))


Computed = Annotated[SkipJsonSchema[None], ReadOnly("computed")]
"""A field that the product computes; declare it, and those below, as `name: Computed = not_settable()`."""

FromErp = Annotated[SkipJsonSchema[None], ReadOnly("erp")]
"""A field that the ERP owns."""

Inherited = Annotated[SkipJsonSchema[None], ReadOnly("inherited")]
"""A field that another record gives."""

FromVisits = Annotated[SkipJsonSchema[None], ReadOnly("visits")]
"""A field that visit reports keep."""

FromDeparture = Annotated[SkipJsonSchema[None], ReadOnly("departure")]
"""A field that a contact's departure sets."""

Fixed = Annotated[SkipJsonSchema[None], ReadOnly("fixed")]
"""A field of a creation that no change takes."""


def not_settable() -> Any:
    """Default of a field that only the product or the ERP sets."""
    return Field(default=None, exclude=True)


_AMOUNT = r"^[0-9]{1,12}(\.[0-9]{1,2})?$"


def _as_text(amount: object) -> object:
    if isinstance(amount, Decimal) or (isinstance(amount, str) and re.fullmatch(_AMOUNT, amount)):
        return amount
    message = 'An amount is a text with at most two decimals, such as "12500.00".'
    german = "Ein Betrag ist ein Text mit höchstens zwei Nachkommastellen, etwa „12500.00“."
    raise PydanticCustomError("amount_form", message, {"de": german})


Amount = Annotated[
    Decimal,
    Field(ge=0, max_digits=14, decimal_places=2, allow_inf_nan=False),
    BeforeValidator(_as_text),
    WithJsonSchema({"type": "string", "pattern": _AMOUNT, "examples": ["12500.00"]}),
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


class PhotoLink(BaseModel):
    """Where a record's picture is. Another picture has another address."""

    url: str = Field(
        json_schema_extra={
            "format": "uri-reference",
            "example": "/v1/contacts/0195580e-d8a0-7e3e-83c7-5a0b5ae30f4f/photo?version=0195580e-d8a0-7a3e-83c7-5a0b5ae30f4f",
        }
    )


class RecordRead(BaseModel):
    """What every record shows of itself. `version` is its ETag."""

    id: UUID
    version: int
    created_at: str = Field(json_schema_extra={"format": "date-time"})
    updated_at: str = Field(json_schema_extra={"format": "date-time"})


def united(name: str, models: Sequence[type[BaseModel]]) -> type[BaseModel]:
    """A model with the fields of all: what can be known of a record whose type decides which of them it is. A field that some
    lack need not be there.
    """
    fields: dict[str, Any] = {}
    for field in dict.fromkeys(field for model in models for field in model.model_fields):
        infos = [model.model_fields[field] for model in models if field in model.model_fields]
        info = copy(infos[0])
        kinds = dict.fromkeys(one.annotation for one in infos)
        if all(get_origin(kind) is Literal for kind in kinds):
            info.annotation = Literal[tuple(dict.fromkeys(value for kind in kinds for value in get_args(kind)))]  # type: ignore[assignment]  # made at run time
        else:
            info.annotation = Union[tuple(kinds)]  # type: ignore[assignment]  # noqa: UP007  (made at run time)
        if len(infos) < len(models):
            info.default = None
        fields[field] = (info.annotation, info)
    return create_model(name, **fields)


def changes(patch: BaseModel) -> dict[str, Any]:
    """The fields that a JSON Merge Patch names, with null meaning "empty it"."""
    return {name: getattr(patch, name) for name in patch.model_fields_set}
