"""Centres and the postal codes that each answers for (ACC-14)."""

from typing import Any
from uuid import UUID

from sqlalchemy import Text, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from app.core.context import Context
from app.core.db import new_id
from app.core.particulars import plain_code
from app.core.permissions import Permission
from app.core.problems import Invalid, NotFound
from app.core.statements import Statement
from app.core.writing import already_created, assign, request_hash, require_match
from app.identity.models import Centre, CentreArea
from app.identity.queries import CENTRE
from app.identity.references import FieldProblem
from app.identity.schemas import AreaBody, CentreCreate, CentreUpdate
from app.identity.users import raise_version

_AREAS = 4_201_003
"""The advisory lock of whoever changes areas: what overlaps is told by name, not by a constraint."""

_RESPONSIBLE = Statement(
    select(Centre.id, Centre.name)
    .join(CentreArea, CentreArea.centre_id == Centre.id)
    .where(
        CentreArea.holds(bindparam("country", type_=Text, required=True), bindparam("code", type_=Text, required=True))
    )
)


async def responsible_centre(ctx: Context, country: str | None, postal_code: str | None) -> UUID | None:
    """The centre whose area has the postal code; None when there is none (ACC-14)."""
    if not country or not postal_code or not (code := plain_code(country, postal_code)):
        return None
    rows = await ctx.fetch(_RESPONSIBLE, country=country, code=code)
    return rows[0]["id"] if rows else None


async def create_centre(ctx: Context, body: CentreCreate) -> tuple[UUID, bool]:
    """Make a centre; returns its id and whether it is new. Raises Forbidden, Invalid, IdTaken, Conflict (code taken)."""
    ctx.require(Permission.TEAMS_MANAGE)
    asked = request_hash(body)
    if await already_created(ctx, Centre, body.id, asked):
        return body.id, False  # type: ignore[return-value]  # only a given id can have been created before
    values = body.model_dump(exclude={"id", "areas"})
    centre = Centre(**values, id=body.id or new_id(), created_by=ctx.user_id, request_hash=asked)
    ctx.session.add(centre)
    await ctx.session.flush()
    await _set_areas(ctx, centre, body.areas)
    return centre.id, True


async def update_centre(ctx: Context, centre_id: UUID, patch: CentreUpdate, if_match: str | None) -> None:
    """Change a centre. Its accounts stay its own when its areas change; the list of poor data names those elsewhere.

    Raises Forbidden, NotFound, StaleVersion, Invalid, Conflict (code taken).
    """
    ctx.require(Permission.TEAMS_MANAGE)
    centre = await ctx.session.get(Centre, centre_id, with_for_update=True)
    if centre is None:
        raise NotFound
    await require_match(ctx, CENTRE, centre, if_match)
    assign(centre, patch, leave=("areas",))
    await ctx.session.flush()
    if "areas" in patch.model_fields_set:
        await _set_areas(ctx, centre, patch.areas)
        await raise_version(ctx, Centre, centre_id)


async def _set_areas(ctx: Context, centre: Centre, areas: list[AreaBody]) -> None:
    """The centre answers for these areas and no others. Raises Invalid where another centre does already."""
    await ctx.session.execute(select(func.pg_advisory_xact_lock(_AREAS)))
    await ctx.session.execute(delete(CentreArea).where(CentreArea.centre_id == centre.id))
    errors: list[FieldProblem] = []
    for number, area in enumerate(areas):
        country = area.country or centre.country
        first, last = plain_code(country, area.from_code), plain_code(country, area.to_code or area.from_code)
        pointer = f"/areas/{number}"
        if not first or not last or first > last:
            message = {
                "de": "Die Postleitzahlen müssen aufsteigend angegeben sein.",
                "en": "The postal codes must be in ascending order.",
            }
            errors.append((pointer, "area_order", message))
        elif (taken := await _overlapping(ctx, country, first, last)) is not None:
            message = {
                "de": f"Dafür ist schon {taken.name} zuständig: {taken.from_code}–{taken.to_code}.",
                "en": f"{taken.name} answers for that already: {taken.from_code}–{taken.to_code}.",
            }
            errors.append((pointer, "area_taken", message))
        else:
            values = {"centre_id": centre.id, "country": country, "from_code": first, "to_code": last}
            await ctx.session.execute(insert(CentreArea).values(values))
    if errors:
        raise Invalid(errors)


async def _overlapping(ctx: Context, country: str, first: str, last: str) -> Any:
    found = (
        select(Centre.name, CentreArea.from_code, CentreArea.to_code)
        .join(Centre, Centre.id == CentreArea.centre_id)
        .where(CentreArea.meets(country, first, last))
    )
    return (await ctx.session.execute(found)).first()
