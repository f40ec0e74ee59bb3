"""Calls: planned, held, followed up (CALL-1 to CALL-4)."""

from collections.abc import Set as AbstractSet
from datetime import timedelta
from uuid import UUID

from app.activities import service as activities
from app.activities.models import Activity
from app.call_scripts.schemas import AnswerBody
from app.call_scripts.service import Used, answered, script_of
from app.calls import consents, follow_ups
from app.calls.problems import ConsentKept
from app.calls.queries import HOLD_ACCOUNT, HOLD_CALLED, HOLD_CONTACT, whose
from app.calls.schemas import CallCreate, CallUpdate
from app.core.context import Context
from app.core.problems import Language
from app.identity.references import FieldProblem

WHEN = {"de": "Wann ist der Termin?", "en": "When is it?"}
TOLERANCE = timedelta(minutes=5)
"""How far a device's clock may be ahead."""
_FUTURE: dict[Language, str] = {
    "de": "Ein durchgeführter Anruf liegt nicht in der Zukunft.",
    "en": "A held call does not lie in the future.",
}
_NO_CONTACT: dict[Language, str] = {
    "de": "Schlüsselfragen beantwortet ein Kontakt; nennen Sie ihn.",
    "en": "It is a contact who answers key questions; name them.",
}
_NO_SCRIPT: dict[Language, str] = {
    "de": "Nennen Sie den Anruftyp, zu dem die Fragen gehören.",
    "en": "Name the type of call that the questions belong to.",
}
_OTHER_SCRIPT: dict[Language, str] = {
    "de": "Die Antworten gehören zum bisherigen Skript; senden Sie sie mit, wie sie nun lauten, oder eine leere Liste.",
    "en": "The answers belong to the script so far; send them along as they are now, or an empty list.",
}
_SAID_BY: dict[Language, str] = {
    "de": "Antworten oder Einwilligung stammen vom bisherigen Kontakt.",
    "en": "Answers or consent are the previous contact's.",
}
_SCRIPT = frozenset({"call_type", "script_version_id"})


async def make(ctx: Context, activity: Activity, body: CallCreate) -> list[FieldProblem]:
    """Fill a call; returns what is wrong. The next one is planned by `follow`, once this one is there."""
    errors = await activities.appointment(ctx, activity, body)
    activity.status, activity.direction = body.status, body.direction
    activity.starts_at = body.starts_at or ctx.now
    if body.status == "planned" and body.starts_at is None:
        errors.append(("/starts_at", "missing", WHEN))
    errors += activities.wrong_times(activity) + _not_yet(ctx, activity)
    used = await script_of(ctx, body.call_type, body.script_version_id)
    if isinstance(used, tuple):
        errors.append(used)
    else:
        errors += _use(activity, used, body.answers)
    if body.status == "planned" and body.direction == "outbound":
        errors += await follow_ups.unwanted(ctx, activity.contact_id, "/contact_id")
    if body.follow_up is not None:
        errors += await follow_ups.wrong(ctx, activity, body.follow_up)
    if body.consent is not None and not errors:
        errors += await consents.keep(ctx, activity, body.consent)
    if body.status == "held" and body.contact_ids and not errors:
        await ctx.run(HOLD_CALLED, ids=[*body.contact_ids, *([activity.contact_id] if activity.contact_id else [])])
    return errors


async def follow(ctx: Context, activity: Activity, body: CallCreate) -> None:
    """Plan the next call of one that was just made, if that is asked for."""
    if body.follow_up is not None:
        await follow_ups.plan(ctx, activity, body.follow_up, body.contact_ids)


async def hold(ctx: Context, activity_id: UUID, named: AbstractSet[str]) -> None:
    """Before a call is locked for a change of these fields: lock whom it is with, where the change may touch them.

    A merge takes contacts and accounts before their activities; so nobody waits in a circle.
    """
    if not named & {"consent", "follow_up", "starts_at", "status"}:
        return
    ctx.begin()
    for row in await ctx.fetch(whose(ctx.reach), id=activity_id):
        if not row["has_consent"] and not named & {"consent", "follow_up"}:
            return
        if row["contact_id"] is not None:
            await ctx.run(HOLD_CONTACT, id=row["contact_id"])
        elif row["account_id"] is not None:
            await ctx.run(HOLD_ACCOUNT, id=row["account_id"])


async def change(ctx: Context, activity: Activity, patch: CallUpdate, was: str) -> list[FieldProblem]:
    """After a patch's fields were set: what follows from them, and what is wrong. Raises AlreadyFollowedUp."""
    named = patch.model_fields_set
    if was == "cancelled" != activity.status:
        await follow_ups.refuse_second(ctx, activity)
    if activity.status == "held" != was and "starts_at" not in named:
        _held_now(ctx, activity, keep_end="ends_at" in named)
    errors = await activities.change_appointment(ctx, activity, patch)
    if activity.status != was or "starts_at" in named:
        errors += _not_yet(ctx, activity)
    if "contact_id" in named and patch.contact_id != activity.contact_id:
        errors += await _change_contact(ctx, activity, patch.contact_id)
    if named & {*_SCRIPT, "answers"}:
        errors += await _change_script(ctx, activity, patch)
    if (
        activity.status == "planned"
        and activity.direction == "outbound"
        and named & {"status", "direction", "contact_id"}
    ):
        errors += await follow_ups.unwanted(
            ctx, activity.contact_id, "/contact_id" if "contact_id" in named else "/status"
        )
    errors += await consents.change(ctx, activity, patch) if not errors else []
    if "follow_up" in named:
        errors += await follow_ups.wrong(ctx, activity, patch.follow_up)
        if not errors:
            await follow_ups.plan(ctx, activity, patch.follow_up)
    return errors


def refuse_delete(activity: Activity) -> None:
    """Raise ConsentKept for a call that proves what was said."""
    if activity.consent is not None:
        raise ConsentKept


def _held_now(ctx: Context, activity: Activity, *, keep_end: bool) -> None:
    """A planned call that is held without a time was held just now; a planned end moves along."""
    assert activity.starts_at is not None
    if activity.ends_at is not None and not keep_end:
        activity.ends_at += ctx.now - activity.starts_at
    activity.starts_at = ctx.now


def _not_yet(ctx: Context, activity: Activity) -> list[FieldProblem]:
    assert activity.starts_at is not None
    held = activity.status == "held" and activity.starts_at > ctx.now + TOLERANCE
    return [("/starts_at", "in_the_future", _FUTURE)] if held else []


async def _change_contact(ctx: Context, activity: Activity, contact_id: UUID) -> list[FieldProblem]:
    """The call is with this contact: of the call's account, and before they have said anything."""
    if activity.consent is not None or activity.answers:
        return [("/contact_id", "said_by_another", _SAID_BY)]
    about = activities.About({"account_id": activity.account_id}, activity.team_ids, activity.teams_follow)
    await activities.add_contact(ctx, about, contact_id)
    activity.contact_id, activity.account_id = contact_id, about.links["account_id"]
    activity.team_ids, activity.teams_follow = about.teams, about.follows
    return about.errors


async def _change_script(ctx: Context, activity: Activity, patch: CallUpdate) -> list[FieldProblem]:
    """Another type, version or answers; answers stay with the version that they were given to."""
    named = patch.model_fields_set
    if named & _SCRIPT:
        version = patch.script_version_id if "script_version_id" in named else None
        call_type = patch.call_type if "call_type" in named or version is not None else activity.call_type
        if call_type == activity.call_type and version is None:
            version = activity.script_version_id
    else:
        call_type, version = activity.call_type, activity.script_version_id
    used = await script_of(ctx, call_type, version)
    if isinstance(used, tuple):
        return [used]
    if "answers" in named:
        return _use(activity, used, patch.answers)
    if activity.answers and activity.script_version_id != (used.version_id if used else None):
        return [("/answers", "of_another_script", _OTHER_SCRIPT)]
    activity.call_type, activity.script_version_id = (used.call_type, used.version_id) if used else (None, None)
    return []


def _use(activity: Activity, used: Used | None, answers: list[AnswerBody]) -> list[FieldProblem]:
    activity.call_type, activity.script_version_id = (used.call_type, used.version_id) if used else (None, None)
    if answers and used is None:
        return [("/answers", "no_script", _NO_SCRIPT)]
    if answers and activity.contact_id is None:
        return [("/answers", "no_contact", _NO_CONTACT)]
    kept, errors = answered(used.questions, answers) if used else ([], [])
    activity.answers = kept or None
    return errors
