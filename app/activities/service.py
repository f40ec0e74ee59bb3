"""What activities of every type have in common: the records that they are about, their teams, who is told (ACT-1).

`app.recording` is where requests come in; each type adds what is its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Uuid, bindparam, delete, insert, select, update

from app.accounts.models import Account
from app.activities.models import Activity, ActivityContact
from app.activities.problems import ConvertFirst
from app.activities.queries import about_account, about_contact, about_lead, about_opportunity
from app.activities.reminding import remind
from app.activities.schemas import Appointment, AppointmentUpdate, EmailCreate, Linked, NoteCreate, TaskCreate
from app.contacts.models import Contact
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.principal import Reach, UserPrincipal
from app.core.statements import Statement
from app.core.visibility import scope, unscoped
from app.identity.references import FieldProblem, each, unknown_references
from app.leads.problems import LeadClosed
from app.notifications import notify
from app.notifications.texts import Kind

LONGEST = timedelta(days=100)
"""How long calls and meetings may last."""
LINKS = ("account_id", "contact_id", "lead_id", "opportunity_id")
_ALONE = ("meeting", "visit_report")
"""Types that may be about no record."""
_TOUCH = Statement(
    unscoped(
        update(Activity)
        .where(Activity.id == bindparam("id", type_=Uuid, required=True))
        .values(version=Activity.version + 1),
        reason="an activity that the asker has loaded",
    )
)
UNKNOWN = {
    "de": "Diesen Datensatz gibt es nicht, oder Sie dürfen ihn nicht sehen.",
    "en": "There is no such record, or you may not see it.",
}
_ABOUT_NOTHING = {
    "de": "Nennen Sie einen Kunden, einen Kontakt, einen Interessenten oder eine Verkaufschance.",
    "en": "Name an account, a contact, a lead or an opportunity.",
}
_ELSEWHERE = {"de": "Gehört zu einem anderen Kunden.", "en": "Belongs to another account."}
_TOO_LONG = {"de": "Höchstens 100 Tage.", "en": "At most 100 days."}
_BACKWARDS = {"de": "Das Ende liegt vor dem Anfang.", "en": "The end lies before the start."}
_ASSIGNED: dict[str, Kind] = {"task": "task_assigned", "call": "call_assigned", "meeting": "meeting_assigned"}


async def begin(ctx: Context, body: Linked, type_: str, asked: bytes | None) -> tuple[Activity, list[FieldProblem]]:
    """An activity on the records that the body names, with their teams, and what is wrong. Raises ConvertFirst, LeadClosed.

    It is not in the session yet: the type completes it, then `finish` takes it.
    """
    about = await records_of(ctx, body, alone=type_ in _ALONE, calls=type_ == "call")
    activity = Activity(
        id=body.id or new_id(),
        type=type_,
        team_ids=about.teams or _own_team(ctx),
        teams_follow=about.follows,
        created_by=ctx.user_id,
        request_hash=asked,
        participant_ids=[],
        **about.links,
    )
    return activity, about.errors


async def finish(ctx: Context, activity: Activity, contact_ids: Sequence[UUID] = (), *, tell: bool = True) -> None:
    """Take the activity into the transaction, with the contacts who take part, and (`tell`) tell its assignee."""
    ctx.session.add(activity)
    ctx.held.add(activity.id)
    if contact_ids:
        await ctx.session.flush()
        await _take_part(ctx, activity, contact_ids)
    if tell:
        await tell_assignee(ctx, activity)
    await remind(ctx, activity, None, None)


def note(ctx: Context, activity: Activity, body: NoteCreate) -> None:
    """Fill a note."""
    activity.subject, activity.description = body.subject or first_words(body.description), body.description
    activity.status, activity.done_at = "done", ctx.now


async def task(ctx: Context, activity: Activity, body: TaskCreate) -> list[FieldProblem]:
    """Fill a task; returns what is wrong."""
    activity.subject, activity.description, activity.status = body.subject, body.description, "open"
    activity.due_at, activity.remind_at = body.due_at, body.remind_at
    activity.assignee_id = body.assignee_id or ctx.user_id
    return await unknown_references(ctx, users=[("/assignee_id", body.assignee_id)])


async def email(ctx: Context, activity: Activity, body: EmailCreate) -> list[FieldProblem]:
    """Fill an e-mail; returns what is wrong."""
    activity.subject, activity.description, activity.status = body.subject, body.description, body.status
    activity.starts_at = body.sent_at or ctx.now
    activity.from_address, activity.to_addresses, activity.cc_addresses = (
        body.from_address,
        list(body.to_addresses),
        list(body.cc_addresses),
    )
    return await unknown_contacts(ctx, body.contact_ids)


async def appointment(ctx: Context, activity: Activity, body: Appointment) -> list[FieldProblem]:
    """Fill what calls and meetings have in common; returns what is wrong. Status and start are the type's own."""
    activity.subject, activity.description, activity.result = body.subject, body.description, body.result
    activity.assignee_id = body.assignee_id or ctx.user_id
    activity.ends_at, activity.remind_at = body.ends_at, body.remind_at
    activity.time_zone = body.time_zone or zone_of(ctx)
    activity.participant_ids = list(dict.fromkeys(body.participant_ids))
    return [
        *await unknown_references(
            ctx, users=[("/assignee_id", body.assignee_id), *each("/participant_ids", body.participant_ids)]
        ),
        *await unknown_contacts(ctx, body.contact_ids),
    ]


async def change_appointment(ctx: Context, activity: Activity, patch: AppointmentUpdate) -> list[FieldProblem]:
    """After a patch's fields were set: who takes part, and what is wrong."""
    errors: list[FieldProblem] = []
    if "participant_ids" in patch.model_fields_set:
        activity.participant_ids = list(dict.fromkeys(patch.participant_ids))
        errors += await unknown_references(ctx, users=each("/participant_ids", patch.participant_ids))
    if "contact_ids" in patch.model_fields_set:
        errors += await unknown_contacts(ctx, patch.contact_ids)
        if not errors:
            await ctx.session.execute(delete(ActivityContact).where(ActivityContact.activity_id == activity.id))
            await _take_part(ctx, activity, patch.contact_ids)
            await touch(ctx, activity)
    return errors + wrong_times(activity)


async def touch(ctx: Context, activity: Activity) -> None:
    """Have the activity's version raised, though perhaps nothing of its own row has changed."""
    await ctx.run(_TOUCH, id=activity.id)


def wrong_times(activity: Activity) -> list[FieldProblem]:
    """Whether the activity ends before it starts, or so late that calendars would not look for it."""
    if activity.starts_at is None or activity.ends_at is None:
        return []
    if activity.ends_at < activity.starts_at:
        return [("/ends_at", "ends_before_start", _BACKWARDS)]
    if activity.ends_at - activity.starts_at > LONGEST:
        return [("/ends_on" if activity.ends_on is not None else "/ends_at", "too_long", _TOO_LONG)]
    return []


def zone_of(ctx: Context) -> str:
    """The asker's time zone; the organisation's for the product itself."""
    return ctx.principal.time_zone if isinstance(ctx.principal, UserPrincipal) else ctx.clock.time_zone


async def unknown_contacts(ctx: Context, ids: Sequence[UUID]) -> list[FieldProblem]:
    """Those of these contacts, by their place in `contact_ids`, whom the asker does not see."""
    if not ids:
        return []
    if not ctx.may(Permission.CONTACTS_READ):
        return [(f"/contact_ids/{i}", "unknown_record", UNKNOWN) for i in range(len(ids))]
    statement = scope(select(Contact.id).where(Contact.id.in_(ids)), Contact, ctx.reach, _asker(ctx))
    known = set((await ctx.session.execute(statement)).scalars())
    return [(f"/contact_ids/{i}", "unknown_record", UNKNOWN) for i, id_ in enumerate(ids) if id_ not in known]


async def _take_part(ctx: Context, activity: Activity, contact_ids: Sequence[UUID]) -> None:
    rows = [{"id": new_id(), "activity_id": activity.id, "contact_id": id_} for id_ in dict.fromkeys(contact_ids)]
    if rows:
        await ctx.session.execute(insert(ActivityContact), rows)


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
    is_note, is_task = type == "note", type == "task"
    activity = Activity(
        id=new_id(),
        type=type,
        subject=subject,
        description=description,
        status="done" if is_note else "open" if is_task else "planned",
        done_at=ctx.now if is_note else None,
        assignee_id=None if is_note else assignee_id,
        due_at=due_at if is_task else None,
        starts_at=None if is_note or is_task else due_at or ctx.now,
        time_zone=None if is_note or is_task else zone_of(ctx),
        direction="outbound" if type == "call" else None,
        account_id=account.id,
        contact_id=contact.id if contact is not None else None,
        team_ids=account.team_ids,
        teams_follow=True,
        customer=customer_of(account, contact),
        created_by=ctx.user_id,
    )
    ctx.session.add(activity)
    await tell_assignee(ctx, activity)
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
class About:
    """What an activity is to be about: the columns, the records' teams, and what is wrong."""

    links: dict[str, UUID | None]
    teams: list[UUID] = field(default_factory=list)
    follows: bool = True
    """Whether the teams are the account's, and change with them."""
    errors: list[FieldProblem] = field(default_factory=list)

    def add(self, pointer: str, row: Any) -> None:
        """Take the record's teams and account; the account is linked with it unless another one is named."""
        if row is None:
            self.errors.append((pointer, "unknown_record", UNKNOWN))
            return
        self.teams = list(dict.fromkeys([*self.teams, *row["team_ids"]]))
        self.follows = self.follows and row["teams_follow"]
        if row["account_id"] is not None:
            self.links["account_id"] = self.links["account_id"] or row["account_id"]
            if self.links["account_id"] != row["account_id"]:
                self.errors.append((pointer, "of_another_account", _ELSEWHERE))


async def records_of(ctx: Context, body: Any, *, alone: bool = False, calls: bool = False) -> About:
    """The records that the asker names (`LINKS` of the body); each must be of a kind that they may read, and visible to them.

    `alone`: none need be named. Leads of lean projects take no activities, and no lead takes calls: both are converted first
    (LEAD-2, CALL-1). Raises ConvertFirst, LeadClosed.
    """
    about = About({name: getattr(body, name) for name in LINKS})
    if not alone and not any(about.links.values()):
        about.errors.append(("", "about_nothing", _ABOUT_NOTHING))
    ctx.begin()
    if body.account_id is not None:
        about.add("/account_id", await _seen(ctx, Permission.ACCOUNTS_READ, about_account, body.account_id))
    if body.opportunity_id is not None:
        about.add(
            "/opportunity_id", await _seen(ctx, Permission.OPPORTUNITIES_READ, about_opportunity, body.opportunity_id)
        )
    if body.contact_id is not None:
        await add_contact(ctx, about, body.contact_id)
    if body.lead_id is not None:
        lead = await _seen(ctx, Permission.LEADS_READ, about_lead, body.lead_id)
        if lead is not None and lead["phase"] != "open":
            raise LeadClosed(phase=lead["phase"])
        if lead is not None and (lead["lean"] or calls):
            raise ConvertFirst
        about.add("/lead_id", lead)
    return about


async def add_contact(ctx: Context, about: About, contact_id: UUID) -> None:
    """It is about this contact, too: at their main account, or at a further one if that is the one named (CALL-1)."""
    row = await _seen(ctx, Permission.CONTACTS_READ, about_contact, contact_id, account_id=about.links["account_id"])
    about.add("/contact_id", row)


async def _seen(ctx: Context, read: Permission, about: Callable[[Reach], Statement], id_: UUID, **named: Any) -> Any:
    if not ctx.may(read):
        return None
    rows = await ctx.fetch(about(ctx.reach), id=id_, **named)
    return rows[0] if rows else None


def _asker(ctx: Context) -> UserPrincipal | None:
    return ctx.principal if isinstance(ctx.principal, UserPrincipal) else None


def _own_team(ctx: Context) -> list[UUID]:
    asker = _asker(ctx)
    return [asker.default_team_id] if asker is not None and asker.default_team_id else []


def first_words(text: str) -> str:
    """A subject for a text that has none."""
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79].rstrip() + "…"


async def tell_assignee(ctx: Context, activity: Activity) -> None:
    """Tell the assignee what is theirs now; nobody is told about what is over already (LEAD-12)."""
    kind = _ASSIGNED.get(activity.type)
    if kind is not None and activity.status in ("open", "planned"):
        await notify(
            ctx,
            [activity.assignee_id],
            kind,
            record_type="activity",
            record_id=activity.id,
            data={"name": activity.subject, "day": _day(activity)},
        )


def _day(activity: Activity) -> date | None:
    """The day of a call or meeting, where it takes place; a task's due day."""
    at = activity.starts_at or activity.due_at
    return at.astimezone(ZoneInfo(activity.time_zone or "UTC")).date() if at is not None else None
