"""`@first.last` in a text: whoever is named is told, if they may see what the text hangs on.

The writer learns nothing of it: an answer would say who sees what.
"""

import re
from collections.abc import Collection
from typing import Literal
from uuid import UUID

from sqlalchemy import ARRAY, Text, any_, bindparam, func, select

from app.core.context import Context
from app.core.records import RecordType, is_visible_to
from app.core.statements import Statement
from app.identity.models import User
from app.identity.standing import standing_of
from app.notifications.telling import notify

MOST = 20
"""People that one text can mention; further ones are not told."""
EXCERPT = 300
_NAME = re.compile(r"(?<![\w.@-])@([a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?)(?![\w@])", re.IGNORECASE)
_NAMED = Statement(
    select(User.id)
    .where(
        func.lower(User.user_name) == any_(bindparam("names", type_=ARRAY(Text), required=True)),
        User.active,
    )
    .order_by(User.id)
)


def mentioned(text: str) -> list[str]:
    """The user names that the text mentions, in lower case, each once, in the order of the text."""
    return list(dict.fromkeys(name.lower() for name in _NAME.findall(text)))[:MOST]


async def tell_mentioned(
    ctx: Context,
    text: str | None,
    record_type: RecordType,
    record_id: UUID,
    *,
    place: Literal["note", "visit_report", "message"],
    key: UUID,
    shown: bool = True,
    but: Collection[UUID] = (),
) -> None:
    """Tell the active users whom the text mentions and who see the record, each once per `key` (the text's own id).

    Those of `but` are told otherwise. Not `shown`: they are told that they were mentioned, and not what the text says.
    """
    names = mentioned(text) if text else []
    if not names:
        return
    ids = {row["id"] for row in await ctx.fetch(_NAMED, names=names)} - {ctx.user_id, *but}
    seeing = []
    for id_ in sorted(ids):
        standing = await standing_of(ctx, id_)
        if standing is not None and await is_visible_to(ctx, standing.principal, record_type, record_id):
            seeing.append(id_)
    excerpt = None
    if shown and text:
        excerpt = text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"
    data = {"place": place, "excerpt": excerpt}
    await notify(
        ctx, seeing, "mentioned", record_type=record_type, record_id=record_id, data=data, key=f"mention:{key}"
    )
