"""A contact leaves: marked, not to be contacted, no decision maker any more, and made anew where they went (ACC-6, LEAD-10)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update

from app.accounts.access import require_write
from app.accounts.models import Account
from app.accounts.reach_schemas import EmailBody, PhoneBody
from app.contacts import service as contacts
from app.contacts.models import AccountContact, Contact, Departure
from app.contacts.schemas import ContactCreate
from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid, Language, NotFound
from app.core.visibility import unscoped
from app.departures.problems import AlreadyLeft, DepartureUsed
from app.departures.queries import LATEST
from app.departures.schemas import DepartureCreate, Next
from app.identity.centres import responsible_centre
from app.identity.models import Team
from app.indexing import queue_on
from app.leads.parties import values_of
from app.leads.schemas import LeadCreate
from app.locks.protection import examine, refuse_unless_free
from app.matching import normalise
from app.projects.rules import rules_of
from app.registration import service as registration

_FUTURE: dict[Language, str] = {"de": "Dieser Tag liegt in der Zukunft.", "en": "This day lies in the future."}
_SAME: dict[Language, str] = {
    "de": "Das ist der Kunde, den der Kontakt verlässt.",
    "en": "This is the account that the contact leaves.",
}
_CARRIED = ("salutation", "title", "first_name", "last_name", "birth_date")
_WITH_COMPANY = ("name", "street", "postal_code", "city", "state", "country", "phone", "email", "website", "vat_id")
_WITH_LEAD = ("assignee_id", "source", "project_id", "status", "contacted_on", "expected_revenue", "description")
_BOOKED = "whoever may change the contact records that they left"


async def depart(ctx: Context, contact_id: UUID, body: DepartureCreate) -> UUID:
    """Record that the contact left, and make what is asked for of where they went; returns the departure's id.

    Raises Forbidden, NotFound, NotAManager, AlreadyLeft, Invalid, CustomerTaken, CustomerYours, PossiblyTaken.
    """
    ctx.require(Permission.CONTACTS_WRITE)
    if body.left_on is not None and body.left_on > ctx.today:
        raise Invalid([("/left_on", "in_the_future", _FUTURE)])
    lead = None
    if body.next is not None and body.next.company is not None:
        ctx.require(Permission.LEADS_CREATE)
        lead = await _lead_of(ctx, await ctx.load(Contact, contact_id, lock=False), body.next)
        # Before any row is taken: whoever registers this customer waits here as well.
        await queue_on(ctx, normalise(values_of(lead)))
    contact = await ctx.load(Contact, contact_id)
    require_write(ctx, contact)
    if contact.relationship != "active":
        raise AlreadyLeft(extra=await _made(ctx, contact_id))
    departure = Departure(
        id=new_id(),
        contact_id=contact.id,
        relationship=body.relationship,
        left_on=body.left_on or ctx.today,
        note=body.note,
        was={"do_not_contact": contact.do_not_contact, "decided_at": await _decides_no_more(ctx, contact_id)},
        created_by=ctx.user_id,
    )
    ctx.session.add(departure)
    contact.relationship, contact.left_on, contact.do_not_contact = body.relationship, departure.left_on, True
    if lead is not None:
        assert body.next is not None
        departure.lead_id = await _register(ctx, contact, lead, body.next)
    elif body.next is not None:
        await _make_anew(ctx, contact, body.next, unwanted=departure.was["do_not_contact"])
    await ctx.session.flush()
    return departure.id


async def undo(ctx: Context, contact_id: UUID) -> None:
    """The contact has not left after all. Raises Forbidden, NotFound (never left), NotAManager, DepartureUsed."""
    ctx.require(Permission.CONTACTS_WRITE)
    contact = await ctx.load(Contact, contact_id)
    require_write(ctx, contact)
    departure = await ctx.session.get(Departure, await latest(ctx, contact))
    assert departure is not None
    made = await _made(ctx, contact_id)
    if any(made.values()):
        raise DepartureUsed(extra=made)
    contact.relationship, contact.left_on, contact.do_not_contact = "active", None, departure.was["do_not_contact"]
    pairs = select(AccountContact.account_id).where(AccountContact.contact_id == contact_id)
    again = update(Account).where(
        Account.id.in_([UUID(id_) for id_ in departure.was["decided_at"]]),
        Account.main_contact_id.is_(None),
        or_(Account.id == contact.account_id, Account.id.in_(pairs)),
    )
    again = again.values(main_contact_id=contact_id).execution_options(synchronize_session=False)
    await ctx.session.execute(unscoped(again, reason=_BOOKED))
    await ctx.session.delete(departure)


async def latest(ctx: Context, contact: Contact) -> UUID:
    """The departure of a contact who is gone. Raises NotFound for one who is there."""
    rows = await ctx.fetch(LATEST, contact_id=contact.id)
    if contact.relationship == "active" or not rows:
        raise NotFound
    id_: UUID = rows[0]["id"]
    return id_


async def _made(ctx: Context, contact_id: UUID) -> dict[str, UUID | None]:
    """What became of the contact's departure."""
    rows = await ctx.fetch(LATEST, contact_id=contact_id)
    if not rows:
        return {"next_contact_id": None, "next_lead_id": None}
    return {"next_contact_id": rows[0]["contact_id"], "next_lead_id": rows[0]["lead_id"]}


async def _decides_no_more(ctx: Context, contact_id: UUID) -> list[str]:
    """Take the contact from the accounts where they decide; the ids of these."""
    statement = update(Account).where(Account.main_contact_id == contact_id).values(main_contact_id=None)
    ended = await ctx.session.execute(unscoped(statement.returning(Account.id), reason=_BOOKED))
    return sorted(str(id_) for id_ in ended.scalars())


# --- at an account ---------------------------------------------------------------------------------------------------


async def _make_anew(ctx: Context, contact: Contact, at: Next, *, unwanted: bool) -> None:
    """The same person as a contact of the next account, with what is their own: not with what was the company's."""
    if at.account_id == contact.account_id:
        raise Invalid([("/next/account_id", "same_account", _SAME)])
    own = {
        name: [{**entry, "primary": False} for entry in getattr(contact, name) if entry["kind"] in kinds]
        for name, kinds in (
            ("emails", ("private",)),
            ("phones", ("private",)),
            ("addresses", ("private",)),
            ("web_addresses", ("linkedin", "xing", "facebook", "instagram")),
        )
    }
    emails: list[Any] = [EmailBody.model_validate(entry) for entry in own["emails"]]
    phones: list[Any] = [PhoneBody(number=one["number"], kind=one["kind"]) for one in own["phones"]]
    if at.email is not None:
        emails = [EmailBody(address=at.email, primary=True), *(e for e in emails if e.address != at.email)]
    if at.phone is not None:
        phones = [PhoneBody(number=at.phone, primary=True), *(p for p in phones if p.number != at.phone)]
    body = ContactCreate.model_validate(
        {
            **{name: getattr(contact, name) for name in _CARRIED},
            **{name: getattr(at, name) for name in ("account_id", "assignee_id", "job_title", "team_ids")},
            "emails": emails,
            "phones": phones,
            "addresses": own["addresses"],
            "web_addresses": own["web_addresses"],
            "contact_type": None,
            "source": at.source or contact.source,
            "description": at.description,
            "do_not_contact": unwanted,
        }
    )
    with _below("/next"):
        await contacts.add(ctx, body, known=own, previous_contact_id=contact.id)


# --- at a company that becomes a lead --------------------------------------------------------------------------------


async def _lead_of(ctx: Context, contact: Contact, at: Next) -> LeadCreate:
    """What the lead says: of the company what was named, of the person what the project wants to know."""
    assert at.company is not None
    with _below("/next"):
        rules = await rules_of(ctx, at.project_id, for_new=True)
    german = ctx.language == "de"
    former = contact.account_id and await _name_of(ctx, contact.account_id)
    name = " ".join(part for part in (contact.first_name, contact.last_name) if part)
    known: dict[str, Any] = {
        **{name: getattr(contact, name) for name in _CARRIED},
        "phone": at.phone or _private(contact.phones, "number"),
        "email": at.email or _private(contact.emails, "address"),
        "source": contact.source,
        "source_detail": (
            f"{name} hat {former or 'den Kunden'} verlassen" if german else f"{name} left {former or 'the account'}"
        )[:200],
    }
    if "company" in rules.required_fields:
        known["company"] = at.company.name
    if rules.lean:
        # Such a lead holds only what is asked for; more would be refused.
        known = {field: value for field, value in known.items() if field in rules.required_fields}
    given = {field: getattr(at.company, field) for field in _WITH_COMPANY}
    given |= {field: getattr(at, field) for field in _WITH_LEAD}
    said = {field: value for field, value in given.items() if value is not None}
    said |= {field: value for field in ("phone", "email") if (value := getattr(at, field)) is not None}
    values = {field: value for field, value in {**known, **said}.items() if value is not None}
    return LeadCreate.model_validate({**values, "not_duplicate_of": at.not_duplicate_of})


async def _register(ctx: Context, contact: Contact, lead: LeadCreate, at: Next) -> UUID:
    """The lead, seen by the local team of the centre that answers for the postal code; by the asker's team, if none does."""
    centre_id = await responsible_centre(ctx, lead.country, lead.postal_code)
    teams: list[UUID] = []
    if centre_id is not None:
        of_centre = select(Team.id).where(Team.kind == "centre_local", Team.centre_id == centre_id).order_by(Team.id)
        teams = list((await ctx.session.execute(of_centre)).scalars())
    others = [id_ for id_ in (contact.id, contact.lead_id) if id_ is not None]
    if not (await rules_of(ctx, lead.project_id)).lock_enabled:
        # Registering asks only where the project locks; that the company is another one's counts here always (LOCK-3).
        found = await examine(
            ctx, values_of(lead), country=lead.country, exclude=others, distinct_from=lead.not_duplicate_of
        )
        refuse_unless_free(ctx, found)
    of_the_person = {name for name in ("phone", "email") if getattr(at, name) is not None}
    with _below("/next", company=set(_WITH_COMPANY) - of_the_person):
        return (await registration.create(ctx, lead, team_ids=teams, exclude=others))[0]


def _private(entries: list[Any], part: str) -> str | None:
    return next((entry[part] for entry in entries if entry["kind"] == "private"), None)


async def _name_of(ctx: Context, account_id: UUID) -> str:
    statement = select(Account.name).where(Account.id == account_id)
    named = unscoped(statement, reason="whoever sees a person may know whom they worked for")
    return str((await ctx.session.execute(named)).scalar_one())


@contextmanager
def _below(where: str, company: frozenset[str] | set[str] = frozenset()) -> Iterator[None]:
    """What is wrong stands below `where` in this request, that with the company's fields below it."""
    try:
        yield
    except Invalid as error:
        at = [
            (f"{where}/company{p}" if p.split("/")[1] in company else f"{where}{p}", code, texts)
            for p, code, texts in error.errors
        ]
        raise Invalid(at) from error
