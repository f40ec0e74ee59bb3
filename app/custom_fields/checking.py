"""Whether a request's custom values are right: the one check that every service makes (ACC-10)."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

import orjson
from pydantic import ValidationError
from sqlalchemy import ARRAY, Uuid, bindparam, func, select

from app.core.context import Context
from app.core.principal import Reach, UserPrincipal
from app.core.records import model_of
from app.core.statements import Statement
from app.core.visibility import scope
from app.custom_fields.definitions import Definition, held
from app.custom_fields.values import FieldProblem, Unfit, fitting, problems_of
from app.identity.references import unknown_references

LARGEST = 64 * 1024
"""Bytes of all custom values of one record."""

_MISSING = {"de": "Diese Angabe fehlt.", "en": "This is required."}
_UNKNOWN = {"de": "Dieses Feld gibt es nicht.", "en": "There is no such field."}
_RETIRED = {
    "de": "Dieses Feld wird nicht mehr verwendet; es lässt sich nur leeren.",
    "en": "This field is not used any more; it can only be emptied.",
}
_TOO_LARGE = {"de": "Die eigenen Felder sind zusammen zu groß.", "en": "Together the custom fields are too large."}
_NO_RECORD = {
    "de": "Diesen Datensatz gibt es nicht, oder Sie dürfen ihn nicht sehen.",
    "en": "There is no such record, or you may not see it.",
}


async def checked(
    ctx: Context, record_type: str, body: Any, before: Mapping[str, Any] | None = None, *, required: bool = True
) -> list[FieldProblem]:
    """What is wrong with the body's `custom`; all that the record will have is put in its place.

    `before` is what the record has; left out, it is a new one, and people are asked for required fields unless `required` is
    false. No field that is named here changes before the transaction ends. Without custom values nothing is looked up.
    """
    said: Mapping[str, Any] = body.custom if "custom" in body.model_fields_set else {}
    new = before is None
    ask = new and required and isinstance(ctx.principal, UserPrincipal)
    ask = ask and record_type in ctx.principal.required_custom  # type: ignore[union-attr]  # a person's, as just looked
    if not said and not ask:
        if "custom" in body.model_fields_set:
            body.custom = dict(before or {})
        return []
    fields = await held(ctx, record_type, said)
    errors: list[FieldProblem] = []
    after = dict(before or {})
    links: list[tuple[Definition, UUID]] = []
    for key, value in said.items():
        if (field := fields.get(key)) is None:
            if value is None and key in after:
                del after[key]  # of a field that was deleted, brought back by the undoing of a merge
                continue
            errors.append((f"/custom/{key}", "unknown_field", _UNKNOWN))
            continue
        if _same(value, after.get(key)):
            continue
        try:
            kept = None if value is None else fitting(field, value, after.get(key))
        except (Unfit, ValidationError) as error:
            errors += (
                problems_of(field, error) if not field.retired else [(f"/custom/{key}", "retired_field", _RETIRED)]
            )
            continue
        if _same(kept, after.get(key)):
            continue
        if kept is None:
            if field.required and not field.retired and not new:
                errors.append((f"/custom/{key}", "missing", _MISSING))
            after.pop(key, None)
        elif field.retired:
            errors.append((f"/custom/{key}", "retired_field", _RETIRED))
        else:
            after[key] = kept
            if field.kind == "link":
                links.append((field, UUID(kept)))
    wrong = {pointer for pointer, _, _ in errors}
    for key, field in fields.items():
        pointer = f"/custom/{key}"
        if ask and field.required and not field.retired and key not in after and pointer not in wrong:
            errors.append((pointer, "missing", _MISSING))
    errors += await unseen(ctx, links)
    if len(orjson.dumps(after)) > LARGEST:
        errors.append(("/custom", "too_large", _TOO_LARGE))
    body.custom = after
    return errors


def _same(one: Any, other: Any) -> bool:
    """Whether they are equal, and not only to Python, for whom 1 is true."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


async def unseen(ctx: Context, links: list[tuple[Definition, UUID]]) -> list[FieldProblem]:
    """Links to records that the asker does not see, and to people who are not active."""
    users = [(f"/custom/{field.key}", id_) for field, id_ in links if field.link_to == "user"]
    errors = await unknown_references(ctx, users=users)
    for kind in ("account", "contact"):
        wanted = [(field, id_) for field, id_ in links if field.link_to == kind]
        if wanted:
            rows = await ctx.fetch(_seen(kind, ctx.reach), ids=[id_ for _, id_ in wanted])
            seen = {row["id"] for row in rows}
            errors += [(f"/custom/{f.key}", "unknown_record", _NO_RECORD) for f, id_ in wanted if id_ not in seen]
    return errors


@lru_cache(maxsize=16)
def _seen(kind: str, how_far: Reach) -> Statement:
    model = model_of(kind)
    wanted = model.id == func.any(bindparam("ids", type_=ARRAY(Uuid), required=True))
    return Statement(scope(select(model.id).where(wanted), model, how_far))
