"""What a visit means for its account and its centre (VISIT-2, VISIT-3). Everything here may happen again without a second effect."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Date, DateTime, Uuid, and_, bindparam, case, cast, func, or_, select, update
from sqlalchemy.orm import aliased

from app.accounts.models import Account
from app.activities.models import Activity
from app.core.context import Context
from app.core.history import table as change_log
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.erp_events import service as erp_events
from app.identity.models import Role, Team, TeamMember, User, UserRole
from app.notifications import notify

_ANSWERING = ("cm", "fn", "admin")
"""Who hears of cross-sell: the centre managers, else the franchisees, else the administrators."""

_account_id = bindparam("account_id", type_=Uuid, required=True)
_day = bindparam("day", type_=Date, required=True)
_before = bindparam("before", type_=Date, required=True)
_visited_at = bindparam("visited_at", type_=DateTime(timezone=True), required=True)
_BOOKED = "a visit counts, whoever may change the account"

_flagged_at = (
    select(change_log.c.at)
    .where(
        change_log.c.record_id == _account_id,
        change_log.c.record_type == "accounts",
        change_log.c.new["visit_priority"].astext == "true",
    )
    .order_by(change_log.c.id.desc())
    .limit(1)
    .scalar_subquery()
)
_stays = func.coalesce(_flagged_at > _visited_at, False)
_COUNT = Statement(
    unscoped(
        update(Account)
        .where(
            Account.id == _account_id,
            or_(Account.last_visit_on.is_(None), Account.last_visit_on < _day, and_(Account.visit_priority, ~_stays)),
        )
        .values(
            last_visit_on=func.greatest(Account.last_visit_on, _day),
            visit_priority=and_(Account.visit_priority, _stays),
        ),
        reason=_BOOKED,
    )
)
"""Who asked for a visit after this one was made still waits for it."""

_other = aliased(Activity)
_latest_other = (
    select(func.max(cast(func.timezone(_other.time_zone, _other.starts_at), Date)))
    .where(
        _other.account_id == _account_id,
        _other.type == "visit_report",
        _other.id != bindparam("report_id", type_=Uuid, required=True),
    )
    .scalar_subquery()
)
_CORRECT = Statement(
    unscoped(
        update(Account)
        .where(Account.id == _account_id, or_(Account.last_visit_on == _before, Account.last_visit_on < _day))
        .values(
            last_visit_on=case(
                (Account.last_visit_on == _before, func.greatest(_day, _latest_other)),
                else_=func.greatest(Account.last_visit_on, _day),
            )
        ),
        reason=_BOOKED,
    )
)

_author = aliased(User)
_centre = select(Account.centre_id).where(Account.id == _account_id).scalar_subquery()
_name = select(Account.name).where(Account.id == _account_id).scalar_subquery()
_author_id = bindparam("author_id", type_=Uuid, required=True)
_own_centres = (
    select(Team.centre_id)
    .join(TeamMember, TeamMember.team_id == Team.id)
    .where(TeamMember.user_id == _author_id, Team.centre_id.is_not(None))
)
_at_centre = (
    select(TeamMember.user_id)
    .join(Team, Team.id == TeamMember.team_id)
    .where(or_(Team.centre_id == _centre, and_(_centre.is_(None), Team.centre_id.in_(_own_centres))))
)
_LISTENERS = Statement(
    unscoped(
        select(
            User.id,
            Role.key,
            _name.label("account"),
            select(_author.name).where(_author.id == _author_id).scalar_subquery().label("author"),
        )
        .join(UserRole, UserRole.user_id == User.id)
        .join(Role, Role.id == UserRole.role_id)
        .where(
            User.active,
            or_(
                Role.key == _ANSWERING[2],
                and_(or_(*(Role.key == key for key in _ANSWERING[:2])), User.id.in_(_at_centre)),
            ),
        )
        .order_by(User.id),
        reason="the account's centre and name, for those who answer for it",
    )
)


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who is told of cross-sell, and what is said of the visit."""

    user_ids: list[UUID]
    account: str | None
    author: str | None


def day_of(report: Activity, at: datetime | None = None) -> date:
    """The calendar day of the visit where it took place."""
    moment = at or report.starts_at
    assert moment is not None
    return moment.astimezone(ZoneInfo(report.time_zone or "UTC")).date()


async def count(ctx: Context, report: Activity) -> None:
    """The visit counts for its account, if it has one: date of last visit, priority flag, event for the ERP (VISIT-3, ACC-8).

    A visit that is told late moves neither the date back nor clears a flag that was set after it.
    """
    if report.account_id is None:
        return
    day = day_of(report)
    await ctx.run(_COUNT, account_id=report.account_id, day=day, visited_at=report.starts_at)
    await erp_events.tell(
        ctx,
        "visit_report_submitted",
        account_id=report.account_id,
        activity_id=report.id,
        source_id=report.id,
        visited_on=day,
    )


async def correct(ctx: Context, report: Activity, *, before: datetime, amendment_id: UUID) -> None:
    """The visit was at another time than `before`: the account's date follows, and the ERP is told if the day is another."""
    was, day = day_of(report, before), day_of(report)
    if report.account_id is None or was == day:
        return
    await ctx.run(_CORRECT, account_id=report.account_id, before=was, day=day, report_id=report.id)
    await erp_events.tell(
        ctx,
        "visit_report_corrected",
        account_id=report.account_id,
        activity_id=report.id,
        source_id=amendment_id,
        visited_on=day,
    )


async def listeners(ctx: Context, report: Activity) -> Listeners:
    """Who answers for sales at the account's centre; without an account, at the author's."""
    rows = await ctx.run(_LISTENERS, account_id=report.account_id, author_id=report.created_by)
    for key in _ANSWERING:
        found = [row for row in rows if row["key"] == key]
        if found:
            return Listeners([row["id"] for row in found], found[0]["account"], found[0]["author"])
    return Listeners([], None, None)


async def tell_cross_sell(ctx: Context, report: Activity) -> None:
    """Tell the centre manager at once, by e-mail too; of each report once (VISIT-2)."""
    told = await listeners(ctx, report)
    said = (report.unknown_customer or {}).get("name")
    await notify(
        ctx,
        told.user_ids,
        "cross_sell_found",
        record_type="activity",
        record_id=report.id,
        data={
            **({"by": told.author} if told.author else {}),
            "name": told.account or said or report.subject,
            "subject": report.subject,
            "note": report.cross_sell_note,
            "day": day_of(report),
        },
        key=f"cross_sell:{report.id}",
    )


async def lead_converted(ctx: Context, lead_id: UUID, account: Account, contact_id: UUID | None) -> None:
    """Visits of the lead were visits of the customer that it has become."""
    reports = (
        select(Activity)
        .where(Activity.lead_id == lead_id, Activity.type == "visit_report", Activity.account_id.is_(None))
        .order_by(Activity.id)
        .with_for_update(of=Activity)
    )
    found = await ctx.session.execute(unscoped(reports, reason="all reports of the lead, whoever wrote them"))
    for report in found.scalars().all():
        report.account_id, report.contact_id = account.id, report.contact_id or contact_id
        report.team_ids, report.teams_follow = account.team_ids, True
        await count(ctx, report)
        if report.cross_sell and report.cross_sell_outcome is None:
            await tell_cross_sell(ctx, report)


async def lead_removed(ctx: Context, lead_id: UUID) -> None:
    """The lead goes; what was reported of the visit stays."""
    statement = (
        update(Activity)
        .where(Activity.lead_id == lead_id, Activity.type == "visit_report")
        .values(lead_id=None)
        .execution_options(synchronize_session=False)
    )
    await ctx.session.execute(unscoped(statement, reason="all reports of the lead, whoever wrote them"))
