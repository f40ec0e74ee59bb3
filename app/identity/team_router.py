"""`/v1/teams`, `/v1/centres`: who sees records together."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch
from app.core.problems import Conflict, IdTaken, declared
from app.core.resource import Page
from app.identity import centres, teams
from app.identity.authentication import forgetting
from app.identity.problems import PrivateTeam
from app.identity.queries import CENTRE, TEAM
from app.identity.schemas import (
    CentreCreate,
    CentreQuery,
    CentreRead,
    CentreUpdate,
    TeamCreate,
    TeamQuery,
    TeamRead,
    TeamUpdate,
)

router = APIRouter(prefix="/teams", tags=["teams"])
centre_router = APIRouter(prefix="/centres", tags=["teams"])


@router.get("", operation_id="list_teams", summary="List teams", response_model=Page[TeamRead])
async def list_teams(ctx: Ctx, request: Request, query: Annotated[TeamQuery, Query()]) -> Response:
    """All teams with their members."""
    return await TEAM.page(ctx, request, query)


@router.post(
    "",
    operation_id="create_team",
    summary="Create a team",
    status_code=201,
    response_model=TeamRead,
    responses=declared(IdTaken) | {200: {"description": "Created before by the same request.", "model": TeamRead}},
)
async def create_team(ctx: PostCtx, body: TeamCreate) -> Response:
    """Make a team of a centre, a country or the head office. Private teams come with their users."""
    id_, new = await teams.create(ctx, body)
    return await TEAM.reply(ctx, id_, status=201 if new else 200, location=f"/v1/teams/{id_}")


@router.get("/{team_id:uuid}", operation_id="get_team", summary="Get a team", response_model=TeamRead)
async def get_team(ctx: Ctx, request: Request, team_id: UUID) -> Response:
    """One team with its members."""
    return await TEAM.read(ctx, request, team_id)


@router.patch(
    "/{team_id:uuid}",
    operation_id="update_team",
    summary="Change a team",
    response_model=TeamRead,
    responses=declared(PrivateTeam),
)
async def update_team(ctx: Ctx, team_id: UUID, patch: TeamUpdate, if_match: IfMatch = None) -> Response:
    """Rename a team. A private one is called like its person."""
    await teams.update_team(ctx, team_id, patch, if_match)
    return await TEAM.reply(ctx, team_id)


@router.put(
    "/{team_id:uuid}/members/{user_id:uuid}",
    operation_id="add_team_member",
    summary="Add a member",
    status_code=204,
    response_class=Response,
    responses=declared(PrivateTeam),
)
async def add_team_member(ctx: Ctx, request: Request, team_id: UUID, user_id: UUID) -> Response:
    """Put a user into a team. They see its records at once."""
    await teams.add_member(ctx, team_id, user_id)
    ctx.after_commit(forgetting(request, user_id))
    return Response(status_code=204)


@router.delete(
    "/{team_id:uuid}/members/{user_id:uuid}",
    operation_id="remove_team_member",
    summary="Remove a member",
    status_code=204,
    response_class=Response,
    responses=declared(PrivateTeam),
)
async def remove_team_member(ctx: Ctx, request: Request, team_id: UUID, user_id: UUID) -> Response:
    """Take a user out of a team. They no longer see its records, at once."""
    await teams.remove_member(ctx, team_id, user_id)
    ctx.after_commit(forgetting(request, user_id))
    return Response(status_code=204)


@centre_router.get("", operation_id="list_centres", summary="List centres", response_model=Page[CentreRead])
async def list_centres(ctx: Ctx, request: Request, query: Annotated[CentreQuery, Query()]) -> Response:
    """All centres."""
    return await CENTRE.page(ctx, request, query)


@centre_router.post(
    "",
    operation_id="create_centre",
    summary="Create a centre",
    status_code=201,
    response_model=CentreRead,
    responses=declared(Conflict, IdTaken)
    | {200: {"description": "Created before by the same request.", "model": CentreRead}},
)
async def create_centre(ctx: PostCtx, body: CentreCreate) -> Response:
    """Make a centre."""
    id_, new = await centres.create_centre(ctx, body)
    return await CENTRE.reply(ctx, id_, status=201 if new else 200, location=f"/v1/centres/{id_}")


@centre_router.get("/{centre_id:uuid}", operation_id="get_centre", summary="Get a centre", response_model=CentreRead)
async def get_centre(ctx: Ctx, request: Request, centre_id: UUID) -> Response:
    """One centre."""
    return await CENTRE.read(ctx, request, centre_id)


@centre_router.patch(
    "/{centre_id:uuid}",
    operation_id="update_centre",
    summary="Change a centre",
    response_model=CentreRead,
    responses=declared(Conflict),
)
async def update_centre(ctx: Ctx, centre_id: UUID, patch: CentreUpdate, if_match: IfMatch = None) -> Response:
    """Change a centre's code, name or country."""
    await centres.update_centre(ctx, centre_id, patch, if_match)
    return await CENTRE.reply(ctx, centre_id)
