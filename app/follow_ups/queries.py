"""How follow-ups are read. The record's name is shown to those who may read and see the record, and to nobody else."""

from typing import Any

from sqlalchemy import DateTime, Select, Uuid, and_, bindparam, func, literal_column, or_, select
from sqlalchemy.orm import aliased

from app.accounts.models import Account
from app.core.expressions import asker, named, plain, record
from app.core.filters import any_of, at_least, below, equals
from app.core.principal import Reach
from app.core.resource import Resource
from app.core.statements import Statement, prepared
from app.core.visibility import predicate, unscoped
from app.follow_ups.models import FollowUp, may_read
from app.follow_ups.records import KINDS
from app.follow_ups.schemas import FollowUpRead
from app.identity.models import User

_assignee, _author, _doer = aliased(User), aliased(User), aliased(User)


def _readable(statement: Select[Any]) -> Select[Any]:
    """Who sees everything sees it of the kinds that they may read, and what they have or made."""
    kinds = (and_(kind.column.is_not(None), may_read(asker(), kind.read)) for kind in KINDS.values())
    return statement.where(or_(FollowUp.assignee_id == asker(), FollowUp.created_by == asker(), *kinds))


def _resource(how_far: Reach) -> Resource:
    return Resource(
        FollowUp,
        FollowUpRead,
        {
            **record(FollowUp),
            "record": func.json_build_object(
                *("type", FollowUp.record_type, "id", FollowUp.record_id, "name", _name(how_far))
            ),
            **plain(FollowUp, "note", "due_on", "due_at", "status", "done_at", "snoozed"),
            "done_by": named(FollowUp.done_by, _doer, _doer.name),
            "assignee": named(FollowUp.assignee_id, _assignee, _assignee.name),
            "created_by": named(FollowUp.created_by, _author, _author.name),
        },
        joins=_readable if how_far == "all" else lambda s: s,
        beside={
            kind.model: "its name is shown only where its own rule lets the asker see it" for kind in KINDS.values()
        },
        filters={
            "state": lambda _: (literal_column("true"), str),  # said by the next four
            "is_open": lambda _: (
                FollowUp.status == literal_column("'open'"),
                bool,
            ),  # a bind would hide the partial index
            "is_done": lambda _: (FollowUp.status == literal_column("'done'"), bool),
            "state_after": at_least(FollowUp.due_at),
            "state_before": below(FollowUp.due_at),
            "assignee_id": any_of(FollowUp.assignee_id),
            "created_by": any_of(FollowUp.created_by),
            "record_type": equals(FollowUp.record_type),
            "record_id": equals(FollowUp.record_id),
            "due_after": at_least(FollowUp.due_at),
            "due_before": below(FollowUp.due_at),
        },
        sorts={"due_at": FollowUp.due_at},
        default_sort="due_at",
    )


def _name(how_far: Reach) -> Any:
    """What the record is called, if the asker may read such records and sees it."""
    names = []
    for kind in KINDS.values():
        name = select(kind.name).where(kind.model.id == kind.column, may_read(asker(), kind.read))
        seen = predicate(kind.model, how_far)
        names.append((name if seen is None else name.where(seen)).correlate(FollowUp).scalar_subquery())
    return func.coalesce(*names)


FOLLOW_UP: dict[Reach, Resource] = {"all": _resource("all"), "member": _resource("member")}

_moment = {name: bindparam(name, type_=DateTime(timezone=True), required=True) for name in ("today", "tomorrow")}
COUNT = Statement(
    unscoped(
        select(
            func.count().filter(FollowUp.due_at < _moment["tomorrow"]).label("due"),
            func.count().filter(FollowUp.due_at < _moment["today"]).label("overdue"),
            func.count().filter(FollowUp.due_at >= _moment["tomorrow"]).label("coming"),
        ).where(FollowUp.assignee_id == asker(), FollowUp.status == literal_column("'open'")),
        reason="the asker's own",
    )
)


@prepared
def place_of(record_type: str) -> Select[Any]:
    """Country and state of a record: of its account, where it has none of its own."""
    kind = KINDS[record_type]
    model = kind.model
    if hasattr(model, "country"):
        found: Any = select(model.country, model.state)
    else:
        found = select(Account.country, Account.state).join(model, model.account_id == Account.id)
    found = found.where(model.id == bindparam("id", type_=Uuid, required=True))
    return unscoped(found, reason="the record was found visible before")
