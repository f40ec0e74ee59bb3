"""Custom fields on the wire, and what lists of records take for them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from app.core.resource import ListQuery
from app.core.types import NO_CONTROLS, Body, ClientId, Fixed, Key, Line, RecordRead, not_settable
from app.core.writing import absent
from app.custom_fields.definitions import Kind, LinkTo, RecordType
from app.custom_fields.values import LONGEST

_CHOICES: list[JsonValue] = [
    {"key": "gold", "label_de": "Gold", "label_en": "Gold", "active": True},
    {"key": "silver", "label_de": "Silber", "label_en": "Silver", "active": True},
]
EXAMPLE: dict[str, JsonValue] = {
    "record_type": "account",
    "key": "membership",
    "kind": "choice",
    "label_de": "Mitgliedschaft",
    "label_en": "Membership",
    "choices": _CHOICES,
}


Bound = Annotated[str, StringConstraints(max_length=20, pattern=r"^(-?[0-9]{1,12}(\.[0-9]{1,6})?|\d{4}-\d\d-\d\d)$")]
Help = Annotated[str, StringConstraints(max_length=1000, pattern=NO_CONTROLS)]
"""A sentence or two below the field."""
Places = Annotated[int, Field(ge=0, le=6, strict=True)]
Length = Annotated[int, Field(ge=1, le=LONGEST, strict=True)]


class ChoiceBody(Body):
    """One of the values to choose from. An inactive one stays with the records that have it, and is not given any more."""

    key: Key
    label_de: Line
    label_en: Line
    active: bool = True


def _each_key_once(choices: list[ChoiceBody]) -> list[ChoiceBody]:
    if len({choice.key for choice in choices}) < len(choices):
        raise PydanticCustomError("twice", "Each key once.", {"de": "Jeder Schlüssel nur einmal."})
    return choices


Choices = Annotated[list[ChoiceBody], Field(max_length=200), AfterValidator(_each_key_once)]


class CustomFieldRead(RecordRead):
    """A field that the installation has added to a kind of record."""

    record_type: RecordType
    key: str
    kind: Kind
    link_to: LinkTo | None
    label_de: str
    label_en: str
    help_de: str | None
    help_en: str | None
    required: bool = Field(description="Asked for when a record is made, and not emptied after; older ones stay valid.")
    position: int
    choices: list[ChoiceBody]
    minimum: str | None = Field(description="Of numbers, amounts and days; written as the field's own values are.")
    maximum: str | None
    max_length: int | None
    decimals: int | None
    maps_to_id: UUID | None = Field(
        description="Of a lead's field: the account's, contact's or opportunity's that takes its value at conversion."
    )
    retired: bool = Field(description="Not used any more: values stay and are shown, new ones are refused.")


class CustomFieldCreate(Body):
    """A new field, the last one in the order. What it is of, its key and its kind are for ever."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    id: ClientId | None = None
    record_type: RecordType
    key: Key
    kind: Kind
    link_to: LinkTo | None = Field(default=None, description="For `link`: what kind of record it names.")
    label_de: Line
    label_en: Line
    help_de: Help | None = None
    help_en: Help | None = None
    required: bool = False
    choices: Choices = Field(default_factory=list, description="For `choice` and `multi_choice`, in their order.")
    minimum: Bound | None = None
    maximum: Bound | None = None
    max_length: Length | None = Field(default=None, description="For `text`: 200 if left out.")
    decimals: Places | None = Field(default=None, description="For `number`: none if left out.")
    maps_to_id: UUID | None = None


class CustomFieldUpdate(Body):
    """What changes; a field left out stays. `choices` are all of them, in their new order; one in use can't be left out."""

    model_config = ConfigDict(json_schema_extra={"example": {"label_de": "Mitglied seit", "required": True}})

    label_de: Line = absent()
    label_en: Line = absent()
    help_de: Help | None = None
    help_en: Help | None = None
    required: bool = absent()
    choices: Choices = absent()
    minimum: Bound | None = None
    maximum: Bound | None = None
    max_length: Length | None = None
    decimals: Places | None = None
    maps_to_id: UUID | None = None
    retired: bool = absent()
    record_type: Fixed = not_settable()
    key: Fixed = not_settable()
    kind: Fixed = not_settable()
    link_to: Fixed = not_settable()


class FieldOrder(Body):
    """All fields of a kind of record that are in use, each once, in their new order."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"record_type": "account", "ids": ["0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d"]}}
    )

    record_type: RecordType
    ids: list[UUID] = Field(min_length=1, max_length=200)


class CustomFieldQuery(ListQuery):
    """Filters of the list of custom fields."""

    record_type: list[RecordType] = Field(default_factory=list, max_length=4)
    kind: list[Kind] = Field(default_factory=list, max_length=8)
    retired: bool | None = None
    sort: Literal["position", "-position", "created_at", "-created_at"] = "position"


CustomFilters = Annotated[
    list[
        Annotated[str, StringConstraints(max_length=300, pattern=r"^[a-z][a-z0-9_]{0,59}:[a-z]+(:[^\x00-\x1f\x7f]*)?$")]
    ],
    Field(
        max_length=20,
        description="By custom fields: `key:operator:value`, such as `budget:gte:1000`. Operators: `eq` (several of one field "
        "are joined by “or”), `ne`, `gte`, `lte`, `starts` (a text's beginning), `set` and `empty` (without value). Of money the "
        "amount counts, whatever its currency. Texts are compared by their first 200 characters, without case and umlauts.",
        examples=[["membership:eq:gold"]],
    ),
]
CustomSort = Annotated[str, StringConstraints(max_length=68, pattern=r"^-?custom\.[a-z][a-z0-9_]*$")]
"""`custom.<key>`, or `-custom.<key>`: records without a value come last."""
