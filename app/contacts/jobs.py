"""What contacts do in the background."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.core import outbox
from app.core.context import Context
from app.indexing import index_more_dependants


@outbox.job("contacts.company_renamed")
async def company_renamed(ctx: Context, payload: Mapping[str, Any]) -> None:
    """The duplicate index knows people by their employer: tell it the account's new name, where the renaming could not."""
    account_id, after = UUID(payload["account_id"]), payload.get("after")
    reached = await index_more_dependants(ctx, "account", account_id, UUID(after) if after else None)
    if reached is not None:
        ctx.enqueue("contacts.company_renamed", {"account_id": account_id, "after": reached})
