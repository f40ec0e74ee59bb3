"""Saying that records are no duplicates, and taking it back (DUP-9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from uuid import UUID

from app.core.context import Context
from app.core.permissions import Permission
from app.core.problems import NotFound
from app.core.visibility import visible
from app.duplicates.dismissals import Ref, ids_of, pair_of, remember
from app.duplicates.models import MODELS, DuplicateDismissal
from app.duplicates.problems import HeldByAnother, NotYoursToDismiss
from app.duplicates.rights import READ, Record, may_change, party_values
from app.duplicates.schemas import DismissalCreate
from app.indexing import find_matches
from app.locks.protection import standings_of
from app.matching import Party, normalise, score
from app.matching.index import Found, Matches


@dataclass(frozen=True, slots=True)
class _Named:
    """A record that was named: itself where the asker sees it, else as the match that they were shown."""

    ref: Ref
    party: Party
    changeable: bool


async def dismiss(ctx: Context, body: DismissalCreate) -> tuple[list[UUID], bool]:
    """Remember that these records are all different; returns a dismissal for each pair, and whether any is new.

    Of each pair the asker may change one. That a duplicate of another one's customer is none says only who may change both:
    it would hide who has taken the customer (LOCK-3). Raises Forbidden, NotFound, NotYoursToDismiss, HeldByAnother.
    """
    ctx.require(Permission.PROTECTION_CHECK)
    ctx.begin()
    named = await _named(ctx, body)
    pairs = list(combinations(named, 2))
    if any(not one.changeable and not two.changeable for one, two in pairs):
        raise NotYoursToDismiss
    for one, two in pairs:
        if not (one.changeable and two.changeable):
            await _refuse_held(ctx, *((two, one) if one.changeable else (one, two)))
    ordered = [pair_of(one.ref, two.ref) for one, two in pairs]
    new = await remember(ctx, ordered, reason=body.reason)
    return await ids_of(ctx, ordered), new > 0


async def withdraw(ctx: Context, dismissal_id: UUID) -> None:
    """They may be duplicates after all: whoever has said otherwise, or may change one of them, takes it back.

    Raises Forbidden, NotFound, NotYoursToDismiss.
    """
    ctx.require(Permission.PROTECTION_CHECK)
    dismissal = await ctx.load(DuplicateDismissal, dismissal_id)
    if dismissal.created_by is None or dismissal.created_by != ctx.user_id:
        seen = await _seen(ctx, [dismissal.first_id, dismissal.second_id])
        sides = (Ref(dismissal.first_type, dismissal.first_id), Ref(dismissal.second_type, dismissal.second_id))
        if not any(side in seen and may_change(ctx, side.type, seen[side]) for side in sides):
            raise NotYoursToDismiss
    await ctx.session.delete(dismissal)


async def _named(ctx: Context, body: DismissalCreate) -> list[_Named]:
    """The records named, in their order. Raises NotFound for one that the asker neither sees nor was shown as a match."""
    seen = await _seen(ctx, [record.id for record in body.records])
    found: dict[UUID, _Named] = {}
    for record in body.records:
        refs = [ref for ref in seen if ref.id == record.id and record.type in (None, ref.type)]
        if refs:
            ref = refs[0]
            party = normalise(await party_values(ctx, seen[ref]))
            found[record.id] = _Named(ref, party, may_change(ctx, ref.type, seen[ref]))
    hidden = {record.id for record in body.records if record.id not in found and record.type is None}
    if len(found) + len(hidden) < len(body.records):
        raise NotFound
    for one in list(found.values()):
        # What the asker is shown for this record, and what they were before it was dismissed.
        for dismissed in (False, True):
            if not hidden - found.keys():
                break
            exclude, own = ([one.ref.id], None) if dismissed else ([], one.ref.id)
            for match in (await find_matches(ctx, one.party, exclude=exclude, own=own)).found:
                if match.record_id in hidden:
                    ref = Ref(match.record_type, match.record_id)
                    found[match.record_id] = _Named(ref, match.party, changeable=False)
    if hidden - found.keys():
        raise NotFound
    return [found[record.id] for record in body.records]


async def _seen(ctx: Context, ids: list[UUID]) -> Mapping[Ref, Record]:
    """Those of the records that the asker may see."""
    seen: dict[Ref, Record] = {}
    for record_type, model in MODELS.items():
        if ctx.may(READ[record_type]):
            records = await ctx.session.execute(visible(model, ctx.principal).where(model.id.in_(ids)))
            seen |= {Ref(record_type, record.id): record for record in records.scalars()}
    return seen


async def _refuse_held(ctx: Context, theirs: _Named, own: _Named) -> None:
    """Raise HeldByAnother when the record that the asker may not change is the same customer, and another one's."""
    match = score(own.party, theirs.party)
    if match.verdict == "duplicate":
        matches = Matches((Found(theirs.ref.type, theirs.ref.id, match, theirs.party),), truncated=False)
        if any(standing.foreign for standing in await standings_of(ctx, matches, one_per_customer=False)):
            raise HeldByAnother
