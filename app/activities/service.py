"""Activities: making, changing and deleting notes and tasks; the follow-on activity of a conversion (ACT-1, CONV-2)."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, false, select, true

from app.accounts.models import Account
from app.activities.access import OF_TASKS, reasons_to_change
from app.activities.models import Activity
from app.activities.problems import ConvertFirst
from app.activities.queries import ACTIVITY
from app.activities.schemas import ActivityUpdate, NoteCreate, TaskCreate
from app.contacts.models import Contact
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.principal import UserPrincipal
from app.core.problems import Forbidden, Invalid
from app.core.visibility import scope
from app.core.writing import already_created, assign, delete, request_hash, require_match
from app.identity.references import FieldProblem, unknown_references
from app.leads.models import Lead
from app.leads.problems import LeadClosed
from app.notifications import notify
from app.opportunities.models import Opportunity
from app.projects.models import Project

_LINKS = ("account_id", "contact_id", "lead_id", "opportunity_id")
_UNKNOWN = {
    "de": "Diesen Datensatz gibt es nicht, oder Sie dürfen ihn nicht sehen.",
    "en": "There is no such record, or you may not see it.",
}
_ABOUT_NOTHING = {
    "de": "Nennen Sie einen Kunden, einen Kontakt, einen Interessenten oder eine Verkaufschance.",
    "en": "Name an account, a contact, a lead or an opportunity.",
}
_ELSEWHERE = {"de": "Gehört zu einem anderen Kunden.", "en": "Belongs to another account."}
_NOT_A_TASK = {"de": "Das gibt es nur bei Aufgaben.", "en": "Only tasks have this."}


async def create(ctx: Context, body: NoteCreate | TaskCreate) -> tuple[UUID, bool]:
    """Make a note or task; returns its id and whether it is new. Raises Forbidden, Invalid, IdTaken, ConvertFirst, LeadClosed."""
    ctx.require(Permission.ACTIVITIES_WRITE)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, Activity, body.id, asked):
        return body.id, False
    about = await _records_of(ctx, body)
    activity = Activity(
        id=body.id or new_id(),
        type=body.type,
        description=body.description,
        team_ids=about.teams or _own_team(ctx),
        teams_follow=about.follows,
        created_by=ctx.user_id,
        request_hash=asked,
        **about.links,
    )
    if isinstance(body, TaskCreate):
        activity.subject, activity.due_at = body.subject, body.due_at
        activity.assignee_id = body.assignee_id or ctx.user_id
        about.errors += await unknown_references(ctx, users=[("/assignee_id", activity.assignee_id)])
    else:
        activity.subject = body.subject or _first_words(body.description)
        activity.status, activity.done_at = "done", ctx.now
    if about.errors:
        raise Invalid(about.errors)
    ctx.session.add(activity)
    ctx.held.add(activity.id)
    await _tell(ctx, activity)
    return activity.id, True


async def update(ctx: Context, activity_id: UUID, patch: ActivityUpdate, if_match: str | None) -> None:
    """Change an activity; who may complete tasks may set their own task's status. Raises NotFound, Forbidden, StaleVersion, Invalid."""
    activity = await ctx.load(Activity, activity_id)
    if not any(reasons_to_change(ctx.principal, activity, patch.model_fields_set).values()):
        completes = patch.model_fields_set <= {"status"} and activity.assignee_id == ctx.user_id
        lacking = Permission.TASKS_COMPLETE if completes else Permission.ACTIVITIES_WRITE
        raise Forbidden(permission=lacking.value)
    await require_match(ctx, ACTIVITY, activity, if_match)
    errors: list[FieldProblem] = []
    if activity.type == "note":
        errors += [(f"/{name}", "only_of_tasks", _NOT_A_TASK) for name in OF_TASKS if name in patch.model_fields_set]
    handed_over = "assignee_id" in patch.model_fields_set and patch.assignee_id != activity.assignee_id
    if handed_over:
        errors += await unknown_references(ctx, users=[("/assignee_id", patch.assignee_id)])
    if errors:
        raise Invalid(errors)
    was = activity.status
    assign(activity, patch)
    if activity.status != was:
        activity.done_at = ctx.now if activity.status == "done" else None
    if handed_over:
        await _tell(ctx, activity)


async def remove(ctx: Context, activity_id: UUID) -> None:
    """Delete an activity. Raises NotFound, Forbidden, InUse (a conversion made it)."""
    activity = await ctx.load(Activity, activity_id)
    ctx.require(Permission.ACTIVITIES_WRITE)
    await delete(ctx, activity)


async def create_follow_on(
    ctx: Context,
    *,
    type: str,  # noqa: A002  (the field's name)
    subject: str,
    account: Account,
    contact: Contact | None,
    assignee_id: UUID | None,
    due_at: datetime | None,
    description: str | None,
) -> Activity:
    """The activity that follows a conversion, on the customer and filled from the customer's data (CONV-2).

    The assignee is known to be an active user; they are notified.
    """
    is_note = type == "note"
    activity = Activity(
        id=new_id(),
        type=type,
        subject=subject,
        description=description,
        status="done" if is_note else "open",
        done_at=ctx.now if is_note else None,
        assignee_id=None if is_note else assignee_id,
        due_at=None if is_note else due_at,
        account_id=account.id,
        contact_id=contact.id if contact is not None else None,
        team_ids=account.team_ids,
        teams_follow=True,
        customer=customer_of(account, contact),
        created_by=ctx.user_id,
    )
    ctx.session.add(activity)
    await _tell(ctx, activity)
    return activity


def customer_of(account: Account, contact: Contact | None) -> dict[str, Any]:
    """The customer's data as an activity keeps them; the person's own phone and e-mail come first."""
    return {
        "name": account.name,
        "contact": " ".join(part for part in (contact.first_name, contact.last_name) if part) if contact else None,
        "street": account.street,
        "postal_code": account.postal_code,
        "city": account.city,
        "country": account.country,
        "phone": (contact.phone if contact else None) or account.phone,
        "email": (contact.email if contact else None) or account.email,
    }


@dataclass
class _About:
    """What an activity is to be about: the columns, the records' teams, and what is wrong."""

    links: dict[str, UUID | None]
    teams: list[UUID] = field(default_factory=list)
    follows: bool = True
    """Whether the teams are the account's, and change with them."""
    errors: list[FieldProblem] = field(default_factory=list)

    def add(self, pointer: str, row: Any) -> None:
        """Take the record's teams and account; the account is linked with it unless another one is named."""
        if row is None:
            self.errors.append((pointer, "unknown_record", _UNKNOWN))
            return
        self.teams = list(dict.fromkeys([*self.teams, *row.team_ids]))
        self.follows = self.follows and row.teams_follow
        if row.account_id is not None:
            self.links["account_id"] = self.links["account_id"] or row.account_id
            if self.links["account_id"] != row.account_id:
                self.errors.append((pointer, "of_another_account", _ELSEWHERE))


async def _records_of(ctx: Context, body: NoteCreate | TaskCreate) -> _About:
    """The records that the asker names; each must be visible to them. Raises ConvertFirst, LeadClosed."""
    about = _About({name: getattr(body, name) for name in _LINKS})
    if not any(about.links.values()):
        about.errors.append(("", "about_nothing", _ABOUT_NOTHING))
    named: Any
    if body.account_id is not None:
        named = select(Account.team_ids, true().label("teams_follow"), Account.id.label("account_id")).where(
            Account.id == body.account_id
        )
        about.add("/account_id", await _seen(ctx, named, Account))
    if body.opportunity_id is not None:
        named = select(Opportunity.team_ids, Opportunity.teams_follow, Opportunity.account_id).where(
            Opportunity.id == body.opportunity_id
        )
        about.add("/opportunity_id", await _seen(ctx, named, Opportunity))
    if body.contact_id is not None:
        named = select(Contact.team_ids, Contact.teams_follow, Contact.account_id).where(Contact.id == body.contact_id)
        about.add("/contact_id", await _seen(ctx, named, Contact))
    if body.lead_id is not None:
        named = (
            select(Lead.team_ids, false().label("teams_follow"), Lead.account_id, Lead.phase, Project.lean)
            .join(Project, Project.id == Lead.project_id)
            .where(Lead.id == body.lead_id)
            .with_for_update(read=True, of=Lead)
        )
        lead = await _seen(ctx, named, Lead)
        if lead is not None and lead.phase != "open":
            raise LeadClosed(phase=lead.phase)
        if lead is not None and lead.lean:
            raise ConvertFirst
        about.add("/lead_id", lead)
    return about


async def _seen(ctx: Context, statement: Select[Any], model: Any) -> Any:
    asker = ctx.principal if isinstance(ctx.principal, UserPrincipal) else None
    return (await ctx.session.execute(scope(statement, model, ctx.reach, asker))).one_or_none()


def _own_team(ctx: Context) -> list[UUID]:
    asker = ctx.principal
    return [asker.default_team_id] if isinstance(asker, UserPrincipal) and asker.default_team_id else []


def _first_words(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79].rstrip() + "…"


async def _tell(ctx: Context, activity: Activity) -> None:
    if activity.type == "task":
        await notify(
            ctx,
            [activity.assignee_id],
            "task_assigned",
            record_type="activity",
            record_id=activity.id,
            data={"name": activity.subject},
        )
