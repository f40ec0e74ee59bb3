"""`/v1/call-scripts` and `/v1/key-questions`: what to say and to ask at calls (CALL-2)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.call_scripts import service
from app.call_scripts.queries import CALL_SCRIPT, CALL_SCRIPT_VERSION
from app.call_scripts.schemas import (
    CallScriptCreate,
    CallScriptQuery,
    CallScriptRead,
    CallScriptUpdate,
    CallScriptVersionQuery,
    CallScriptVersionRead,
    CallScriptVersionsOf,
    KeyQuestions,
    KeyQuestionsQuery,
)
from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch
from app.core.permissions import Permission
from app.core.problems import Conflict, IdTaken, InUse, NotFound, declared
from app.core.records import is_visible
from app.core.resource import Page

router = APIRouter(tags=["activities"])


@router.get(
    "/call-scripts", operation_id="list_call_scripts", summary="List call scripts", response_model=Page[CallScriptRead]
)
async def list_call_scripts(ctx: Ctx, request: Request, query: Annotated[CallScriptQuery, Query()]) -> Response:
    """The types of calls with their scripts, in their order; `account_id` gives what fits an account.

    VIPs and key accounts have scripts of their own; other accounts go by type and status.
    """
    ctx.require(Permission.ACTIVITIES_READ)
    if query.account_id is not None and not await is_visible(ctx, "account", query.account_id):
        return ctx.reply({"items": [], "next_cursor": None})
    return await CALL_SCRIPT.page(ctx, request, query)


@router.post(
    "/call-scripts",
    operation_id="create_call_script",
    summary="Create a call script",
    status_code=201,
    response_model=CallScriptRead,
    responses=declared(Conflict, IdTaken)
    | {200: {"description": "Created before by the same request.", "model": CallScriptRead}},
)
async def create_call_script(ctx: PostCtx, body: CallScriptCreate) -> Response:
    """Make a type of calls with its script. Administrators only."""
    id_, new = await service.create(ctx, body)
    return await CALL_SCRIPT.reply(ctx, id_, status=201 if new else 200, location=f"/v1/call-scripts/{id_}")


@router.get(
    "/call-scripts/{call_script_id:uuid}",
    operation_id="get_call_script",
    summary="Get a call script",
    response_model=CallScriptRead,
)
async def get_call_script(ctx: Ctx, request: Request, call_script_id: UUID) -> Response:
    """One of them, as it is now."""
    ctx.require(Permission.ACTIVITIES_READ)
    return await CALL_SCRIPT.read(ctx, request, call_script_id)


@router.patch(
    "/call-scripts/{call_script_id:uuid}",
    operation_id="update_call_script",
    summary="Change a call script",
    response_model=CallScriptRead,
)
async def update_call_script(
    ctx: Ctx, call_script_id: UUID, patch: CallScriptUpdate, if_match: IfMatch = None
) -> Response:
    """Change it. Another text or other questions make a new version: what was answered stays with the one before."""
    await service.update(ctx, call_script_id, patch, if_match)
    return await CALL_SCRIPT.reply(ctx, call_script_id)


@router.delete(
    "/call-scripts/{call_script_id:uuid}",
    operation_id="delete_call_script",
    summary="Delete a call script",
    status_code=204,
    response_model=None,
    responses=declared(InUse),
)
async def delete_call_script(ctx: Ctx, call_script_id: UUID) -> Response:
    """Delete one that no call has used; one in use can be taken out of use (`active`)."""
    await service.remove(ctx, call_script_id)
    return ctx.reply(None, status=204)


@router.get(
    "/call-scripts/{call_script_id:uuid}/versions",
    operation_id="list_call_script_versions",
    summary="List a call script's versions",
    response_model=Page[CallScriptVersionRead],
    responses=declared(NotFound),
)
async def list_call_script_versions(
    ctx: Ctx, request: Request, call_script_id: UUID, query: Annotated[CallScriptVersionQuery, Query()]
) -> Response:
    """How the script was worded, the newest version first."""
    ctx.require(Permission.ACTIVITIES_READ)
    await CALL_SCRIPT.json(ctx, call_script_id)
    of_this = CallScriptVersionsOf(**query.model_dump(), script_id=call_script_id)
    return await CALL_SCRIPT_VERSION.page(ctx, request, of_this)


@router.get(
    "/key-questions",
    operation_id="get_key_questions",
    summary="Get the key questions for a contact",
    response_model=KeyQuestions,
    responses=declared(NotFound),
)
async def get_key_questions(ctx: Ctx, query: Annotated[KeyQuestionsQuery, Query()]) -> Response:
    """What to ask this contact at a call of this type, with the latest answers: theirs, or else those of others at the account.

    Only answers of calls that the asker sees.
    """
    return ctx.reply(await service.key_questions(ctx, query))
