"""Leads of a project and what they become: registered, discarded, converted to customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.accounts.models import Account
from app.activities.models import Activity
from app.activities.service import customer_of
from app.contacts.models import Contact
from app.conversion.schemas import ConversionCreate, FollowOn
from app.core.db import new_id
from app.core.writing import request_hash
from app.demo import words
from app.demo.companies import Company, Person
from app.demo.customers import account_of, contact_of, opportunity
from app.demo.draft import Draft
from app.identity.models import User
from app.leads.models import Conversion, Lead
from app.leads.parties import values_of
from app.messages.models import Message, MessageRecipient
from app.notifications.texts import Kind
from app.opportunities.models import Stage
from app.projects.rules import Rules

_MORE = ("salutation", "title", "first_name", "last_name", "phone", "email", "street", "website")
"""Fields that a lead under protection does not have (LEAD-2)."""


@dataclass(frozen=True, slots=True)
class Case:
    """A lead with the company and the person that it is about."""

    lead: Lead
    company: Company
    holder: User
    person: Person | None


def register(
    draft: Draft,
    rules: Rules,
    company: Company,
    holder: User,
    at: datetime,
    *,
    category: str = "open",
    person: Person | None = None,
    **more: Any,
) -> Case:
    """A lead in some status of that category: with what the protection project asks for or, given a person, all else too."""
    colleagues = draft.staff.of("bdm", "country_head", country=company.town.country)
    by = draft.random.choice(colleagues) if draft.chance(0.08) else holder
    values = {
        "status": draft.random.choice([key for key, found in rules.statuses.items() if found == category]),
        "phase": category if category in ("converted", "discarded") else "open",
        "source": draft.random.choice(words.SOURCES),
        "source_detail": None,
        "name": company.name,
        "company": company.short,
        "contacted_on": at.date(),
        "description": draft.random.choice(words.INTERESTS).format(n=draft.random.randint(2, 9)),
        "receipt_id": None,
        **(_lean() if person is None else _full(company, person)),
        **dict.fromkeys(("converted_at", "account_id", "contact_id", "opportunity_requested_at")),
    }
    lead = Lead(
        **(values | more),
        id=new_id(),
        project_id=rules.project_id,
        assignee_id=holder.id,
        team_ids=[by.default_team_id],
        visibility=rules.visibility,
        postal_code=company.town.postal_code,
        city=company.town.name,
        state=company.town.state,
        country=company.town.country,
        expected_revenue_amount=Decimal(draft.amount()),
        expected_revenue_currency="EUR",
        created_by=by.id,
        created_at=at,
        updated_at=at,
    )
    draft.add(lead)
    draft.know("lead", lead.id, values_of(lead))
    if at >= draft.start_of(draft.today - timedelta(days=30)):
        draft.tell([holder.id], "lead_assigned", ("lead", lead.id), at, data={"name": lead.name}, by=by)
    return Case(lead, company, holder, person)


def _lean() -> dict[str, None]:
    return dict.fromkeys(_MORE)


def _full(company: Company, person: Person) -> dict[str, str | None]:
    of_company = {"street": company.street, "website": company.website}
    return of_company | {name: getattr(person, name) for name in _MORE if name not in of_company}


def convert(draft: Draft, rules: Rules, case: Case, at: datetime, stage: Stage, *, ask: bool) -> Message | None:
    """The lead becomes a customer as the product converts it; `ask` sends the request to sales support, which is returned."""
    lead, company, holder = case.lead, case.company, case.holder
    with_notes = draft.chance(0.3)
    account = account_of(
        draft,
        company,
        holder,
        at,
        name=lead.name,
        team_ids=lead.team_ids,
        source=lead.source,
        expected_revenue=float(lead.expected_revenue_amount or 0),
        description=lead.description if with_notes else None,
        lead_id=lead.id,
        created_by=holder.id,
    )
    contact = None
    if case.person is not None or draft.chance(0.9):
        person = case.person or draft.inventor.person(company)
        contact = contact_of(draft, account, person, at, lead_id=lead.id, created_by=holder.id)
    due = at + timedelta(days=7)
    done = due < draft.start_of(draft.today) and draft.chance(0.8)
    activity = draft.add(
        Activity(
            id=new_id(),
            type="task",
            subject=FollowOn().subject,
            status="done" if done else "open",
            assignee_id=holder.id,
            due_at=due,
            done_at=draft.later(at, 10) if done else None,
            account_id=account.id,
            contact_id=contact.id if contact else None,
            team_ids=account.team_ids,
            teams_follow=True,
            customer=customer_of(account, contact),
            created_by=holder.id,
            created_at=at,
            updated_at=at,
        )
    )
    lead.status, lead.phase = rules.first_status("converted"), "converted"
    lead.converted_at = lead.updated_at = at
    lead.account_id = account.id
    lead.contact_id = contact.id if contact else None
    message = _request(draft, case, at, stage, account_id=account.id, contact=contact) if ask else None
    asked = ConversionCreate(outcome="create", transfer_notes=with_notes)
    draft.add(
        Conversion(
            lead_id=lead.id,
            outcome=asked.outcome,
            account_id=account.id,
            contact_id=lead.contact_id,
            activity_id=activity.id,
            message_id=message.id if message else None,
            applied={"fields": []},
            request_hash=request_hash(asked),
            converted_by=holder.id,
            converted_at=at,
        )
    )
    if message is not None and draft.chance(0.85):
        _answer(draft, message, lead, stage, account=account, contact=contact)
    return message


def _request(
    draft: Draft, case: Case, at: datetime, stage: Stage, *, account_id: UUID, contact: Contact | None
) -> Message:
    """The message that asks sales support for the opportunity (CONV-4)."""
    lead = case.lead
    amount = {"amount": f"{lead.expected_revenue_amount:.2f}", "currency": lead.expected_revenue_currency}
    message = send(
        draft,
        case.holder,
        draft.staff.of("ks"),
        at,
        subject=f"Verkaufschance anlegen: {lead.name}",
        body=f"Bitte legen Sie die Verkaufschance für „{lead.name}“ an.\n"
        f"Erwarteter Jahresumsatz: {amount['amount']} {amount['currency']}\nPhase: {stage.label_de}",
        about=("lead", lead.id),
        request={
            "lead_id": str(lead.id),
            "account_id": str(account_id),
            "contact_id": str(contact.id) if contact else None,
            "stage_id": str(stage.id),
            **amount,
            "assignee_id": str(lead.assignee_id),
        },
    )
    lead.opportunity_requested_at = at
    return message


def _answer(
    draft: Draft, message: Message, lead: Lead, stage: Stage, *, account: Account, contact: Contact | None
) -> None:
    """Sales support has made the opportunity."""
    (reader, *_) = [row for row in draft.all(MessageRecipient) if row.message_id == message.id]
    at = draft.later(message.created_at, 3)
    reader.read_at = at
    made = opportunity(
        draft,
        account,
        contact,
        stage,
        at,
        name=account.name,
        lead_id=lead.id,
        amount=lead.expected_revenue_amount,
        message_id=message.id,
        assignee_id=account.assignee_id,
        created_by=reader.user_id,
    )
    if at >= draft.start_of(draft.today - timedelta(days=30)):
        by = next(user for user in draft.staff.users if user.id == reader.user_id)
        draft.tell(
            [account.assignee_id], "opportunity_assigned", ("opportunity", made.id), at, data={"name": made.name}, by=by
        )


def send(
    draft: Draft,
    sender: User,
    recipients: Sequence[User],
    at: datetime,
    *,
    subject: str,
    body: str,
    about: tuple[str, UUID],
    request: dict[str, Any] | None = None,
) -> Message:
    """A message between users; the newer ones are still in the recipients' notifications."""
    record_type, record_id = about
    id_ = new_id()
    message = draft.add(
        Message(
            id=id_,
            thread_id=id_,
            kind="opportunity_request" if request else "text",
            sender_id=sender.id,
            subject=subject[:200],
            body=body,
            record_type=record_type,
            record_id=record_id,
            request=request,
            created_by=sender.id,
            created_at=at,
            updated_at=at,
        )
    )
    to = [user.id for user in recipients]
    for user_id in to:
        draft.add(MessageRecipient(message_id=message.id, user_id=user_id, read_at=None))
    if at >= draft.start_of(draft.today - timedelta(days=30)):
        told: dict[str, Any] = {"subject": subject, "excerpt": body}
        kind: Kind = "message_received"
        if request:
            kind, told["amount"] = (
                "opportunity_requested",
                {"amount": request["amount"], "currency": request["currency"]},
            )
        draft.tell(to, kind, ("message", message.id), at, data=told, by=sender)
    return message
