"""What a timeline is made of: for each source the newest items after the page before, no more than a page needs.

Each branch yields `at, id, kind, source, record_type, record_id, who_id, title` and stops by itself. The record's own
activities are read first, along their index. Where they fill the page, all that is older than the last of them (`floor`) is of
no interest to the other branches: so a customer with hundreds of contacts costs one look into an index for each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from app.accounts.models import Account
from app.activities.models import Activity, ActivityContact
from app.contacts.models import Contact, Departure
from app.core.expressions import asker
from app.core.principal import Reach
from app.core.visibility import beside, scope
from app.files.models import Attachment
from app.follow_ups.models import FollowUp
from app.leads.models import Conversion, Lead
from app.merges.models import Merge
from app.messages.models import Message, MessageRecipient
from app.opportunities.models import Opportunity, Stage
from app.timeline.schemas import RecordKind

Source = str
MODELS: dict[RecordKind, Any] = {"lead": Lead, "account": Account, "contact": Contact, "opportunity": Opportunity}
BELONGING: dict[RecordKind, tuple[RecordKind, ...]] = {
    # whose items are the record's too
    "account": ("contact", "lead", "opportunity"),
    "contact": ("lead", "opportunity"),
    "lead": (),
    "opportunity": (),
}


def _text(value: str) -> Any:
    return literal_column(f"'{value}'", Text)


def _one_of(column: Any, *values: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = column.in_(
        [_text(value) for value in values]
    )  # binds would make another statement of it
    return found


ACTIVITIES = ("call", "meeting", "task", "note", "email", "visit_report")
_DONE = or_(
    and_(_one_of(Activity.type, "call", "meeting"), _one_of(Activity.status, "held", "cancelled")),
    and_(Activity.type == "task", _one_of(Activity.status, "done", "deferred")),
    _one_of(Activity.type, "note", "email"),
)
"""What the historical summary shows (HIST-1)."""
_MOMENT = DateTime(timezone=True)
_SEEN = "of records that the asker sees"
RECORD = bindparam("record", type_=Uuid, required=True)
LIMIT = bindparam("row_limit", type_=Integer, required=True)
FLOOR = bindparam("floor", type_=_MOMENT, required=True)
_AFTER_AT = bindparam("after_at", type_=_MOMENT, required=True)
_AFTER_ID = bindparam("after_id", type_=Uuid, required=True)
_AFTER_KIND = bindparam("after_kind", type_=Text, required=True)
_KINDS = bindparam("kinds", type_=ARRAY(Text), required=True)


@dataclass(frozen=True)
class Shape:
    """What decides the statement; the values are bound. `belonging` are the kinds of records whose items are shown too,
    `sources` are activity, follow_up, message, attachment, milestone.
    """

    record_type: RecordKind
    reach: Reach
    sources: tuple[str, ...]
    belonging: tuple[RecordKind, ...]
    after: bool = False
    lower: bool = False
    upper: bool = False
    summary: bool = False
    some: bool = False
    """Whether only some types of activities are asked for."""


def _window(shape: Shape, at: Any, id_: Any, kind: Any) -> Iterator[ColumnElement[bool]]:
    """Where the page begins, and the period that is asked for."""
    if shape.after:
        yield tuple_(at, id_) <= tuple_(_AFTER_AT, _AFTER_ID)  # as the indexes are ordered
        yield tuple_(at, id_, kind) < tuple_(_AFTER_AT, _AFTER_ID, _AFTER_KIND)
    if shape.lower:
        yield at >= bindparam("at_after", type_=_MOMENT, required=True)
    if shape.upper:
        yield at < bindparam("at_before", type_=_MOMENT, required=True)


def _labelled(columns: Sequence[Any]) -> list[Any]:
    names = ("at", "id", "kind", "source", "record_type", "record_id", "who_id", "title")
    return [column.label(name) for column, name in zip(columns, names, strict=True)]


def _newest(shape: Shape, columns: Sequence[Any], *conditions: Any) -> Select[Any]:
    """A branch: `columns` are `at, id, kind, source, record_type, record_id, who_id, title`."""
    at, id_, kind = columns[:3]
    statement = select(*_labelled(columns)).where(*conditions, *_window(shape, at, id_, kind))
    return statement.order_by(at.desc(), id_.desc()).limit(LIMIT)


# --- the records -----------------------------------------------------------------------------------------------------


class Records:
    """The records that belong to the one that is asked about, as far as the asker sees them."""

    def __init__(self, shape: Shape) -> None:
        column = f"{shape.record_type}_id"
        self.parts: dict[RecordKind, Any] = {}
        for kind in shape.belonging:
            model = MODELS[kind]
            found = scope(select(model.id).where(getattr(model, column) == RECORD), model, shape.reach)
            self.parts[kind] = found.cte(f"their_{kind}").prefix_with("MATERIALIZED")
        own = select(RECORD.label("id"), _text(shape.record_type).label("type"))
        parts = [select(part.c.id, _text(kind)) for kind, part in self.parts.items()]
        self.all = union_all(own, *parts).cte("records").prefix_with("MATERIALIZED") if parts else own.cte("records")


# --- activities ------------------------------------------------------------------------------------------------------

_ABOUT = (
    case(
        (Activity.opportunity_id.is_not(None), _text("opportunity")),
        (Activity.lead_id.is_not(None), _text("lead")),
        (Activity.contact_id.is_not(None), _text("contact")),
        (Activity.account_id.is_not(None), _text("account")),
    ),
    func.coalesce(Activity.opportunity_id, Activity.lead_id, Activity.contact_id, Activity.account_id),
)
_ACTIVITY = (
    *(Activity.at, Activity.id, Activity.type, _text("activity"), *_ABOUT),
    *(func.coalesce(Activity.assignee_id, Activity.created_by), Activity.subject),
)


def _of_type(shape: Shape) -> Iterator[ColumnElement[bool]]:
    if shape.summary:
        yield _DONE
    if shape.some:
        yield Activity.type == func.any(_KINDS)


def own_activities(shape: Shape) -> Select[Any]:
    """Those that name the record themselves."""
    column = getattr(Activity, f"{shape.record_type}_id")
    return scope(_newest(shape, _ACTIVITY, column == RECORD, *_of_type(shape)), Activity, shape.reach)


def other_activities(shape: Shape, records: Records) -> Iterator[Select[Any]]:
    """Those of the records that belong to it, unless they name the record too; of a contact, those in which they take part.

    Each comes once: what an earlier branch gives, a later one leaves out.
    """
    column = getattr(Activity, f"{shape.record_type}_id")
    elsewhere = [column.is_distinct_from(RECORD), Activity.at >= FLOOR, *_of_type(shape)]
    for kind, part in records.parts.items():
        named = getattr(Activity, f"{kind}_id")
        theirs = _newest(shape, _ACTIVITY, named == part.c.id, *elsewhere)
        each = scope(theirs.correlate(part), Activity, shape.reach).lateral(f"{kind}_activities")
        yield select(each).select_from(part.join(each, true()))
        elsewhere.append(or_(named.is_(None), named.not_in(select(part.c.id))))  # hashed, so that indexes stay in use
    if shape.record_type == "contact":
        yield scope(_newest(shape, _ACTIVITY, taking_part(), *elsewhere), Activity, shape.reach)


def taking_part() -> ColumnElement[bool]:
    """Whether the contact takes part in the activity, besides whom it is about."""
    return Activity.id.in_(select(ActivityContact.activity_id).where(ActivityContact.contact_id == RECORD))


def window(shape: Shape) -> list[ColumnElement[bool]]:
    """The types and the period of activities that are asked for, whatever page."""
    whole = replace(shape, after=False)
    return [*_of_type(shape), *_window(whole, Activity.at, Activity.id, Activity.type)]


# --- follow-ups, messages, files -------------------------------------------------------------------------------------------------


def _on_each(records: Records, statement: Select[Any], name: str) -> Select[Any]:
    each = statement.correlate(records.all).lateral(name)
    return select(each).select_from(records.all.join(each, true()))


def follow_ups(shape: Shape, records: Records) -> Select[Any]:
    """Those on these records, by when they are due: whoever sees the record sees them."""
    columns = (
        *(FollowUp.due_at, FollowUp.id, _text("follow_up"), _text("follow_up"), records.all.c.type, records.all.c.id),
        *(FollowUp.assignee_id, func.left(FollowUp.note, 80)),
    )
    found = _newest(shape, columns, FollowUp.record_id == records.all.c.id, FollowUp.due_at >= FLOOR)
    return _on_each(records, beside(found, FollowUp, reason=_SEEN), "follow_ups_of")


def messages(shape: Shape, records: Records) -> Select[Any]:
    """Those that the asker sent or received: nobody reads others' messages, whatever else they may see."""
    received = select(MessageRecipient.message_id).where(
        MessageRecipient.message_id == Message.id, MessageRecipient.user_id == asker()
    )
    columns = (
        *(Message.created_at, Message.id, _text("message"), _text("message"), records.all.c.type, records.all.c.id),
        *(Message.sender_id, Message.subject),
    )
    found = _newest(
        shape,
        columns,
        Message.record_id == records.all.c.id,
        Message.created_at >= FLOOR,
        or_(Message.sender_id == asker(), received.correlate(Message).exists()),
    )
    return _on_each(records, beside(found, Message, reason="by the rule above, for everybody"), "messages_of")


def attachments(shape: Shape, records: Records) -> Select[Any]:
    """Files of these records; those of an activity are its own."""
    columns = (
        *(Attachment.created_at, Attachment.id, _text("attachment"), _text("attachment")),
        *(records.all.c.type, records.all.c.id, Attachment.created_by, Attachment.name),
    )
    found = _newest(shape, columns, Attachment.record_id == records.all.c.id, Attachment.created_at >= FLOOR)
    return _on_each(records, beside(found, Attachment, reason=_SEEN), "attachments_of")


# --- milestones ------------------------------------------------------------------------------------------------------


_NOTHING: Any = cast(null(), Text)


@dataclass(frozen=True)
class _Event:
    """Something that happened: its columns."""

    name: Any
    at: Any
    id: Any
    who: Any
    title: Any = _NOTHING


def _milestone(event: _Event, record: tuple[Any, Any], *conditions: Any) -> Any:
    columns = (event.at, event.id, event.name, _text("milestone"), *record, event.who, event.title)
    return select(*_labelled(columns)).where(*conditions)


def _created(model: Any, record: tuple[Any, Any]) -> Any:
    event = _Event(_text("created"), model.created_at, model.id, model.created_by)
    return beside(_milestone(event, record, model.id == record[1]), model, reason=_SEEN)


_MERGED = _Event(
    _text("merged"), Merge.created_at, Merge.id, Merge.created_by, cast(func.cardinality(Merge.loser_ids), Text)
)
_CONVERTED = _Event(
    _text("converted"), Conversion.converted_at, Conversion.lead_id, Conversion.converted_by, Conversion.outcome
)
_DEPARTED = _Event(_text("departed"), Departure.created_at, Departure.id, Departure.created_by, Departure.relationship)
_IN_LANGUAGE = case((bindparam("language", type_=Text, required=True) == "de", Stage.label_de), else_=Stage.label_en)
_ENTERED = _Event(
    case((Opportunity.status == "open", _text("stage_entered")), else_=Opportunity.status),
    Opportunity.stage_entered_at,
    Opportunity.id,
    cast(null(), Uuid),
    select(_IN_LANGUAGE).where(Stage.id == Opportunity.stage_id).correlate(Opportunity).scalar_subquery(),
)


def milestones(shape: Shape, records: Records) -> Select[Any]:
    """What happened to the record, and to those that belong to it; few, so that each is looked at."""
    every = union_all(*_milestones(shape, records)).subquery("milestones")
    at = (every.c.at, every.c.id, every.c.kind)
    window = _window(shape, *at)
    return select(every).where(every.c.at >= FLOOR, *window).order_by(*(column.desc() for column in at)).limit(LIMIT)


def _milestones(shape: Shape, records: Records) -> Iterator[Any]:
    own: tuple[Any, Any] = (_text(shape.record_type), RECORD)
    about = {shape.record_type: own} | {kind: (_text(kind), part.c.id) for kind, part in records.parts.items()}
    for kind, record in about.items():
        if record is own or kind != "contact":  # a customer's people are many, and none of them is news
            yield _created(MODELS[kind], record)
    if shape.record_type != "opportunity":
        done = (Merge.winner_id == RECORD, Merge.state == "done")
        yield beside(_milestone(_MERGED, own, *done), Merge, reason="who sees the winner sees the merge")
    if (lead := about.get("lead")) is not None:
        yield _milestone(_CONVERTED, lead, Conversion.lead_id == lead[1])
    if (contact := about.get("contact")) is not None:
        yield _milestone(_DEPARTED, contact, Departure.contact_id == contact[1])
    if (chance := about.get("opportunity")) is not None:
        moved = (Opportunity.id == chance[1], Opportunity.stage_entered_at > Opportunity.created_at)
        yield beside(_milestone(_ENTERED, chance, *moved), Opportunity, reason=_SEEN)
