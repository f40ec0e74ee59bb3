"""The customer of a conversion: made anew, updated with chosen fields, or left as it is (CONV-2, CONV-3)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ValidationError
from sqlalchemy import select

from app.accounts import parties as account_parties
from app.accounts import service as accounts
from app.accounts.access import is_manager, require_write
from app.accounts.models import Account
from app.accounts.schemas import AccountCreate, AccountUpdate
from app.contacts import parties as contact_parties
from app.contacts import service as contacts
from app.contacts.models import Contact
from app.contacts.schemas import ContactCreate
from app.conversion.problems import DuplicateAccount
from app.conversion.schemas import AccountCompletion, ContactCompletion, ConversionCreate
from app.core.context import Context
from app.core.failures import invalid_fields
from app.core.permissions import Permission
from app.core.problems import Invalid, NotFound
from app.core.types import Money
from app.core.visibility import unscoped, visible
from app.core.writing import assign
from app.custom_fields import carried, checked
from app.duplicates.dismissals import Ref, dismissed_with, pair_of, remember, remember_named
from app.indexing import find_matches
from app.leads.models import Lead
from app.leads.parties import values_of
from app.locks.clearances import accounts_cleared_for
from app.locks.protection import Examination, Standing, examine, refuse_unless_free, standings_of
from app.locks.service import live_lock
from app.matching import PartyValues, normalise

SHARED_FIELDS = (
    "name",
    "street",
    "postal_code",
    "city",
    "state",
    "country",
    "phone",
    "email",
    "website",
    "vat_id",
    "source",
)
"""Fields that leads and accounts have in common, besides the expected revenue."""

CUSTOM = "custom."

REQUIRED = ("name", "level", "industry", "legal_form", "city", "country")
"""What an account needs of its own (ACC-1); assignee and teams come from the lead, type is computed."""

_LEGAL_FORMS = {
    "gmbh": "GmbH",
    "gmbh kg": "GmbH & Co. KG",
    "ug": "UG (haftungsbeschränkt)",
    "ag": "AG",
    "kg": "KG",
    "kgaa": "KGaA",
    "ohg": "OHG",
    "gbr": "GbR",
    "ek": "e.K.",
    "ev": "e.V.",
    "eg": "eG",
    "se": "SE",
}


def legal_form_of(lead: Lead) -> str | None:
    """The legal form that the lead's name gives away."""
    form = _LEGAL_FORMS.get(normalise(values_of(lead)).legal)
    return "OG" if form == "OHG" and lead.country == "AT" else form


def revenue_of(lead: Lead) -> Money | None:
    """The lead's expected revenue."""
    if lead.expected_revenue_amount is None:
        return None
    return Money(amount=lead.expected_revenue_amount, currency=lead.expected_revenue_currency or "EUR")


def lead_value(lead: Lead, field: str) -> Any:
    """What the lead says for one of the customer's fields."""
    return revenue_of(lead) if field == "expected_revenue" else getattr(lead, field)


async def concerned(ctx: Context, lead: Lead, account_id: UUID | None) -> list[PartyValues]:
    """Whom the conversion is about: the lead and, where one is named, the customer."""
    statement = unscoped(select(Account).where(Account.id == account_id), reason="to queue on; nothing of it is shown")
    account = (await ctx.session.execute(statement)).scalar_one_or_none() if account_id is not None else None
    return [values_of(lead)] if account is None else [values_of(lead), account_parties.values_of(account)]


async def examine_lead(ctx: Context, lead: Lead, *, distinct_from: Sequence[UUID] = ()) -> Examination:
    """Who else may be this lead's customer."""
    return await examine(ctx, values_of(lead), country=lead.country, exclude=[lead.id], distinct_from=distinct_from)


async def candidates(ctx: Context, lead: Lead) -> list[Standing]:
    """The customers to propose for this lead: its matches but for those that it was found to differ from (DUP-9)."""
    others = {other.id for other in await dismissed_with(ctx, lead.id)}
    examination = await examine(ctx, values_of(lead), country=lead.country, own=lead.id)
    return [s for s in examination.standings if s.account_id is not None and s.account_id not in others]


async def make(ctx: Context, lead: Lead, body: ConversionCreate) -> Account:
    """A new customer from the lead and what completes it.

    Raises Invalid (all that lacks at once), DuplicateAccount, CustomerTaken, PossiblyTaken.
    """
    others = await dismissed_with(ctx, lead.id)
    if await live_lock(ctx, lead.id) is None:
        await _refuse_taken(ctx, lead, [*(other.id for other in others), *body.not_duplicate_of])
    await _refuse_duplicates(ctx, lead, body.not_duplicate_of)
    shown: list[Standing] = []
    if body.not_duplicate_of:
        matches = await find_matches(ctx, values_of(lead), exclude=[lead.id])
        shown = await standings_of(ctx, matches, one_per_customer=False)
    values: dict[str, Any] = {name: getattr(lead, name) for name in SHARED_FIELDS}
    values["legal_form"] = legal_form_of(lead)
    values["assignee_id"] = lead.assignee_id
    values["team_ids"] = lead.team_ids or None
    values["expected_revenue"] = revenue_of(lead)
    completion = body.account or AccountCompletion()
    values |= {name: getattr(completion, name) for name in completion.model_fields_set}
    values["custom"] = await carried(ctx, lead.custom, "account") | completion.custom
    if body.transfer_notes and lead.description:
        values["description"] = _joined(values.get("description"), lead.description)
    lacking = [name for name in REQUIRED if not values.get(name)]
    if lacking:
        message = {"de": "Diese Angabe braucht ein Kunde.", "en": "A customer needs this."}
        raise Invalid([(f"/account/{name}", "missing", message) for name in lacking])
    given = {name: value for name, value in values.items() if value is not None}
    with below("account"):
        account = await accounts.add(ctx, _checked(AccountCreate, given, "account"), lead_id=lead.id)
    for own in (Ref("lead", lead.id), Ref("account", account.id)):
        await remember_named(ctx, own, shown, body.not_duplicate_of)
    await remember(ctx, [pair_of(Ref("account", account.id), other) for other in others])
    return account


async def _refuse_taken(ctx: Context, lead: Lead, distinct: list[UUID]) -> None:
    """A lead without a lock of its own must not become a customer whom another one holds (LOCK-3)."""
    if ctx.may(Permission.RECORDS_READ_ALL):
        return
    examination = await examine_lead(ctx, lead, distinct_from=distinct)
    if examination.status != "yours":
        refuse_unless_free(ctx, examination)


async def _refuse_duplicates(ctx: Context, lead: Lead, distinct: list[UUID]) -> None:
    matches = await find_matches(ctx, values_of(lead), types=("account",), exclude=distinct, own=lead.id)
    if any(found.match.verdict == "duplicate" for found in matches.found):
        standings = await standings_of(ctx, matches, one_per_customer=False)
        raise DuplicateAccount(extra={"matches": [standing.wire(ctx.language) for standing in standings]})


class Found(NamedTuple):
    """The customer that a lead is said to be. `passes`: it becomes that of the lead's assignee; `admits`: they work with it from
    now on. Whoever only may write to it brings nobody in (ID-5).
    """

    account: Account
    passes: bool
    admits: bool


async def find(ctx: Context, lead: Lead, account_id: UUID) -> Found:
    """The customer that the lead is said to be, locked.

    It passes when it was granted to the lead, or is one of its matches and nobody else's any more: then the asker may not
    have seen it before. Raises NotFound, NotAManager, CustomerTaken.
    """
    examination = await examine_lead(ctx, lead)
    standing = next((s for s in examination.standings if account_id in (s.account_id, s.record_id)), None)
    seen = (await ctx.session.execute(visible(Account, ctx.principal).where(Account.id == account_id))).first()
    decision = (await accounts_cleared_for(ctx, lead.id)).get(account_id)
    passes = decision == "granted" or (standing is not None and may_pass(standing))
    if seen is None and not passes and decision is None:
        raise NotFound
    statement = unscoped(
        select(Account).where(Account.id == account_id).with_for_update().execution_options(populate_existing=True),
        reason="visible, cleared for the lead, or a match of it that nobody else holds",
    )
    account = (await ctx.session.execute(statement)).scalar_one_or_none()
    if account is None:
        raise NotFound
    if is_manager(ctx, account):
        return Found(account, passes=False, admits=True)
    if not passes and decision is None:
        await _refuse_held(ctx, lead, account)
        require_write(ctx, account)
    return Found(account, passes, admits=decision is not None)


def may_pass(standing: Standing) -> bool:
    """Whether the customer of this match is surely the lead's, and nobody else's any more."""
    return standing.match.verdict == "duplicate" and standing.protection in ("ended", "none")


async def _refuse_held(ctx: Context, lead: Lead, account: Account) -> None:
    """A lead must not become a customer whom another one holds, and so put its own lock on them (LOCK-3)."""
    values = account_parties.values_of(account)
    examination = await examine(ctx, values, country=account.country, exclude=[lead.id])
    if examination.status == "taken" and any(s.foreign and s.account_id == account.id for s in examination.standings):
        refuse_unless_free(ctx, examination)


async def change(
    ctx: Context, lead: Lead, account: Account, body: ConversionCreate, *, passes: bool
) -> list[dict[str, Any]]:
    """Take the chosen fields over; returns each with its old and new value. Raises NotAManager, Invalid."""
    own = [name for name in body.take if not name.startswith(CUSTOM)]
    values: dict[str, Any] = {name: lead_value(lead, name) for name in own}
    completion = body.account or AccountCompletion()
    values |= {name: getattr(completion, name) for name in completion.model_fields_set if name != "custom"}
    custom = await taken(ctx, lead, [name for name in body.take if name.startswith(CUSTOM)]) | completion.custom
    if body.transfer_notes and lead.description:
        values["description"] = _joined(values.get("description", account.description), lead.description)
    empty = [name for name in (*REQUIRED, "assignee_id", "team_ids") if name in values and not values[name]]
    if empty:
        message = {"de": "Diese Angabe braucht ein Kunde.", "en": "A customer needs this."}
        raise Invalid([(f"/take/{name}", "missing", message) for name in empty])
    patch = _checked(AccountUpdate, values | ({"custom": custom} if custom else {}), "account")
    values |= {f"{CUSTOM}{key}": None for key in custom}
    if not passes and patch.model_fields_set:
        require_write(ctx, account, patch.model_fields_set)
    before, known_as = {name: account_value(account, name) for name in values}, account_parties.values_of(account)
    patch, errors = accounts.settled(ctx, patch, account)
    errors += await accounts.changed_people(ctx, account, patch)
    errors += await accounts.move(ctx, account, patch)
    with below("account"):
        if errors := errors + await checked(ctx, "account", patch, account.custom):
            raise Invalid(errors)
    assign(account, patch, money=("expected_revenue",), leave=("centre_id", "team_ids"))
    await accounts.reindex(ctx, account, known_as)
    after = {name: account_value(account, name) for name in values}
    return [{"field": n, "old": before[n], "new": after[n]} for n in values if before[n] != after[n]]


def account_value(account: Account, field: str) -> Any:
    """What the customer has for a field, plain enough for JSON."""
    if field == "expected_revenue":
        amount, currency = account.expected_revenue_amount, account.expected_revenue_currency
        return None if amount is None else {"amount": str(amount), "currency": currency}
    if field.startswith(CUSTOM):
        return account.custom.get(field.removeprefix(CUSTOM))
    value = getattr(account, field)
    return [str(v) for v in value] if isinstance(value, list) else str(value) if isinstance(value, UUID) else value


def admit(account: Account, lead: Lead) -> None:
    """Who has the lead works with the customer from now on: as one of its managers, where they are not there yet."""
    if lead.assignee_id is not None and lead.assignee_id not in (account.assignee_id, *account.manager_ids):
        account.manager_ids = [*account.manager_ids, lead.assignee_id]


def hand_to(account: Account, lead: Lead) -> None:
    """The customer passes to who has the lead; those who had it lose nothing but the lead role."""
    assert lead.assignee_id is not None
    account.assignee_id = lead.assignee_id
    account.manager_ids = [user for user in account.manager_ids if user != lead.assignee_id]
    account.team_ids = list(dict.fromkeys([*account.team_ids, *lead.team_ids]))


async def person(ctx: Context, lead: Lead, account: Account, completion: ContactCompletion | None) -> Contact | None:
    """The contact at the customer: found there by the matcher, or made; None when nobody is named. Raises Invalid."""
    values: dict[str, Any] = {
        name: getattr(lead, name)
        for name in ("salutation", "title", "first_name", "last_name", "birth_date", "phone", "email", "source")
    }
    if completion is not None:
        values |= {name: getattr(completion, name) for name in completion.model_fields_set}
    if not values["last_name"]:
        if completion is not None and completion.model_fields_set:
            message = {"de": "Der Nachname fehlt.", "en": "The last name is required."}
            raise Invalid([("/contact/last_name", "missing", message)])
        return None
    given = {name: value for name, value in values.items() if value is not None}
    given["custom"] = await carried(ctx, lead.custom, "contact") | given.get("custom", {})
    body = _checked(ContactCreate, {**given, "assignee_id": account.assignee_id}, "contact")
    known = await _known_person(ctx, lead, account, body)
    if known is not None:
        return known
    with below("contact"):
        return await contacts.add(ctx, body, at=account, lead_id=lead.id)


async def _known_person(ctx: Context, lead: Lead, account: Account, body: ContactCreate) -> Contact | None:
    """The customer's contact who is this person, whoever may see them; not one whom the lead was found to differ from."""
    draft = Contact(**{n: v for n, v in body if n in Contact.__table__.columns and n != "id"})
    matches = await find_matches(ctx, contact_parties.values_of(draft, account.name), types=("contact",), own=lead.id)
    ids = [found.record_id for found in matches.found if found.match.verdict == "duplicate"]
    statement = unscoped(
        select(Contact).where(Contact.id.in_(ids), Contact.account_id == account.id),
        reason="who is there is not made twice",
    )
    return (await ctx.session.execute(statement.limit(1))).scalar_one_or_none() if ids else None


async def taken(ctx: Context, lead: Lead, names: Sequence[str]) -> dict[str, Any]:
    """What the lead says for these custom fields of the customer. Raises Invalid where none of its own is mapped to one."""
    if not names:
        return {}
    found = await carried(ctx, lead.custom, "account")
    keys = [name.removeprefix(CUSTOM) for name in names]
    message = {"de": "Der Interessent hat dafür keinen Wert.", "en": "The lead has no value for this."}
    if errors := [(f"/take/{CUSTOM}{key}", "nothing_to_take", message) for key in keys if key not in found]:
        raise Invalid(errors)
    return {key: found[key] for key in keys}


@contextmanager
def below(where: str) -> Iterator[None]:
    """What is wrong with custom values, or with the state, stands below `/where` in this request."""
    try:
        yield
    except Invalid as error:
        at = [
            (f"/{where}{p}" if p.startswith(("/custom", "/state")) else p, code, texts)
            for p, code, texts in error.errors
        ]
        raise Invalid(at) from error


def _checked(model: type[BaseModel], values: dict[str, Any], where: str) -> Any:
    """The values as a body of that kind; Invalid with pointers below `/where`."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = error.errors(include_url=False)
        raise Invalid(invalid_fields([{**e, "loc": ("body", where, *e["loc"])} for e in found])) from error


def _joined(first: str | None, second: str) -> str:
    return f"{first}\n\n{second}" if first else second
