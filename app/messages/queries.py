"""How messages are read: only by who sent them and who received them, whatever else these may see."""

from typing import Any

from sqlalchemy import Select, and_, case, exists, func, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from app.core.expressions import asker, link, plain, record
from app.core.resource import Filter, Resource, any_of, equals
from app.identity.models import User
from app.messages.models import Message, MessageRecipient
from app.messages.schemas import MessageRead

_sender = aliased(User)
_own = aliased(MessageRecipient)
_recipients = (
    select(func.json_agg(aggregate_order_by(func.json_build_object("id", User.id, "name", User.name), User.name)))
    .join(MessageRecipient, MessageRecipient.user_id == User.id)
    .where(MessageRecipient.message_id == Message.id)
    .correlate(Message)
    .scalar_subquery()
)
_columns = {
    **record(Message),
    **plain(Message, "kind", "subject", "body", "request"),
    "sender": link(Message.sender_id, _sender.name),
    "recipients": func.coalesce(_recipients, func.json_build_array()),
    "record": case(
        (Message.record_id.is_(None), None),
        else_=func.json_build_object("type", Message.record_type, "id", Message.record_id),
    ),
    "read_at": _own.read_at,
}
_filters: dict[str, Filter] = {
    "box": lambda _: (true(), str),  # decided by the choice of resource; named here so that cursors are bound to it
    "kind": any_of(Message.kind),
    "sender_id": any_of(Message.sender_id),
    "record_type": equals(Message.record_type),
    "record_id": equals(Message.record_id),
}


def _with_people(statement: Select[Any]) -> Select[Any]:
    mine = and_(_own.message_id == Message.id, _own.user_id == asker())
    return statement.outerjoin(_sender, _sender.id == Message.sender_id).outerjoin(_own, mine)


def _received(statement: Select[Any]) -> Select[Any]:
    mine = and_(_own.message_id == Message.id, _own.user_id == asker())
    return statement.outerjoin(_sender, _sender.id == Message.sender_id).join(_own, mine)


MESSAGE = Resource(
    Message,
    MessageRead,
    _columns,
    joins=lambda s: _with_people(s).where(or_(Message.sender_id == asker(), _own.user_id.is_not(None))),
)
INBOX = Resource(
    Message,
    MessageRead,
    _columns,
    joins=_received,
    filters={**_filters, "unread": equals(_own.read_at.is_(None))},
    sorts={"created_at": Message.created_at},
)
SENT = Resource(
    Message,
    MessageRead,
    _columns,
    joins=lambda s: _with_people(s).where(Message.sender_id == asker()),
    filters={
        **_filters,
        "unread": equals(
            exists(
                select(MessageRecipient.user_id).where(
                    MessageRecipient.message_id == Message.id, MessageRecipient.read_at.is_(None)
                )
            )
        ),
    },
    sorts={"created_at": Message.created_at},
)
