"""Records of the caller's own, somebody else's that the caller may see, and somebody else's that they may not."""

from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account
from app.activities.models import Activity
from app.contacts.models import Contact
from app.core.visibility import unscoped
from app.identity.models import User
from app.leads.models import Lead
from app.locks.models import LeadLock
from app.opportunities.models import Opportunity
from tests.arch.world import FITTING, Ids, body_of, path_of

SITUATIONS = ("own", "seen", "hidden")

EVERYBODYS = frozenset(
    {"user_id", "team_id", "role_id", "centre_id", "project_id", "pipeline_id", "job_id"}
    | {"organisation_id", "field_id", "contact_type_id", "call_script_id", "resource_name", "enum_name", "list_name"}
)
"""Ids in paths of what belongs to nobody in particular: there is only one situation."""


def situations_of(path: str, operation: dict[str, Any]) -> tuple[str, ...]:
    """Those in which the route could answer differently: all where its path or its body names somebody's record."""
    named = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
    bodily = operation["operationId"] in FITTING and "requestBody" in operation
    return SITUATIONS if named - EVERYBODYS or (bodily and not named) else ("own",)


async def hide(session: AsyncSession, ids: Ids) -> None:
    """The world's lead, which is of a protection project, as if it were of a discreet one."""
    for model, id_ in ((Lead, ids["lead_id"]), (LeadLock, ids["lock_id"])):
        await _change(session, model, id_, visibility="team")


async def show(session: AsyncSession, ids: Ids, viewer: User) -> Ids:
    """Let the viewer see what is somebody else's: what can be opened to all is, the rest through one of their teams.

    Returns the world's ids with what has changed of them.
    """
    for model, id_ in ((Lead, ids["lead_id"]), (LeadLock, ids["lock_id"])):
        await _change(session, model, id_, visibility="all")
    for managed, id_ in ((Account, ids["account_id"]), (Contact, ids["contact_id"]), (Contact, ids["double_id"])):
        await _change(session, managed, id_, access="public_read")
    for shared, id_ in (
        (Opportunity, ids["opportunity_id"]),
        (Activity, ids["activity_id"]),
        (Activity, ids["meeting_id"]),
    ):
        await _change(session, shared, id_, team_ids=[viewer.default_team_id])
    return ids | {"contact_version": 2}


async def _change(session: AsyncSession, model: Any, id_: UUID | int, **values: Any) -> None:
    await session.execute(unscoped(update(model).where(model.id == id_).values(values), reason="the world's maker"))
    await session.commit()


def request_of(path: str, operation: dict[str, Any], ids: Ids) -> dict[str, Any]:
    """The operation's own example as httpx takes it: address, headers, parameters that must be there, and body."""
    parameters = operation.get("parameters", [])
    request: dict[str, Any] = {"url": path_of(path, ids)}
    request["headers"] = {"If-Match": "*"} if any(p["name"] == "If-Match" for p in parameters) else {}
    needed = [p for p in parameters if p["in"] == "query" and (p.get("required") or p["name"] == "max_seconds")]
    request["params"] = {
        p["name"]: REQUIRED[p["name"]] if p["name"] in REQUIRED else str(ids[p["name"]]) for p in needed
    }
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        request["json"] = body_of(operation, ids)
    elif content:
        request["content"] = PICTURE
    return request


REQUIRED = {
    "from": "2027-03-01T00:00:00Z",
    "to": "2027-04-01T00:00:00Z",
    "filename": "Angebot.png",
    "name": "Kranzbichler",
    "country": "AT",
    "call_type": "vip_customer",
    "max_seconds": 0,
}
"""Values of query parameters that a request must have, or else has no end."""

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c6338010000ca00c999ca5d7e00"
    "00000049454e44ae426082"
)
"""The smallest PNG: a file, and a photo."""
