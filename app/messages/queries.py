"""How messages are read: only by who sent them and who received them, whatever else these may see."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, select, true, tuple_
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import aliased

from app.core.expressions import asker, link, plain, record
from app.core.filters import Filter, any_of, equals
from app.core.resource import Resource
from app.identity.models import User
from app.messages.models import Message, MessageRecipient
from app.messages.schemas import MessageRead, ThreadRead

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
    **plain(Message, "kind", "thread_id", "reply_to_id", "subject", "body", "request"),
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
    "thread_id": equals(Message.thread_id),
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


def _mine(message: Any) -> ColumnElement[bool]:
    """Whether the asker sent or received it. The ids come from two indexes: an "or" over a join would look at all there are."""
    sent = aliased(Message)
    received = select(MessageRecipient.message_id).where(MessageRecipient.user_id == asker())
    mine: ColumnElement[bool] = message.id.in_(select(sent.id).where(sent.sender_id == asker()).union_all(received))
    return mine


def is_mine(message: Any) -> ColumnElement[bool]:
    """The same of one message that has been found."""
    received = exists().where(MessageRecipient.message_id == message.id, MessageRecipient.user_id == asker())
    return or_(message.sender_id == asker(), received)


MESSAGE = Resource(
    Message,
    MessageRead,
    _columns,
    joins=lambda s: _with_people(s).where(is_mine(Message)),
)
ALL = Resource(
    Message,
    MessageRead,
    _columns,
    joins=lambda s: _with_people(s).where(_mine(Message)),
    filters={**_filters, "unread": equals(and_(_own.user_id.is_not(None), _own.read_at.is_(None)))},
    sorts={"created_at": Message.created_at},
)
IN_THREAD = Resource(
    Message,
    MessageRead,
    _columns,
    joins=lambda s: _with_people(s).where(is_mine(Message)),
    filters=ALL.filters,
    sorts=ALL.sorts,
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


_other = aliased(Message)
_in_thread = and_(_other.thread_id == Message.thread_id, is_mine(_other))
_unread = aliased(MessageRecipient)
_still_unread = (
    select(func.count())
    .select_from(_other)
    .join(_unread, and_(_unread.message_id == _other.id, _unread.user_id == asker()))
    .where(_other.thread_id == Message.thread_id, _unread.read_at.is_(None))
    .correlate(Message)
    .scalar_subquery()
)
THREAD = Resource(
    Message,
    ThreadRead,
    {
        "id": Message.thread_id,
        "last_message_at": Message.created_at,
        "last_message": func.json_build_object(
            *("id", Message.id, "sender", link(Message.sender_id, _sender.name), "subject", Message.subject),
            *("excerpt", func.left(Message.body, 200), "created_at", Message.created_at),
        ),
        "record": _columns["record"],
        "message_count": select(func.count()).where(_in_thread).correlate(Message).scalar_subquery(),
        "unread_count": _still_unread,
    },
    joins=lambda s: s.outerjoin(_sender, _sender.id == Message.sender_id).where(
        _mine(Message),
        ~exists()
        .where(_in_thread, tuple_(_other.created_at, _other.id) > tuple_(Message.created_at, Message.id))
        .correlate(Message),
    ),
    filters={"unread": equals(_still_unread > 0), "record_id": equals(Message.record_id)},
    sorts={"last_message_at": Message.created_at},
    default_sort="-last_message_at",
)
"""A thread is read as its newest message that the asker may see."""
