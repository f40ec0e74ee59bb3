"""Metadata and enumerations on the wire. What does not apply to a field is left out."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from app.core.types import Body, Country, Source

Type = Literal[
    "text",
    "prose",
    "integer",
    "decimal",
    "money",
    "date",
    "datetime",
    "boolean",
    "enum",
    "link",
    "id",
    "list",
    "object",
    "values",
]
Operator = Literal["equals", "any_of", "contains", "from", "before", "until"]


_NAME = {"de": "Name", "en": "Name"}
_ACTION = {
    "name": "list_accounts",
    "method": "GET",
    "path": "/v1/accounts",
    "permitted": True,
    "permissions": ["accounts.read"],
}
_SUMMARY: dict[str, JsonValue] = {
    "name": "accounts",
    "label": {"de": "Firma", "en": "Account"},
    "label_plural": {"de": "Firmen", "en": "Accounts"},
    "path": "/v1/accounts",
    "metadata": "/v1/metadata/accounts",
    "actions": [_ACTION],  # type: ignore[list-item]  # JSON
}
_FIELD: dict[str, JsonValue] = {
    "name": "country",
    "label": {"de": "Land", "en": "Country"},
    "shown_as": "country",
    "type": "text",
    "bounds": {"pattern": "^[A-Z]{2}$"},
    "options_from": {
        "path": "/v1/enums/countries",
        "items": "options",
        "value": "value",
        "label": {"de": "{label.de}", "en": "{label.en}"},
        "closed": True,
    },
    "create": {"required": True, "nullable": False},
    "update": {"nullable": False},
    "example": "AT",
}
_LIST: dict[str, JsonValue] = {
    "path": "/v1/accounts",
    "filters": [{"name": "vip", "label": {"de": "VIP", "en": "VIP"}, "type": "boolean", "operator": "equals"}],
    "sorts": [{"value": "name", "label": {"de": "Name, aufsteigend", "en": "Name, ascending"}, "descending": False}],
    "default_sort": "-created_at",
    "columns": [{"name": "name", "label": _NAME, "type": "text", "sort": "name"}],  # type: ignore[dict-item]  # JSON
}


class Bilingual(BaseModel):
    """A text in both languages."""

    de: str
    en: str


class Option(BaseModel):
    """A value to choose, and how it is shown."""

    value: JsonValue
    label: Bilingual
    country: str | None = Field(default=None, description="Of states.")
    active: bool | None = Field(default=None, description="False: not to be given any more, but records may have it.")


class OptionsFrom(BaseModel):
    """Where the options are fetched: their list, the member that is sent, and what is shown of each."""

    path: str = Field(
        description="Path with its query. A name in braces is another field of the form, which is filled in first (without a value "
        "its query parameter is left out); `{id}` is the record itself, which is never an option of its own."
    )
    items: str = Field(description="The member of the answer that holds the options.")
    value: str = Field(description="The member of an option that is sent.")
    label: Bilingual = Field(description="How an option is shown: names in braces are members of it.")
    search: str | None = Field(default=None, description="The query parameter that narrows them by what is typed.")
    closed: bool = Field(description="False: suggestions, any other value is taken too.")


class Bounds(BaseModel):
    """What a value must keep to."""

    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = Field(default=None, description="A regular expression that the text matches.")
    minimum: float | None = None
    maximum: float | None = None
    earliest: str | None = Field(default=None, description="The first day allowed.")
    latest: str | None = Field(default=None, description="The last day allowed.")
    decimals: int | None = None
    digits: int | None = Field(default=None, description="Digits in all.")
    min_items: int | None = None
    max_items: int | None = None


class ReadOnlyBecause(BaseModel):
    """Why nobody can set the field: where its value comes from."""

    source: Source
    code: str = Field(description="Of the refusal, when a client sends the field nevertheless.")
    reason: Bilingual


class OnCreate(BaseModel):
    """The field in a creation."""

    required: bool
    nullable: bool
    default: JsonValue = Field(default=None, description="What is taken when the field is left out, if that is fixed.")


class OnUpdate(BaseModel):
    """The field in a change."""

    nullable: bool = Field(description="Whether null empties it.")


class Covers(BaseModel):
    """In a list of objects each of these values of a field occurs at least once."""

    field: str
    values: list[str]
    fixes: dict[str, dict[str, JsonValue]] | None = Field(
        default=None, description="By value, the only values that other fields of the object then take."
    )


class Shape(BaseModel):
    """What kind of value it is."""

    type: Type
    format: str | None = Field(
        default=None, description="Of texts: `email`, `phone`, `url`, `vat_id`, `key`, `color`; clients may check it."
    )
    bounds: Bounds | None = None
    options: list[Option] | None = Field(default=None, description="All values that are allowed.")
    options_from: OptionsFrom | None = None
    target: str | None = Field(default=None, description="Of links and ids: the resource whose records are named.")
    target_by: str | None = Field(default=None, description="The same, where another field beside this one names it.")
    items: "Shape | None" = Field(default=None, description="Of lists: what each item is.")
    covers: Covers | None = None
    fields: "list[MetaField] | None" = Field(default=None, description="Of objects, and of lists of them.")


class MetaField(Shape):
    """A field of a record or of an object in it."""

    name: str = Field(description="As it is sent; `custom.<key>` stands for the key in `custom`.")
    label: Bilingual
    help: Bilingual | None = None
    create: OnCreate | None = Field(default=None, description="Left out: it cannot be set when the record is made.")
    update: OnUpdate | None = Field(default=None, description="Left out: it cannot be changed.")
    read_only: ReadOnlyBecause | None = None
    shown_as: str | None = Field(default=None, description="The member of answers that shows it, if there is one.")
    shorthand_for: str | None = Field(
        default=None, description="The list whose primary entry this is. A request names the one or the other."
    )
    applies_to: list[str] | None = Field(
        default=None, description="Only for these values of the resource's `variants`."
    )
    operators: list[str] | None = Field(
        default=None, description="Of custom fields: what lists take for them, as in `custom=<key>:<operator>:<value>`."
    )
    sort: str | None = Field(
        default=None, description="Of custom fields: the value of `sort`; descending with `-` before it."
    )
    example: JsonValue = None


class FilterRead(Shape):
    """A query parameter that narrows the list."""

    name: str
    label: Bilingual
    help: Bilingual | None = None
    operator: Operator = Field(description="`any_of`: may be given several times, joined by “or”.")
    default: JsonValue = None


class SortRead(BaseModel):
    """A value of `sort`."""

    value: str
    label: Bilingual
    descending: bool


class Column(BaseModel):
    """A member of the records in a list; `fields` takes its name."""

    name: str
    label: Bilingual
    type: Type
    sort: str | None = Field(default=None, description="The value of `sort` for its ascending order.")


class ListRead(BaseModel):
    """What the list offers."""

    path: str
    filters: list[FilterRead]
    sorts: list[SortRead]
    default_sort: str | None
    columns: list[Column]


class Action(BaseModel):
    """A request that can be made, and whether the asker may: a record's own rules can still stand in the way."""

    name: str = Field(description="The operation's id in the OpenAPI document.")
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    permitted: bool
    permissions: list[str] = Field(description="All that are needed.")
    one_of: list[str] | None = Field(default=None, description="And one of these, whichever the record asks for.")
    sometimes: list[str] | None = Field(
        default=None,
        description="And these for something that a request may ask for and need not, such as another assignee.",
    )


class ResourceSummary(BaseModel):
    """A kind of record."""

    model_config = ConfigDict(json_schema_extra={"example": _SUMMARY})

    name: str
    label: Bilingual
    label_plural: Bilingual
    path: str
    metadata: str = Field(description="Where it is described in full.")
    actions: list[Action]


class Variants(BaseModel):
    """The field whose value decides which other fields there are when a record is made."""

    field: str
    options: list[Option]


class RequiredBy(BaseModel):
    """Another record names further fields that are required when one is made."""

    path: str = Field(description="A name in braces is a field of the form; left out, the default one counts.")
    items: str = Field(description="The member that lists the names of fields.")


class ResourceMetadata(ResourceSummary):
    """Everything that a form and a list of these records need."""

    model_config = ConfigDict(json_schema_extra={"example": {**_SUMMARY, "fields": [_FIELD], "list": _LIST}})

    fields: list[MetaField]
    variants: Variants | None = None
    either: list[list[str]] | None = Field(
        default=None, description="When a record is made, all fields of at least one of these groups are there."
    )
    either_of: dict[str, list[list[str]]] | None = Field(
        default=None, description="The same for variants, by their value: one of these groups besides."
    )
    required_by: RequiredBy | None = None
    list: ListRead | None = None


class MetadataRead(BaseModel):
    """All kinds of record."""

    model_config = ConfigDict(json_schema_extra={"example": {"resources": [_SUMMARY]}})

    resources: list[ResourceSummary]


_ENUM: dict[str, JsonValue] = {
    "name": "countries",
    "label": {"de": "Länder", "en": "Countries"},
    "path": "/v1/enums/countries",
    "closed": True,
}


class EnumSummary(BaseModel):
    """A list of values that forms choose from or suggest."""

    model_config = ConfigDict(json_schema_extra={"example": _ENUM})

    name: str
    label: Bilingual
    path: str
    closed: bool = Field(description="False: suggestions; fields take any other value too.")


class EnumsRead(BaseModel):
    """All such lists."""

    enums: list[EnumSummary]


class EnumRead(EnumSummary):
    """The values, the usual ones first, then in the order of the language that was asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {**_ENUM, "options": [{"value": "AT", "label": {"de": "Österreich", "en": "Austria"}}]}
        }
    )

    options: list[Option]


class EnumQuery(Body):
    """Which values."""

    country: Country | None = Field(
        default=None, description="Of `states`: those of this country. Of no effect on other lists."
    )
