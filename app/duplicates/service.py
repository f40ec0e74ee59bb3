"""The duplicate check of any values or record (DUP-1, DUP-3). The verdicts are those of the protection check: one matcher."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from app.accounts.models import Account
from app.core.context import Context
from app.core.permissions import Permission
from app.duplicates.rights import load, party_values
from app.duplicates.schemas import DuplicateCheckCreate, RecordType
from app.indexing import find_matches
from app.locks.protection import Standing, standings_of
from app.matching import Party, PartyValues
from app.matching.index import Matches


async def check(ctx: Context, body: DuplicateCheckCreate) -> dict[str, Any]:
    """A `DuplicateAnswer` for these values. Raises Forbidden."""
    return await of_values(ctx, body.party_values(), types=body.types, exclude=body.exclude)


async def of_values(
    ctx: Context, values: PartyValues | Party, *, types: Sequence[str], exclude: Sequence[UUID] = ()
) -> dict[str, Any]:
    """The same for values that nobody has sent, such as those of a company directory. Raises Forbidden."""
    ctx.require(Permission.PROTECTION_CHECK)
    return await _answer(ctx, await find_matches(ctx, values, types=types, exclude=exclude))


async def of_record(ctx: Context, record_type: RecordType, id_: UUID) -> dict[str, Any]:
    """A `DuplicateAnswer` for a saved record, without what somebody has found to differ from it (DUP-9), and without its kin:
    a customer's people and the lead that it was made from are no duplicates of it, nor of each other.

    Raises Forbidden, NotFound.
    """
    ctx.require(Permission.PROTECTION_CHECK)
    record = await load(ctx, record_type, id_)
    matches = await find_matches(ctx, await party_values(ctx, record), own=id_)
    customer = record.id if isinstance(record, Account) else record.account_id

    def is_kin(standing: Standing) -> bool:
        return customer is not None and standing.account_id == customer and standing.record_type != record_type

    return await _answer(ctx, matches, leave=is_kin)


async def _answer(
    ctx: Context, matches: Matches, *, leave: Callable[[Standing], bool] = lambda _: False
) -> dict[str, Any]:
    found = await standings_of(ctx, matches, one_per_customer=False) if matches.found else []
    standings = [standing for standing in found if not leave(standing)]
    verdicts = {standing.match.verdict for standing in standings}
    return {
        "verdict": "duplicate" if "duplicate" in verdicts else "possible" if verdicts else "none",
        "matches": [standing.wire(ctx.language) for standing in standings],
        "truncated": matches.truncated,
    }
