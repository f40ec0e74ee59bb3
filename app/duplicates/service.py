"""The duplicate check of any values or record (DUP-1, DUP-3). The verdicts are those of the protection check: one matcher."""

from collections.abc import Sequence
from typing import Any, get_args
from uuid import UUID

from app.accounts import parties as account_parties
from app.accounts.models import Account
from app.contacts import parties as contact_parties
from app.contacts.models import Contact
from app.core.context import Context
from app.core.permissions import Permission
from app.core.visibility import visible
from app.duplicates.schemas import DuplicateCheckCreate, RecordType
from app.indexing import ALL_TYPES, find_matches
from app.leads.models import Lead
from app.leads.parties import values_of
from app.locks.protection import standings_of
from app.matching import PartyValues

READ = {"lead": Permission.LEADS_READ, "account": Permission.ACCOUNTS_READ, "contact": Permission.CONTACTS_READ}
assert set(READ) == set(get_args(RecordType))


async def check(ctx: Context, body: DuplicateCheckCreate) -> dict[str, Any]:
    """A `DuplicateAnswer` for these values. Raises Forbidden."""
    ctx.require(Permission.PROTECTION_CHECK)
    return await _answer(ctx, body.party_values(), body.types, body.exclude)


async def of_record(ctx: Context, record_type: RecordType, id_: UUID) -> dict[str, Any]:
    """A `DuplicateAnswer` for a saved record. Raises Forbidden, NotFound."""
    ctx.require(READ[record_type])
    ctx.require(Permission.PROTECTION_CHECK)
    return await _answer(ctx, await _values(ctx, record_type, id_), ALL_TYPES, [id_])


async def _answer(ctx: Context, values: PartyValues, types: Sequence[str], exclude: Sequence[UUID]) -> dict[str, Any]:
    matches = await find_matches(ctx, values, types=types, exclude=exclude)
    standings = await standings_of(ctx, matches, one_per_customer=False) if matches.found else []
    verdicts = {standing.match.verdict for standing in standings}
    return {
        "verdict": "duplicate" if "duplicate" in verdicts else "possible" if verdicts else "none",
        "matches": [standing.wire(ctx.language) for standing in standings],
        "truncated": matches.truncated,
    }


async def _values(ctx: Context, record_type: RecordType, id_: UUID) -> PartyValues:
    match record_type:
        case "lead":
            return values_of(await ctx.load(Lead, id_, lock=False))
        case "account":
            return account_parties.values_of(await ctx.load(Account, id_, lock=False))
        case "contact":
            contact = await ctx.load(Contact, id_, lock=False)
            statement = visible(Account, ctx.principal).where(Account.id == contact.account_id)
            account = (await ctx.session.execute(statement)).scalar_one_or_none()
            return contact_parties.values_of(contact, account.name if account else None)
