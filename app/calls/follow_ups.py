"""The next call: planned in the same transaction as the one that was held (CALL-3)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.activities import service as activities
from app.activities.models import Activity
from app.calls.problems import AlreadyFollowedUp
from app.calls.queries import COPY_CONTACTS, FOLLOWED_BY, WANTED
from app.calls.schemas import FollowUpBody
from app.core.context import Context
from app.core.db import new_id
from app.core.problems import Language
from app.core.visibility import unscoped
from app.identity.references import FieldProblem, unknown_references

SUBJECT = "Nachverfolgen"
_NOT_HELD: dict[Language, str] = {
    "de": "Ein Folgeanruf wird nur zu einem durchgeführten Anruf geplant.",
    "en": "A follow-up is planned of a held call only.",
}
_EARLIER: dict[Language, str] = {
    "de": "Der Folgeanruf liegt nicht nach dem Anruf.",
    "en": "The follow-up does not lie after the call.",
}
_LEFT: dict[Language, str] = {
    "de": "Dieser Kontakt ist nicht mehr im Unternehmen.",
    "en": "This contact has left the company.",
}
_UNWANTED: dict[Language, str] = {
    "de": "Dieser Kontakt möchte nicht mehr kontaktiert werden.",
    "en": "This contact does not want to be contacted any more.",
}


async def unwanted(ctx: Context, contact_id: UUID | None, pointer: str) -> list[FieldProblem]:
    """Why no call to this contact is planned."""
    rows = await ctx.run(WANTED, id=contact_id) if contact_id is not None else ()
    if rows and rows[0]["relationship"] != "active":
        return [(pointer, "contact_left", _LEFT)]
    if rows and rows[0]["do_not_contact"]:
        return [(pointer, "do_not_contact", _UNWANTED)]
    return []


async def wrong(ctx: Context, call: Activity, wanted: FollowUpBody) -> list[FieldProblem]:
    """Why the call is not followed up."""
    if call.status != "held":
        return [("/follow_up", "not_held", _NOT_HELD)]
    assert call.starts_at is not None
    if wanted.at is not None and wanted.at <= call.starts_at:
        return [("/follow_up/at", "before_the_call", _EARLIER)]
    return await unwanted(ctx, call.contact_id, "/follow_up")


async def plan(ctx: Context, call: Activity, wanted: FollowUpBody, contact_ids: Sequence[UUID] | None = None) -> None:
    """Make the next call: with the same people, about the same records. Raises AlreadyFollowedUp.

    `contact_ids` are the further contacts of a call that was just made. Who has left the organisation since is not assigned
    to it: then it is the asker's.
    """
    if contact_ids is None and (rows := await ctx.run(FOLLOWED_BY, id=call.id)):
        raise AlreadyFollowedUp(extra={"follow_up_id": rows[0]["id"]})
    assert call.starts_at is not None
    assignee_id = call.assignee_id
    if assignee_id != ctx.user_id and await unknown_references(ctx, users=[("", assignee_id)]):
        assignee_id = ctx.user_id
    following = Activity(
        id=new_id(),
        type="call",
        subject=SUBJECT,
        status="planned",
        starts_at=wanted.at or days_later(call.starts_at, call.time_zone or "UTC", wanted.in_days or 0),
        follows_id=call.id,
        assignee_id=assignee_id,
        created_by=ctx.user_id,
        direction="outbound",
        participant_ids=list(call.participant_ids),
        team_ids=list(call.team_ids),
        **{
            name: getattr(call, name)
            for name in (
                "account_id",
                "contact_id",
                "lead_id",
                "opportunity_id",
                "teams_follow",
                "time_zone",
                "call_type",
            )
        },
    )
    ctx.session.add(following)
    await ctx.session.flush()
    if contact_ids is None or contact_ids:
        await ctx.run(COPY_CONTACTS, id=call.id, to=following.id)
    if contact_ids is None:
        await activities.touch(ctx, call)  # it shows the next one
    await activities.tell_assignee(ctx, following)


async def refuse_second(ctx: Context, call: Activity) -> None:
    """Raise AlreadyFollowedUp when another call stands in the place of this one, which was cancelled."""
    standing = select(Activity.id).where(
        Activity.follows_id == call.follows_id, Activity.type == "call", Activity.status != "cancelled"
    )
    standing = unscoped(standing, reason="there is one next call, whoever sees it")
    with ctx.session.no_autoflush:
        found = (await ctx.session.execute(standing)).scalar()
    if found is not None:
        raise AlreadyFollowedUp(extra={"follow_up_id": found})


def days_later(start: datetime, zone: str, days: int) -> datetime:
    """So many days after a moment, at the same time of the clock in that zone.

    A time that the clock skips on that day is as much later as it skips; of one that comes twice the first is meant.
    """
    there = (start.astimezone(ZoneInfo(zone)) + timedelta(days=days)).replace(fold=0)
    return there.astimezone(UTC)
