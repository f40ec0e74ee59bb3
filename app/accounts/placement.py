"""Whose customer an account is by rule: the centre of its postal code, and the teams of its segment (ID-4, ACC-14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, and_, bindparam, func, or_, select

from app.core.context import Context
from app.core.particulars import plain_code
from app.core.statements import Statement
from app.identity.models import Centre, CentreArea, Team

TEAM_KINDS: dict[str, tuple[str, ...]] = {
    "key_account_head_office": ("head_office_key_accounts", "country_key_accounts"),
    "key_account_branch": ("head_office_key_accounts", "centre_key_accounts"),
    "supra_regional_head_office": ("centre_local",),
    "supra_regional_branch": ("centre_local",),
    "local": ("centre_local",),
}
"""Segment → kinds of the teams that see the account: the table of F, chapter 1.2."""

_code = bindparam("code", type_=Text, required=True)
_country = bindparam("country", type_=Text, required=True)
_kinds = bindparam("kinds", type_=ARRAY(Text), required=True)
_responsible = select(CentreArea.centre_id).where(CentreArea.holds(_country, _code))
_named = select(Centre.id).where(Centre.id == bindparam("centre_id", type_=Uuid, required=True))
_place = select(func.coalesce(_named.scalar_subquery(), _responsible.scalar_subquery()).label("centre_id")).cte("place")
_teams = select(Team.id).where(
    Team.kind == func.any(_kinds),
    or_(
        Team.kind == "head_office_key_accounts",
        and_(Team.kind == "country_key_accounts", Team.country == _country),
        and_(Team.kind.startswith("centre_"), Team.centre_id == _place.c.centre_id),
    ),
)
_FIND = Statement(
    select(
        _place.c.centre_id,
        func.array(_teams.order_by(Team.id).correlate(_place).scalar_subquery()).label("team_ids"),
    )
)


@dataclass(frozen=True, slots=True)
class Placement:
    """The centre that an account belongs to, and the teams that its segment gives it."""

    centre_id: UUID | None
    team_ids: list[UUID]


async def place(
    ctx: Context, *, segment: str | None, centre_id: UUID | None, country: str, postal_code: str | None
) -> Placement:
    """Where such an account belongs. A centre that is named counts, if it exists; otherwise the one of the postal code."""
    code = plain_code(country, postal_code) if postal_code else None
    if not (segment or centre_id or code):
        return Placement(None, [])
    kinds = TEAM_KINDS[segment] if segment else ()
    (row,) = await ctx.fetch(_FIND, centre_id=centre_id, country=country, code=code or None, kinds=list(kinds))
    return Placement(row["centre_id"], row["team_ids"])


def with_rule(teams: Sequence[UUID], before: Sequence[UUID], now: Sequence[UUID]) -> list[UUID]:
    """An account's teams when those of its rule change: what was added by hand stays."""
    return list(dict.fromkeys([*now, *(team for team in teams if team not in before)]))
