"""`/v1/visit-reports`: their review. They are submitted at `/v1/activities`, and amended below it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.activities.problems import ConvertFirst
from app.activities.queries import ACTIVITY
from app.activities.reads import VisitReportRead
from app.core.context import Ctx, PostCtx
from app.core.etags import IfMatch
from app.core.permissions import Permission
from app.core.problems import IdTaken, PreconditionRequired, declared
from app.core.resource import Page
from app.leads.problems import LeadClosed
from app.visit_reports import service
from app.visit_reports.problems import OpportunityNotYours
from app.visit_reports.queries import REVIEW
from app.visit_reports.review import review
from app.visit_reports.schemas import AmendmentCreate, ReviewQuery, VisitReportReview, VisitReportToReview

router = APIRouter(prefix="/visit-reports", tags=["visit-reports"])
amendments = APIRouter(prefix="/activities/{visit_report_id:uuid}/amendments", tags=["visit-reports"])


@router.get(
    "/review",
    operation_id="list_visit_reports_to_review",
    summary="List visit reports to review",
    response_model=Page[VisitReportToReview],
)
async def list_visit_reports_to_review(ctx: Ctx, request: Request, query: Annotated[ReviewQuery, Query()]) -> Response:
    """Visit reports that the asker sees and that are not reviewed, the oldest visit first, each with its reasons: account or
    contact lacks, follow-up actions are open, nothing was made of cross-sell; or nobody has looked at it yet.
    """
    ctx.require(Permission.VISIT_REPORTS_REVIEW)
    return await REVIEW.page(ctx, request, query)


@router.post(
    "/{visit_report_id:uuid}/review",
    operation_id="review_visit_report",
    summary="Review a visit report",
    response_model=VisitReportRead,
    responses=declared(ConvertFirst, LeadClosed, OpportunityNotYours, PreconditionRequired),
)
async def review_visit_report(
    ctx: PostCtx, visit_report_id: UUID, body: VisitReportReview, if_match: IfMatch = None
) -> Response:
    """Link the report, turn follow-up actions into tasks and cross-sell into an opportunity or a task: all of it or nothing.
    The report leaves the list once nothing is left to be done; an empty review is the nod for one of which that is so.

    Who lacks the right to make opportunities makes a task of cross-sell: the centre manager's, unless an assignee is named.
    """
    await review(ctx, visit_report_id, body, if_match)
    return await ACTIVITY.reply(ctx, visit_report_id)


@amendments.post(
    "",
    operation_id="amend_visit_report",
    summary="Amend a visit report",
    status_code=201,
    response_model=VisitReportRead,
    responses=declared(IdTaken)
    | {200: {"description": "Amended before by the same request.", "model": VisitReportRead}},
)
async def amend_visit_report(ctx: PostCtx, visit_report_id: UUID, body: AmendmentCreate) -> Response:
    """Add something to a submitted report: for its author and for who reviews it. What was said before stays beside it. The
    report is then to be reviewed again; cross-sell that is named first here is told to the centre manager at once.
    """
    new = await service.amend(ctx, visit_report_id, body)
    return await ACTIVITY.reply(
        ctx, visit_report_id, status=201 if new else 200, location=f"/v1/activities/{visit_report_id}"
    )
