"""Sending messages between users, and reading them (MSG-1)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, bindparam, func, insert, or_, select, update

from app.core.context import Context
from app.core.db import new_id
from app.core.permissions import Permission
from app.core.problems import Invalid, Language
from app.core.records import is_visible
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.core.writing import already_created, request_hash
from app.identity.models import Role, User, UserRole
from app.identity.references import each, unknown_references
from app.messages.models import Message, MessageRecipient
from app.messages.queries import is_mine
from app.messages.schemas import MessageCreate
from app.notifications import notify
from app.notifications.mentions import tell_mentioned

MAX_RECIPIENTS = 1000
EXCERPT = 500

_HOLDERS = Statement(
    select(Role.key, func.array_agg(User.id).filter(User.active).label("users"))
    .outerjoin(UserRole, UserRole.role_id == Role.id)
    .outerjoin(User, User.id == UserRole.user_id)
    .where(Role.key == func.any(bindparam("keys", type_=ARRAY(Text), required=True)))
    .group_by(Role.key)
)
_ANSWERED = Statement(
    unscoped(
        select(
            *(Message.thread_id, Message.subject, Message.record_type, Message.record_id),
            func.array(
                select(User.id)
                .where(
                    User.active,
                    or_(
                        User.id == Message.sender_id,
                        User.id.in_(
                            select(MessageRecipient.user_id)
                            .where(MessageRecipient.message_id == Message.id)
                            .correlate(Message)
                        ),
                    ),
                )
                .correlate(Message)
                .scalar_subquery()
            ).label("people"),
        ).where(Message.id == bindparam("id", type_=Uuid, required=True), is_mine(Message)),
        reason="who sent or received a message, whatever else they see",
    )
)
_MISSING = {"de": "Diese Angabe fehlt.", "en": "Field required"}
_NO_MESSAGE = {"de": "Diese Nachricht gibt es nicht.", "en": "There is no such message."}
_NOT_WITH_REPLY = {
    "de": "Eine Antwort betrifft denselben Datensatz wie die Nachricht, auf die sie antwortet.",
    "en": "An answer is about the same record as the message that it answers.",
}
_NO_ROLE = {"de": "Diese Rolle gibt es nicht.", "en": "There is no such role."}
_NO_RECORD = {
    "de": "Diesen Datensatz gibt es nicht, oder Sie dürfen ihn nicht sehen.",
    "en": "This record does not exist, or you may not see it.",
}
_NOBODY = {"de": "Niemand würde diese Nachricht erhalten.", "en": "Nobody would receive this message."}
_TOO_MANY = {
    "de": f"Höchstens {MAX_RECIPIENTS} Empfänger sind möglich.",
    "en": f"At most {MAX_RECIPIENTS} recipients are possible.",
}


async def create(ctx: Context, body: MessageCreate) -> tuple[UUID, bool]:
    """Send what a client wrote; returns the message's id and whether it is new. Raises Forbidden, Invalid, IdTaken."""
    ctx.require(Permission.MESSAGES_SEND)
    asked = request_hash(body)
    if body.id is not None and await already_created(ctx, Message, body.id, asked):
        return body.id, False
    answered = await _answered(ctx, body.reply_to_id) if body.reply_to_id else None
    errors = list(await unknown_references(ctx, users=each("/recipient_ids", body.recipient_ids)))
    by_role = await holders(ctx, body.role_keys)
    errors += [(f"/role_keys/{i}", "unknown_role", _NO_ROLE) for i, k in enumerate(body.role_keys) if k not in by_role]
    if body.reply_to_id is not None:
        if answered is None:
            errors.append(("/reply_to_id", "unknown_message", _NO_MESSAGE))
        if body.record is not None:
            errors.append(("/record", "not_with_reply", _NOT_WITH_REPLY))
    elif body.subject is None:
        errors.append(("/subject", "missing", _MISSING))
    if body.record is not None and not await is_visible(ctx, body.record.type, body.record.id):
        errors.append(("/record/id", "unknown_record", _NO_RECORD))
    others = [user for users in by_role.values() for user in users if user != ctx.user_id]
    if answered is not None and not body.recipient_ids and not body.role_keys:
        others = [user for user in answered["people"] if user != ctx.user_id]
    recipients = list(dict.fromkeys([*body.recipient_ids, *others]))
    if not errors:
        errors += _check_number(recipients)
    if errors:
        raise Invalid(errors)
    link = (body.record.type, body.record.id) if body.record else (None, None)
    if answered is not None:
        link = (answered["record_type"], answered["record_id"])
    message = await send(
        ctx,
        recipients=recipients,
        subject=body.subject or (answered["subject"] if answered else ""),
        body=body.body,
        record_type=link[0],
        record_id=link[1],
        id_=body.id,
        request_hash=asked,
        reply_to_id=body.reply_to_id,
        thread_id=answered["thread_id"] if answered else None,
    )
    if link[0] is not None and link[1] is not None:
        await tell_mentioned(
            *(ctx, body.body, link[0], link[1]), place="message", key=message.id, shown=False, but=recipients
        )
    return message.id, True


async def _answered(ctx: Context, message_id: UUID) -> Mapping[str, Any] | None:
    """The message that is answered and the active people of it, if the asker takes part in it."""
    rows = await ctx.fetch(_ANSWERED, id=message_id)
    return dict(rows[0]) if rows else None


async def send(
    ctx: Context,
    *,
    recipients: Sequence[UUID],
    subject: str,
    body: str,
    record_type: str | None = None,
    record_id: UUID | None = None,
    kind: str = "text",
    request: Mapping[str, Any] | None = None,
    id_: UUID | None = None,
    request_hash: bytes | None = None,
    reply_to_id: UUID | None = None,
    thread_id: UUID | None = None,
) -> Message:
    """Send a message from the asker (or the product itself) to existing users and tell them, in this transaction.

    `request` is what an `opportunity_request` asks for: lead_id, account_id, contact_id, stage_id, amount, currency.
    """
    own_id = id_ or new_id()
    message = Message(
        id=own_id,
        thread_id=thread_id or own_id,
        reply_to_id=reply_to_id,
        kind=kind,
        sender_id=ctx.user_id,
        subject=subject,
        body=body,
        record_type=record_type,
        record_id=record_id,
        request=None if request is None else {name: _plain(value) for name, value in request.items()},
        created_by=ctx.user_id,
        request_hash=request_hash,
    )
    ctx.session.add(message)
    await ctx.session.flush()
    to = list(dict.fromkeys(recipients))
    if to:
        await ctx.session.execute(insert(MessageRecipient), [{"message_id": message.id, "user_id": id_} for id_ in to])
    asked = message.request or {}
    amount = asked.get("amount")
    await notify(
        ctx,
        to,
        "opportunity_requested" if kind == "opportunity_request" else "message_received",
        record_type="message",
        record_id=message.id,
        data={
            "subject": subject,
            "excerpt": body if len(body) <= EXCERPT else body[: EXCERPT - 1] + "…",
            "amount": None if amount is None else {"amount": amount, "currency": asked.get("currency") or "EUR"},
        },
    )
    return message


async def holders(ctx: Context, role_keys: Sequence[str]) -> dict[str, list[UUID]]:
    """The active users who hold each of these roles; a role that does not exist is left out."""
    if not role_keys:
        return {}
    rows = await ctx.fetch(_HOLDERS, keys=list(role_keys))
    return {row["key"]: list(row["users"] or ()) for row in rows}


async def mark_read(ctx: Context, message_id: UUID) -> None:
    """Note that the asker has read the message; the first time counts. NotFound unless they see it."""
    await ctx.load(Message, message_id, lock=False)
    await ctx.session.execute(
        update(MessageRecipient)
        .where(
            MessageRecipient.message_id == message_id,
            MessageRecipient.user_id == ctx.user.user_id,
            MessageRecipient.read_at.is_(None),
        )
        .values(read_at=ctx.now)
    )


def _check_number(recipients: list[UUID]) -> list[tuple[str, str, Mapping[Language, str]]]:
    if not recipients:
        return [("/recipient_ids", "no_recipients", _NOBODY)]
    if len(recipients) > MAX_RECIPIENTS:
        return [("/role_keys", "too_many_recipients", _TOO_MANY)]
    return []


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, int | bool) else str(value)
