"""`/v1/{resource}/{id}/history`: what was changed, when and by whom (LIST-4). One registry, one route each."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app.accounts.models import Account
from app.activities.models import Activity
from app.contacts.models import Contact
from app.core.context import Ctx
from app.core.paging import InvalidCursor
from app.core.permissions import Permission
from app.core.problems import Forbidden, NotFound, declared
from app.core.resource import Page
from app.custom_fields.models import CustomField
from app.follow_ups.models import FollowUp
from app.history.schemas import HistoryItem, HistoryQuery
from app.history.service import Kind, history
from app.identity.models import User
from app.leads.models import Lead
from app.locks.models import Clearance, LeadLock
from app.opportunities.models import Opportunity
from app.projects.models import Project

KINDS: dict[str, tuple[str, str, Kind]] = {
    # path: (what one is called, tag, kind)
    "leads": ("lead", "leads", Kind(Lead, Permission.LEADS_READ, parts=("merges", "attachments"))),
    "accounts": (
        *("account", "accounts"),
        Kind(Account, Permission.ACCOUNTS_READ, parts=("merges", "account_revenues", "attachments")),
    ),
    "contacts": (
        "contact",
        "contacts",
        Kind(Contact, Permission.CONTACTS_READ, parts=("merges", "departures", "attachments"), hidden=("was",)),
    ),
    "opportunities": (
        *("opportunity", "opportunities"),
        Kind(Opportunity, Permission.OPPORTUNITIES_READ, parts=("attachments",)),
    ),
    "activities": (
        *("activity", "activities"),
        Kind(
            Activity, Permission.ACTIVITIES_READ, parts=("attachments", "activity_contacts", "visit_report_amendments")
        ),
    ),
    "follow-ups": (
        "follow-up",
        "follow-ups",
        Kind(FollowUp, Permission.ACTIVITIES_READ, hidden=("record_id", "record_type")),
    ),
    "lead-locks": ("lead lock", "protection", Kind(LeadLock)),
    "clearances": ("clearance", "protection", Kind(Clearance, hidden=("customer_name", "country"))),
    "projects": ("project", "projects", Kind(Project, owned=False)),
    "custom-fields": ("custom field", "custom-fields", Kind(CustomField, owned=False)),
    "users": ("user", "users", Kind(User, Permission.USERS_MANAGE, owned=False, parts=("user_roles",))),
}

router = APIRouter()


def _add(path: str, name: str, tag: str, kind: Kind) -> None:
    id_name = f"{name.rsplit(maxsplit=1)[-1].replace('-', '_')}_id"

    async def list_history(
        ctx: Ctx,
        request: Request,
        record_id: Annotated[UUID, Path(alias=id_name)],
        query: Annotated[HistoryQuery, Query()],
    ) -> Response:
        return await history(ctx, request, kind, record_id, query)

    router.add_api_route(
        f"/{path}/{{{id_name}:uuid}}/history",
        list_history,
        methods=["GET"],
        tags=[tag],
        operation_id=f"list_{name.replace(' ', '_').replace('-', '_')}_history",
        summary=f"List the changes of one {name}",
        description=f"Every change of this {name}, newest first: field, old value, new value, when, by whom.",
        response_model=Page[HistoryItem],
        responses=declared(Forbidden, NotFound, InvalidCursor),
    )


for _path, (_name, _tag, _kind) in KINDS.items():
    _add(_path, _name, _tag, _kind)
