"""The kinds of records that take files: which right it needs to see them, and who may change what hangs on one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.accounts.access import require_write
from app.accounts.models import Account
from app.activities.access import require_change
from app.activities.models import Activity
from app.activities.problems import CalendarReadOnly, ConvertFirst
from app.contacts.models import Contact
from app.core.context import Context
from app.core.permissions import Permission
from app.core.problems import Problem
from app.core.records import RecordType
from app.leads.access import may_change
from app.leads.models import Lead
from app.leads.problems import LeadClosed, NotYourLead
from app.opportunities.models import Opportunity
from app.projects.rules import rules_of


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record. `check` raises when somebody who sees one may not change it; `problems` is what it may raise."""

    record_type: RecordType
    path: str
    tag: str
    model: Any
    read: Permission
    write: Permission
    check: Callable[[Context, Any], Awaitable[None]]
    problems: tuple[type[Problem], ...] = ()

    also: Permission | None = None
    """A right that does instead of `write`, for records of which `check` decides by it."""

    def require(self, ctx: Context) -> None:
        """Raise Forbidden when the asker may change no record of the kind."""
        if self.also is None or not ctx.may(self.also):
            ctx.require(self.write)

    async def changeable(self, ctx: Context, record_id: UUID, *, lock: bool) -> None:
        """Raise Forbidden, NotFound, or one of `problems`, unless the asker may change what hangs on the record."""
        self.require(ctx)
        await self.check(ctx, await ctx.load(self.model, record_id, lock=lock))


async def _of_customers(ctx: Context, record: Any) -> None:
    require_write(ctx, record)


async def _of_leads(ctx: Context, lead: Lead) -> None:
    """A lean lead holds only what others need to check the customer (LEAD-2); a closed one stays as it is (LEAD-6)."""
    may_change(ctx, lead)
    if lead.phase != "open":
        raise LeadClosed(phase=lead.phase)
    if (await rules_of(ctx, lead.project_id)).lean:
        raise ConvertFirst


async def _of_others(_: Context, __: Any) -> None:
    """Who sees one and has the right to write such records may change it."""


async def _of_activities(ctx: Context, activity: Activity) -> None:
    """To a visit report its author adds photos, with no right to write activities at all (VISIT-1)."""
    await require_change(ctx, activity, frozenset({"attachments"}))


_P = Permission
KINDS: dict[str, Kind] = {
    kind.record_type: kind
    for kind in (
        Kind(
            *("lead", "leads", "leads", Lead, _P.LEADS_READ, _P.LEADS_UPDATE, _of_leads),
            problems=(NotYourLead, LeadClosed, ConvertFirst),
        ),
        Kind("account", "accounts", "accounts", Account, _P.ACCOUNTS_READ, _P.ACCOUNTS_WRITE, _of_customers),
        Kind("contact", "contacts", "contacts", Contact, _P.CONTACTS_READ, _P.CONTACTS_WRITE, _of_customers),
        Kind(
            *("opportunity", "opportunities", "opportunities", Opportunity),
            *(_P.OPPORTUNITIES_READ, _P.OPPORTUNITIES_WRITE, _of_others),
        ),
        Kind(
            *("activity", "activities", "activities", Activity),
            *(_P.ACTIVITIES_READ, _P.ACTIVITIES_WRITE, _of_activities),
            also=_P.VISIT_REPORTS_WRITE,
            problems=(CalendarReadOnly,),
        ),
    )
}
