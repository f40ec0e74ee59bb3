"""Contacts, opportunities and activities that were given their account's teams keep having them (ID-4).

The database asks for the job whenever an account's teams change, whoever changes them.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Uuid, bindparam, select, update

from app.accounts.models import Account
from app.activities.models import Activity
from app.contacts.models import Contact
from app.core import outbox
from app.core.context import Context
from app.core.statements import prepared
from app.core.visibility import unscoped
from app.opportunities.models import Opportunity

STEP = 1000
FOLLOWERS: tuple[Any, ...] = (Contact, Opportunity, Activity)


@outbox.job("team_following.follow")
async def follow(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Give what hangs on the account its teams as they are now, a thousand at a time."""
    account_id = UUID(payload["account_id"])
    for model in FOLLOWERS:
        if len(await ctx.run(_follow(model), account_id=account_id, most=STEP)) == STEP:
            ctx.enqueue("team_following.follow", {"account_id": account_id})
            return


@prepared
def _follow(model: Any) -> Any:
    behind = (
        select(model.id, Account.team_ids)
        .join(Account, Account.id == model.account_id)
        .where(
            Account.id == bindparam("account_id", type_=Uuid, required=True),
            model.teams_follow,
            model.team_ids != Account.team_ids,
        )
        .order_by(model.id)
        .limit(bindparam("most", type_=Integer, required=True))
        .with_for_update(of=model)
        .cte("behind")
    )
    statement = update(model).where(model.id == behind.c.id).values(team_ids=behind.c.team_ids).returning(model.id)
    return unscoped(statement, reason="the rule holds for all records of the account")
