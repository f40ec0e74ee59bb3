"""What a lead's own fields become at conversion: a field may name the customer's or opportunity's that takes its value (CONV-1)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import ARRAY, Text, Uuid, bindparam, func, select
from sqlalchemy.orm import aliased

from app.core.context import Context
from app.core.records import model_of
from app.core.statements import Statement, prepared
from app.core.visibility import unscoped
from app.custom_fields.checking import unseen
from app.custom_fields.definitions import COLUMNS, definition
from app.custom_fields.models import CustomField
from app.custom_fields.values import Unfit, fitting

_From, _To = aliased(CustomField), aliased(CustomField)
_MAPPED = Statement(
    select(_From.key.label("from_key"), *(getattr(_To, name) for name in COLUMNS))
    .join(_To, _To.id == _From.maps_to_id)
    .where(
        _From.record_type == "lead",
        _From.key == func.any(bindparam("keys", type_=ARRAY(Text), required=True)),
        _From.deleted_at.is_(None),
        _To.record_type == bindparam("record_type", type_=Text, required=True),
        _To.retired_at.is_(None),
        _To.deleted_at.is_(None),
    )
    .order_by(_From.position, _From.id)
)


async def carried(ctx: Context, lead_values: Mapping[str, Any], record_type: str) -> dict[str, Any]:
    """What the lead's values are for the customer, contact or opportunity, by the target's keys.

    What the target would refuse (a choice that it does not have, a link that the asker does not see) stays with the lead alone.
    """
    if not lead_values:
        return {}
    values: dict[str, Any] = {}
    links = []
    for row in await ctx.fetch(_MAPPED, keys=list(lead_values), record_type=record_type):
        target = definition(row)
        try:
            value = fitting(target, lead_values[row["from_key"]])
        except (Unfit, ValidationError):
            continue
        if value is not None:
            values.setdefault(target.key, value)
            if target.kind == "link":
                links.append((target, UUID(value)))
    for pointer, _, _ in await unseen(ctx, links):
        values.pop(pointer.removeprefix("/custom/"), None)
    return values


async def carried_from(ctx: Context, lead_id: UUID | None, record_type: str) -> dict[str, Any]:
    """The same, of a lead that is known by its id only, whoever may see it."""
    if lead_id is None:
        return {}
    rows = await ctx.fetch(_values_of("lead"), id=lead_id)
    return await carried(ctx, rows[0]["custom"], record_type) if rows else {}


@prepared
def _values_of(record_type: str) -> Any:
    model = model_of(record_type)
    statement = select(model.custom).where(model.id == bindparam("id", type_=Uuid, required=True))
    return unscoped(statement, reason="what was asked for comes with the request, as its customer does")
