"""The duplicate check of any values or record (DUP-1, DUP-3). The verdicts are those of the protection check: one matcher."""

from typing import Any
from uuid import UUID

from app.core.context import Context
from app.core.permissions import Permission
from app.duplicates.rights import load, party_values
from app.duplicates.schemas import DuplicateCheckCreate, RecordType
from app.indexing import find_matches
from app.locks.protection import standings_of
from app.matching.index import Matches


async def check(ctx: Context, body: DuplicateCheckCreate) -> dict[str, Any]:
    """A `DuplicateAnswer` for these values. Raises Forbidden."""
    ctx.require(Permission.PROTECTION_CHECK)
    matches = await find_matches(ctx, body.party_values(), types=body.types, exclude=body.exclude)
    return await _answer(ctx, matches)


async def of_record(ctx: Context, record_type: RecordType, id_: UUID) -> dict[str, Any]:
    """A `DuplicateAnswer` for a saved record, without what somebody has found to differ from it (DUP-9).

    Raises Forbidden, NotFound.
    """
    ctx.require(Permission.PROTECTION_CHECK)
    values = await party_values(ctx, await load(ctx, record_type, id_))
    return await _answer(ctx, await find_matches(ctx, values, own=id_))


async def _answer(ctx: Context, matches: Matches) -> dict[str, Any]:
    standings = await standings_of(ctx, matches, one_per_customer=False) if matches.found else []
    verdicts = {standing.match.verdict for standing in standings}
    return {
        "verdict": "duplicate" if "duplicate" in verdicts else "possible" if verdicts else "none",
        "matches": [standing.wire(ctx.language) for standing in standings],
        "truncated": matches.truncated,
    }
