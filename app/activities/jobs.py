"""What reminders of activities say."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Uuid, bindparam, column, func, select

from app.accounts.models import Account
from app.activities.models import Activity
from app.contacts.models import Contact
from app.core.context import Context
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.identity.models import User
from app.leads.models import Lead
from app.opportunities.models import Opportunity
from app.reminders.sending import Due, source

_due = (
    func.unnest(
        *(bindparam(name, type_=ARRAY(Uuid), required=True) for name in ("ids", "activity_ids", "user_ids")),
    )
    .table_valued(column("id", Uuid), column("activity_id", Uuid), column("user_id", Uuid))
    .render_derived()
)
_SAID = Statement(
    unscoped(
        select(
            *(_due.c.id, Activity.subject, Activity.due_at, Activity.starts_at, User.time_zone),
            func.coalesce(
                Account.name,
                func.nullif(func.concat_ws(" ", Contact.first_name, Contact.last_name), ""),
                *(Lead.name, Opportunity.name),
            ).label("about"),
        )
        .join(Activity, (Activity.id == _due.c.activity_id) & (Activity.assignee_id == _due.c.user_id))
        .join(User, User.id == _due.c.user_id)
        .outerjoin(Account, Account.id == Activity.account_id)
        .outerjoin(Contact, Contact.id == Activity.contact_id)
        .outerjoin(Lead, Lead.id == Activity.lead_id)
        .outerjoin(Opportunity, Opportunity.id == Activity.opportunity_id)
        .where(Activity.is_open),
        reason="an assignee sees the activity, and may know what it is about: the name, and nothing else",
    )
)


@source("activity")
async def said(ctx: Context, due: Sequence[Due]) -> Mapping[UUID, Mapping[str, Any]]:
    """Subject, customer and time, as the assignee's clock shows it; nothing of what is closed or another one's by now."""
    rows = await ctx.run(
        _SAID,
        ids=[one.id for one in due],
        activity_ids=[one.record_id for one in due],
        user_ids=[one.user_id for one in due],
    )
    found = {}
    for row in rows:
        at = row["starts_at"] or row["due_at"]
        there = at.astimezone(ZoneInfo(row["time_zone"])) if at is not None else None
        found[row["id"]] = {
            "name": row["subject"],
            "about": row["about"],
            "day": there.date() if there else None,
            "time": f"{there:%H:%M}" if there else None,
        }
    return found
