"""What the ERP says of an account, and what follows from it (ACC-2)."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, Date, Integer, Text, Uuid, bindparam, column, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from app.accounts.classification import REASONS, THRESHOLD, active_until, classify, first_year
from app.accounts.figure_schemas import ErpFigures
from app.accounts.models import Account, AccountRevenue
from app.core.context import Context
from app.core.permissions import Permission
from app.core.problems import Invalid
from app.core.statements import Statement
from app.core.visibility import unscoped

STEP = 1000
_FUTURE = {"de": "Dieser Tag liegt in der Zukunft.", "en": "This day lies in the future."}
_COMING = {"de": "Dieses Jahr liegt in der Zukunft.", "en": "This year lies in the future."}
_TWICE = {"de": "Dieses Jahr steht schon da.", "en": "This year is named already."}
_NO_TIME = "the product's own timetable"

_DUE = Statement(
    unscoped(
        select(
            Account.id,
            Account.last_order_on,
            func.coalesce(
                select(func.json_object_agg(AccountRevenue.year, AccountRevenue.amount))
                .where(AccountRevenue.account_id == Account.id)
                .correlate(Account)
                .scalar_subquery(),
                text("'{}'::json"),
            ).label("revenues"),
        )
        .where(Account.reclassify_on <= bindparam("today", type_=Date, required=True))
        .order_by(Account.id)
        .limit(bindparam("most", type_=Integer, required=True))
        .with_for_update(of=Account),
        reason=_NO_TIME,
    )
)
_given = (
    func.unnest(
        bindparam("ids", type_=ARRAY(Uuid), required=True),
        bindparam("types", type_=ARRAY(Text), required=True),
        bindparam("statuses", type_=ARRAY(Text), required=True),
        bindparam("days", type_=ARRAY(Date), required=True),
    )
    .table_valued(column("id", Uuid), column("type", Text), column("status", Text), column("day", Date))
    .render_derived()
)
_SET = Statement(
    unscoped(
        Account.__table__.update()  # type: ignore[attr-defined]  # a mapped class's table
        .values(type=_given.c.type, status=_given.c.status, reclassify_on=_given.c.day)
        .where(Account.id == _given.c.id),
        reason=_NO_TIME,
    )
)


async def put(ctx: Context, account_id: UUID, body: ErpFigures) -> None:
    """Take over what the ERP says; what it does not name is not there any more. Type and status follow at once.

    Raises Forbidden, NotFound, Invalid, Conflict (the ERP id is another account's).
    """
    ctx.require(Permission.ERP_FOLLOW)
    errors = []
    if body.last_order_on is not None and body.last_order_on > ctx.today:
        errors.append(("/last_order_on", "in_the_future", _FUTURE))
    years = [revenue.year for revenue in body.revenues]
    errors += [(f"/revenues/{i}/year", "in_the_future", _COMING) for i, y in enumerate(years) if y > ctx.today.year]
    errors += [(f"/revenues/{i}/year", "named_twice", _TWICE) for i, y in enumerate(years) if y in years[:i]]
    if errors:
        raise Invalid(errors)
    account = await ctx.load(Account, account_id)
    gone = delete(AccountRevenue).where(AccountRevenue.account_id == account_id, AccountRevenue.year.not_in(years))
    await ctx.session.execute(gone)
    if body.revenues:
        rows = [
            {"account_id": account_id, "year": r.year, "amount": r.revenue.amount, "currency": r.revenue.currency}
            for r in body.revenues
        ]
        new = insert(AccountRevenue).values(rows)
        changed = (AccountRevenue.amount, AccountRevenue.currency)
        await ctx.session.execute(
            new.on_conflict_do_update(
                index_elements=["account_id", "year"],
                set_={"amount": new.excluded.amount, "currency": new.excluded.currency},
                where=func.row(*changed).op("IS DISTINCT FROM")(func.row(new.excluded.amount, new.excluded.currency)),
            )
        )
    account.last_order_on = body.last_order_on
    if "erp_id" in body.model_fields_set:
        account.erp_id = body.erp_id
    reclassify(account, {r.year: r.revenue.amount for r in body.revenues}, ctx.today)
    await ctx.session.flush()


def reclassify(account: Account, revenues: Mapping[int, Decimal], today: date) -> None:
    """Set type, status and the day on which they are looked at again."""
    found = classify(revenues, account.last_order_on, today)
    account.type, account.status, account.reclassify_on = found.type, found.status, found.changes_on


async def reclassify_stored(ctx: Context, account: Account) -> None:
    """The same with the revenues that are stored: after a merge, say."""
    reclassify(account, {r.year: r.amount for r in await _revenues(ctx, account.id)}, ctx.today)


async def reclassify_due(ctx: Context) -> bool:
    """The next accounts that time alone changes today; whether there may be more."""
    rows = await ctx.run(_DUE, today=ctx.today, most=STEP)
    if rows:
        found = [(row["id"], classify(_by_year(row["revenues"]), row["last_order_on"], ctx.today)) for row in rows]
        await ctx.run(
            _SET,
            ids=[id_ for id_, _ in found],
            types=[c.type for _, c in found],
            statuses=[c.status for _, c in found],
            days=[c.changes_on for _, c in found],
        )
    return len(rows) == STEP


async def explain(ctx: Context, account_id: UUID) -> dict[str, Any]:
    """Why the account has its type and status: each reason and what it was taken from. Raises Forbidden, NotFound."""
    ctx.require(Permission.ACCOUNTS_READ)
    account = await ctx.load(Account, account_id, lock=False)
    revenues = await _revenues(ctx, account_id)
    found = classify({r.year: r.amount for r in revenues}, account.last_order_on, ctx.today)
    order, first = account.last_order_on, first_year(ctx.today)
    return {
        "type": {"value": account.type, "code": found.type_reason, "reason": REASONS[found.type_reason][ctx.language]},
        "status": {
            "value": account.status,
            "code": found.status_reason,
            "reason": REASONS[found.status_reason][ctx.language],
        },
        "last_order_on": order and order.isoformat(),
        "active_until": order and active_until(order).isoformat(),
        "revenues": [
            {
                "year": r.year,
                "revenue": {"amount": str(r.amount), "currency": r.currency},
                "counts": first <= r.year <= ctx.today.year,
                "reaches_threshold": r.amount >= THRESHOLD,
            }
            for r in revenues
        ],
        "threshold": str(THRESHOLD),
        "years": [*range(first, ctx.today.year + 1)],
        "changes_on": found.changes_on and found.changes_on.isoformat(),
        "up_to_date": (account.type, account.status) == (found.type, found.status),
    }


async def _revenues(ctx: Context, account_id: UUID) -> Sequence[AccountRevenue]:
    statement = select(AccountRevenue).where(AccountRevenue.account_id == account_id).order_by(AccountRevenue.year)
    return (await ctx.session.execute(statement)).scalars().all()


def _by_year(revenues: Any) -> dict[int, Decimal]:
    given = orjson.loads(revenues) if isinstance(revenues, str) else revenues
    return {int(year): Decimal(str(amount)) for year, amount in given.items()}
