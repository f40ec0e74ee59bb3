"""Values of custom fields: their shape on the wire, and whether they fit their fields."""

import math
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, ValidationError, WithJsonSchema
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from app.core.failures import invalid_fields
from app.core.problems import Language
from app.core.types import NO_CONTROLS, Day, Key, Line, Money, Prose
from app.custom_fields.definitions import Definition

CustomName = Annotated[str, StringConstraints(max_length=67, pattern=r"^custom\.[a-z][a-z0-9_]*$")]
"""What a custom field is called beside others: `custom.<key>`."""

FieldProblem = tuple[str, str, Mapping[Language, str]]

LONGEST = 4000
"""Characters of a text; a field may allow fewer."""
USUAL_LENGTH = 200
MOST_CHOICES = 50
"""Choices that one record may have in one field."""
LARGEST = Decimal(10) ** 12
DIGITS = 15
"""A number with no more digits is the same in every program, even in one that calculates with doubles."""

_TEXT = TypeAdapter(Prose)
_LINE = TypeAdapter(Line)


def _shaped(value: Any) -> Any:
    """What the value may be at all, whatever the field: bounded, and no deeper than an amount."""
    try:
        match value:
            case None | bool():
                return value
            case int() | float() if math.isfinite(value) and abs(value) < LARGEST:
                return value
            case str() if len(value) <= LONGEST:
                return _TEXT.validate_python(value)
            case list() if len(value) <= MOST_CHOICES and all(isinstance(item, str) for item in value):
                return [_LINE.validate_python(item) for item in value]
            case dict() if set(value) <= {"amount", "currency"} and all(isinstance(v, str) for v in value.values()):
                return {key: _LINE.validate_python(item) for key, item in value.items()}
    except (ValidationError, OverflowError):
        pass
    message = "No custom field takes such a value."
    raise PydanticCustomError("custom_value", message, {"de": "So einen Wert nimmt kein eigenes Feld an."})


def _by_key(schema: dict[str, Any]) -> None:
    """Keys of that form and no others, said so that generators of clients understand it."""
    patterns = schema.pop("patternProperties", {})
    for pattern, value in patterns.items():
        schema["additionalProperties"] = value
        schema["propertyNames"] = {"pattern": pattern, "minLength": 1, "maxLength": 60}


_LINE_SCHEMA = {"type": "string", "maxLength": 200, "pattern": r"^[^\x00-\x1f\x7f]*$"}
_SCHEMA: dict[str, Any] = {
    "description": "A text, day, choice or record's id; a number; yes or no; several choices; an amount of money; nothing.",
    "anyOf": [
        {"type": ["string", "null"], "maxLength": LONGEST, "pattern": NO_CONTROLS},
        {"type": "number", "exclusiveMinimum": -float(LARGEST), "exclusiveMaximum": float(LARGEST)},
        {"type": "boolean"},
        {"type": "array", "items": _LINE_SCHEMA, "maxItems": MOST_CHOICES},
        {
            "type": "object",
            "properties": {"amount": _LINE_SCHEMA, "currency": _LINE_SCHEMA},
            "required": ["amount"],
            "additionalProperties": False,
        },
    ],
}
CustomValue = TypeAliasType("CustomValue", Annotated[Any, AfterValidator(_shaped), WithJsonSchema(_SCHEMA)])
CustomValues = Annotated[
    dict[Key, CustomValue],
    Field(
        max_length=200,
        description="Values of custom fields by key, as `/v1/custom-fields` defines them. A field left out stays as it is, null "
        "empties it.",
        json_schema_extra=_by_key,
    ),
]


class Unfit(Exception):
    """The value does not fit its field."""

    def __init__(self, code: str, de: str, en: str) -> None:
        super().__init__(code)
        self.code = code
        self.texts = {"de": de, "en": en}


def fitting(field: Definition, value: Any, old: Any = None) -> Any:
    """The value as it is kept, None for an empty one. Choices that the record has already may be retired.

    Raises Unfit, or pydantic's ValidationError. Whether a linked record may be seen is looked at elsewhere.
    """
    match field.kind:
        case "text":
            return _text(field, value)
        case "number":
            return _number(field, value)
        case "money":
            return _money(field, value)
        case "date":
            day = _DAY.validate_python(value)
            _within(field, day, date.fromisoformat)
            return day.isoformat()
        case "boolean":
            if not isinstance(value, bool):
                raise Unfit("bool_type", "Erwartet wird true oder false.", "Expected true or false.")
            return value
        case "link":
            return str(_ID.validate_python(value))
        case "choice":
            if not isinstance(value, str):
                raise Unfit(
                    "string_type", "Erwartet wird der Schlüssel einer Auswahl.", "Expected the key of a choice."
                )
            return _chosen(field, [value], old)[0]
        case "multi_choice":
            if not isinstance(value, list):
                raise Unfit("list_type", "Erwartet wird eine Liste von Schlüsseln.", "Expected a list of keys.")
            return _chosen(field, value, old) or None


_DAY: TypeAdapter[date] = TypeAdapter(Day)
_ID = TypeAdapter(Annotated[UUID, Field()])
_MONEY = TypeAdapter(Money)


def _text(field: Definition, value: Any) -> str | None:
    if not isinstance(value, str):
        raise Unfit("string_type", "Erwartet wird ein Text.", "Expected a text.")
    longest = field.max_length or USUAL_LENGTH
    if len(value) > longest:
        raise Unfit("string_too_long", f"Höchstens {longest} Zeichen.", f"At most {longest} characters.")
    return value.strip() or None


def _number(field: Definition, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit("number_type", "Erwartet wird eine Zahl.", "Expected a number.")
    exact = Decimal(repr(value)).normalize()
    _, digits, exponent = exact.as_tuple()
    places = max(0, -int(exponent))
    allowed = field.decimals or 0
    if places > allowed:
        raise Unfit(
            "decimal_max_places", f"Höchstens {allowed} Nachkommastellen.", f"At most {allowed} decimal places."
        )
    if max(len(digits), places) > DIGITS:
        raise Unfit("decimal_max_digits", f"Höchstens {DIGITS} Stellen.", f"At most {DIGITS} digits.")
    _within(field, exact, Decimal)
    return int(exact) if places == 0 else float(exact)


def _money(field: Definition, value: Any) -> dict[str, str]:
    money = _MONEY.validate_python(value)
    _within(field, money.amount, Decimal)
    return {"amount": f"{money.amount:.2f}", "currency": money.currency}


def _within(field: Definition, value: Any, read: Any) -> None:
    if field.minimum is not None and value < read(field.minimum):
        raise Unfit("greater_than_equal", f"Mindestens {field.minimum}.", f"At least {field.minimum}.")
    if field.maximum is not None and value > read(field.maximum):
        raise Unfit("less_than_equal", f"Höchstens {field.maximum}.", f"At most {field.maximum}.")


def _chosen(field: Definition, keys: list[str], old: Any) -> list[str]:
    """The choices in the field's order, each once."""
    known = {choice.key: choice for choice in field.choices}
    had = {old} if isinstance(old, str) else set(old or ())
    for key in keys:
        if key not in known:
            listed = ", ".join(choice.key for choice in field.choices if choice.active)[:500]
            raise Unfit("unknown_choice", f"Erlaubt sind: {listed}.", f"Allowed are: {listed}.")
        if not known[key].active and key not in had:
            raise Unfit("retired_choice", f"„{key}“ wird nicht mehr vergeben.", f"“{key}” is not given any more.")
    return [key for key in known if key in keys]


def problems_of(field: Definition, error: Unfit | ValidationError) -> list[FieldProblem]:
    """What the client is told of a value that does not fit."""
    if isinstance(error, Unfit):
        return [(f"/custom/{field.key}", error.code, error.texts)]
    found = error.errors(include_url=False, include_input=False)
    return invalid_fields([{**e, "loc": ("body", "custom", field.key, *e["loc"])} for e in found])
