"""Defining, changing, ordering, retiring and deleting custom fields (ACC-10).

Whoever changes the fields of a kind of record has them alone until commit: no one else changes them, and nobody writes a value.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid, NotFound
from app.core.writing import already_created, assign, request_hash, require_match
from app.custom_fields.definitions import HOLD_ALL
from app.custom_fields.models import CustomField, custom_values
from app.custom_fields.problems import FieldInUse, TooManyFields
from app.custom_fields.queries import CUSTOM_FIELD
from app.custom_fields.schemas import CustomFieldCreate, CustomFieldUpdate, FieldOrder
from app.custom_fields.values import FieldProblem

MOST_FIELDS = 200
"""Fields in use of one kind of record."""

_FITTING: Mapping[str, tuple[str, ...]] = {
    "choices": ("choice", "multi_choice"),
    "minimum": ("number", "money", "date"),
    "maximum": ("number", "money", "date"),
    "max_length": ("text",),
    "decimals": ("number",),
    "link_to": ("link",),
}
_NOT_OF_KIND = {"de": "Felder dieser Art haben das nicht.", "en": "Fields of this kind have no such thing."}
_MISSING = {"de": "Diese Angabe fehlt.", "en": "Field required"}
_KEY_TAKEN = {
    "de": "Diesen Schlüssel hat oder hatte schon ein Feld; Schlüssel werden nicht wieder vergeben.",
    "en": "A field has or had this key; keys are not given again.",
}
_BOUND = {"de": "Erwartet wird ein Wert von der Art des Feldes.", "en": "Expected a value of the field's kind."}
_ORDER = {"de": "Das Minimum ist größer als das Maximum.", "en": "The minimum is greater than the maximum."}
_NO_TARGET = {
    "de": "Erwartet wird ein Feld gleicher Art von Kunde, Kontakt oder Verkaufschance.",
    "en": "Expected a field of the same kind, of an account, contact or opportunity.",
}
_INCOMPLETE = {
    "de": "Nennen Sie alle Felder, die in Gebrauch sind, jedes einmal.",
    "en": "Name all fields that are in use, each once.",
}


async def create(ctx: Context, body: CustomFieldCreate) -> tuple[UUID, bool]:
    """Add a field; returns its id and whether it is new. Raises Forbidden, Invalid, IdTaken, TooManyFields."""
    ctx.require(Permission.SETTINGS_MANAGE)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, CustomField, body.id, asked):
        return body.id, False
    await ctx.run(HOLD_ALL, of=body.record_type)
    same_type = CustomField.record_type == body.record_type
    found = await ctx.session.execute(
        select(
            func.coalesce(func.max(CustomField.position), 0),
            func.count().filter(CustomField.retired_at.is_(None), CustomField.deleted_at.is_(None)),
            func.count().filter(CustomField.key == body.key),
        ).where(same_type)
    )
    last, used, taken = found.one()
    field = CustomField(
        **body.model_dump(exclude={"id"}), id=body.id or new_id(), created_by=ctx.user_id, request_hash=asked
    )
    errors: list[FieldProblem] = [("/key", "key_taken", _KEY_TAKEN)] if taken else []
    errors += await _wrong(ctx, field)
    if errors:
        raise Invalid(errors)
    if used >= MOST_FIELDS:
        raise TooManyFields(limit=MOST_FIELDS)
    field.position = last + 1
    ctx.session.add(field)
    await ctx.session.flush()
    return field.id, True


async def update_field(ctx: Context, field_id: UUID, patch: CustomFieldUpdate, if_match: str | None) -> None:
    """Change a field. Values that records have already stay as they are, whatever is asked from now on.

    Raises Forbidden, NotFound, StaleVersion, Invalid (a choice that is left out is in use), TooManyFields.
    """
    field = await _held(ctx, field_id)
    await require_match(ctx, CUSTOM_FIELD, field, if_match)
    left = {choice["key"] for choice in field.choices} - {choice.key for choice in patch.choices or ()}
    errors = await _in_use(ctx, field, left) if "choices" in patch.model_fields_set else []
    assign(field, patch, leave=("retired", "choices"))
    if "choices" in patch.model_fields_set:
        field.choices = [choice.model_dump() for choice in patch.choices]
    with ctx.session.no_autoflush:
        errors += await _wrong(ctx, field)
    if errors:
        raise Invalid(errors)
    if patch.retired and field.retired_at is None:
        field.retired_at = ctx.now
    elif "retired" in patch.model_fields_set and not patch.retired and field.retired_at is not None:
        with ctx.session.no_autoflush:
            if len(await _used(ctx, field.record_type)) >= MOST_FIELDS:
                raise TooManyFields(limit=MOST_FIELDS)
        field.retired_at = None
    await ctx.session.flush()


async def order(ctx: Context, body: FieldOrder) -> None:
    """Put the fields into a new order. Raises Forbidden, Invalid when they are not all of those in use."""
    ctx.require(Permission.SETTINGS_MANAGE)
    await ctx.run(HOLD_ALL, of=body.record_type)
    fields = await _used(ctx, body.record_type)
    if len(body.ids) != len(fields) or set(body.ids) != set(fields):
        raise Invalid([("/ids", "order_incomplete", _INCOMPLETE)])
    for position, id_ in enumerate(body.ids, 1):
        fields[id_].position = position
    await ctx.session.flush()


async def remove(ctx: Context, field_id: UUID) -> None:
    """Delete a field in which no record has a value. Raises Forbidden, NotFound, FieldInUse."""
    field = await _held(ctx, field_id)
    counted = select(func.count(custom_values.c.record_id.distinct())).where(custom_values.c.field == field.no)
    if count := (await ctx.session.execute(counted)).scalar_one():
        raise FieldInUse(count=count, extra={"count": count})
    field.deleted_at = ctx.now
    await ctx.session.execute(update(CustomField).where(CustomField.maps_to_id == field.id).values(maps_to_id=None))
    await ctx.session.flush()


async def _held(ctx: Context, field_id: UUID) -> CustomField:
    """The field, alone with it. Raises Forbidden, NotFound."""
    ctx.require(Permission.SETTINGS_MANAGE)
    field = await ctx.session.get(CustomField, field_id)
    if field is None or field.deleted_at is not None:
        raise NotFound
    await ctx.run(HOLD_ALL, of=field.record_type)
    await ctx.session.refresh(field, with_for_update=True)
    if field.deleted_at is not None:
        raise NotFound
    return field


async def _used(ctx: Context, record_type: str) -> dict[UUID, CustomField]:
    statement = select(CustomField).where(
        CustomField.record_type == record_type, CustomField.retired_at.is_(None), CustomField.deleted_at.is_(None)
    )
    found = await ctx.session.execute(statement.execution_options(populate_existing=True))
    return {field.id: field for field in found.scalars()}


async def _in_use(ctx: Context, field: CustomField, left: set[str]) -> list[FieldProblem]:
    """Choices that are to go and that records have."""
    counted = (
        select(custom_values.c.key, func.count())
        .where(custom_values.c.field == field.no, custom_values.c.key.in_(left))
        .group_by(custom_values.c.key)
        .order_by(custom_values.c.key)
    )
    rows = (await ctx.session.execute(counted)).all() if left else []
    return [
        (
            "/choices",
            "choice_in_use",
            {
                "de": f"„{key}“ steht in {count} Datensätzen; setzen Sie „active“ auf false, statt es wegzulassen.",
                "en": f"{count} records have “{key}”; set “active” to false instead of leaving it out.",
            },
        )
        for key, count in rows
    ]


async def _wrong(ctx: Context, field: CustomField) -> list[FieldProblem]:
    """What does not fit together in a definition."""
    errors: list[FieldProblem] = [
        (f"/{name}", "not_of_this_kind", _NOT_OF_KIND)
        for name, kinds in _FITTING.items()
        if getattr(field, name) and field.kind not in kinds
    ]
    if field.kind == "link" and field.link_to is None:
        errors.append(("/link_to", "missing", _MISSING))
    if field.kind in _FITTING["choices"] and not field.choices:
        errors.append(("/choices", "missing", _MISSING))
    bounds: dict[str, Any] = {}
    for name in ("minimum", "maximum"):
        if (bound := getattr(field, name)) is not None and field.kind in _FITTING[name]:
            try:
                bounds[name] = _day(bound) if field.kind == "date" else Decimal(bound)
            except (ValueError, ArithmeticError):
                errors.append((f"/{name}", "bound_form", _BOUND))
    if len(bounds) == 2 and bounds["minimum"] > bounds["maximum"]:
        errors.append(("/minimum", "bound_order", _ORDER))
    if field.maps_to_id is not None:
        target = await ctx.session.get(CustomField, field.maps_to_id)
        like = target is not None and target.deleted_at is None and target.record_type != "lead"
        if field.record_type != "lead" or not like or _form(target) != _form(field):
            errors.append(("/maps_to_id", "unknown_target", _NO_TARGET))
    return errors


def _day(text: str) -> date:
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise ValueError(text)
    return day


def _form(field: Any) -> tuple[str, str | None]:
    return field.kind, field.link_to
