"""`/v1/me/day`: what waits for the asker today."""

from fastapi import APIRouter
from starlette.responses import Response

from app.core.context import Ctx
from app.day import service
from app.day.schemas import DayRead

router = APIRouter(prefix="/me", tags=["me"])


@router.get("/day", operation_id="get_my_day", summary="Get your day", response_model=DayRead)
async def get_my_day(ctx: Ctx) -> Response:
    """What waits for you today, in your time zone: the lists that your roles work on, each with its first items.

    What is overdue comes first and stays until it is closed.
    """
    headers = {"Content-Language": ctx.language, "Vary": "Accept-Language"}
    return Response(await service.my_day(ctx), headers=headers, media_type="application/json")
