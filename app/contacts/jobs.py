"""What contacts do in the background."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.contacts import service
from app.contacts.models import Contact
from app.core import outbox
from app.core.context import Context
from app.core.visibility import visible


@outbox.job("contacts.company_renamed")
async def company_renamed(ctx: Context, payload: Mapping[str, Any]) -> None:
    """The duplicate index knows people by their employer: tell it the account's new name."""
    statement = visible(Contact, ctx.principal).where(Contact.account_id == UUID(payload["account_id"]))
    for contact in (await ctx.session.execute(statement.order_by(Contact.id))).scalars().all():
        await service.index(ctx, contact)
