"""Teams and their members (ID-3)."""

from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid, Language, NotFound
from app.core.writing import already_created, assign, request_hash, require_match
from app.identity.models import Centre, Team, TeamMember, User
from app.identity.problems import PrivateTeam
from app.identity.queries import TEAM
from app.identity.schemas import TeamCreate, TeamUpdate
from app.identity.users import raise_version


async def create(ctx: Context, body: TeamCreate) -> tuple[UUID, bool]:
    """Make a team; returns its id and whether it is new. Raises Forbidden, Invalid, IdTaken.

    A centre's team takes its country from the centre.
    """
    ctx.require(Permission.TEAMS_MANAGE)
    asked = request_hash(body)
    if await already_created(ctx, Team, body.id, asked):
        return body.id, False  # type: ignore[return-value]  # only a given id can have been created before
    centre = await ctx.session.get(Centre, body.centre_id) if body.centre_id else None
    if errors := _errors(body, centre):
        raise Invalid(errors)
    team = Team(
        id=body.id or new_id(),
        name=body.name,
        kind=body.kind,
        country=centre.country if centre else body.country,
        centre_id=body.centre_id,
        created_by=ctx.user_id,
        request_hash=asked,
    )
    ctx.session.add(team)
    await ctx.session.flush()
    ctx.enqueue("accounts.teams_by_rule", {"centre_id": team.centre_id, "country": team.country})
    return team.id, True


def _errors(body: TeamCreate, centre: Centre | None) -> list[tuple[str, str, dict[Language, str]]]:
    of_centre = body.kind.startswith("centre_")
    errors = []
    if of_centre and body.centre_id is None:
        message = {"de": "Ein solches Team gehört zu einem Centre.", "en": "Such a team belongs to a centre."}
        errors.append(("/centre_id", "missing", message))
    elif not of_centre and body.centre_id is not None:
        message = {"de": "Ein solches Team gehört zu keinem Centre.", "en": "Such a team belongs to no centre."}
        errors.append(("/centre_id", "centre_not_allowed", message))
    elif body.centre_id is not None and centre is None:
        message = {"de": "Dieses Centre gibt es nicht.", "en": "There is no such centre."}
        errors.append(("/centre_id", "unknown_centre", message))
    if body.kind == "country_key_accounts" and body.country is None:
        message = {"de": "Ein solches Team gehört zu einem Land.", "en": "Such a team belongs to a country."}
        errors.append(("/country", "missing", message))
    if centre is not None and body.country not in (None, centre.country):
        message = {"de": "Das Centre liegt in einem anderen Land.", "en": "The centre lies in another country."}
        errors.append(("/country", "other_country", message))
    return errors


async def update_team(ctx: Context, team_id: UUID, patch: TeamUpdate, if_match: str | None) -> None:
    """Change a team. Raises Forbidden, NotFound, StaleVersion, PrivateTeam."""
    team = await _locked(ctx, team_id)
    await require_match(ctx, TEAM, team, if_match)
    if team.kind == "private":
        raise PrivateTeam
    assign(team, patch)


async def add_member(ctx: Context, team_id: UUID, user_id: UUID) -> None:
    """Put a user into a team; nothing happens when they belong to it. Raises Forbidden, NotFound, PrivateTeam."""
    team = await _locked(ctx, team_id)
    if team.kind == "private":
        raise PrivateTeam
    if await ctx.session.get(User, user_id) is None:
        raise NotFound
    added = insert(TeamMember).values(team_id=team_id, user_id=user_id).on_conflict_do_nothing()
    if (await ctx.session.execute(added.returning(TeamMember.user_id))).first() is not None:
        await _changed(ctx, team_id, user_id)


async def remove_member(ctx: Context, team_id: UUID, user_id: UUID) -> None:
    """Take a user out of a team; their private team takes its place as the default. Raises Forbidden, NotFound, PrivateTeam."""
    team = await _locked(ctx, team_id)
    if team.kind == "private":
        raise PrivateTeam
    removed = delete(TeamMember).where(TeamMember.team_id == team_id, TeamMember.user_id == user_id)
    if (await ctx.session.execute(removed.returning(TeamMember.user_id))).first() is None:
        raise NotFound
    private = select(Team.id).where(Team.user_id == user_id).scalar_subquery()
    fallback = update(User).where(User.id == user_id, User.default_team_id == team_id)
    await ctx.session.execute(fallback.values(default_team_id=private))
    await _changed(ctx, team_id, user_id)


async def _locked(ctx: Context, team_id: UUID) -> Team:
    ctx.require(Permission.TEAMS_MANAGE)
    team = await ctx.session.get(Team, team_id, with_for_update=True)
    if team is None:
        raise NotFound
    return team


async def _changed(ctx: Context, team_id: UUID, user_id: UUID) -> None:
    await raise_version(ctx, Team, team_id)
    await raise_version(ctx, User, user_id)
