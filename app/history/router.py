"""`/v1/{resource}/{id}/history`: what was changed, when and by whom (LIST-4). One registry, one route each."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from app.accounts.models import Account
from app.activities.models import Activity
from app.contacts.models import Contact
from app.core.context import Ctx
from app.core.paging import InvalidCursor
from app.core.permissions import Permission
from app.core.problems import Forbidden, NotFound, declared
from app.core.resource import Page
from app.history.schemas import HistoryItem, HistoryQuery
from app.history.service import Kind, history
from app.identity.models import User
from app.leads.models import Lead
from app.locks.models import Clearance, LeadLock
from app.opportunities.models import Opportunity
from app.projects.models import Project

KINDS: dict[str, tuple[str, Kind]] = {
    # path: (tag, kind)
    "leads": ("leads", Kind(Lead, Permission.LEADS_READ)),
    "accounts": ("accounts", Kind(Account, Permission.ACCOUNTS_READ)),
    "contacts": ("contacts", Kind(Contact, Permission.CONTACTS_READ)),
    "opportunities": ("opportunities", Kind(Opportunity, Permission.OPPORTUNITIES_READ)),
    "activities": ("activities", Kind(Activity, Permission.ACTIVITIES_READ)),
    "lead-locks": ("protection", Kind(LeadLock)),
    "clearances": ("protection", Kind(Clearance)),
    "projects": ("projects", Kind(Project, owned=False)),
    "users": ("users", Kind(User, Permission.USERS_MANAGE, owned=False)),
}

router = APIRouter()


def _add(path: str, tag: str, kind: Kind) -> None:
    singular = kind.model.__name__.lower()

    async def get_history(
        ctx: Ctx, request: Request, record_id: UUID, query: Annotated[HistoryQuery, Query()]
    ) -> Response:
        return await history(ctx, request, kind, record_id, query)

    router.add_api_route(
        f"/{path}/{{record_id}}/history",
        get_history,
        methods=["GET"],
        tags=[tag],
        operation_id=f"get_{path.replace('-', '_')}_history",
        summary=f"Get the history of one of the {path.replace('-', ' ')}",
        description=f"Every change of this {singular}, newest first: field, old value, new value, when, by whom.",
        response_model=Page[HistoryItem],
        responses=declared(Forbidden, NotFound, InvalidCursor),
    )


for _path, (_tag, _kind) in KINDS.items():
    _add(_path, _tag, _kind)
