"""A page of a timeline or historical summary, and how things stand: one statement each."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    CompoundSelect,
    DateTime,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    null,
    select,
    union,
    union_all,
)

from app.accounts.models import Account
from app.activities.models import Activity
from app.contacts.models import Contact
from app.core.principal import Reach
from app.core.statements import prepared
from app.core.visibility import beside, scope
from app.files.models import Attachment
from app.follow_ups.models import FollowUp
from app.identity.models import User
from app.leads.models import Lead
from app.messages.models import Message
from app.opportunities.models import Opportunity
from app.timeline.branches import (
    LIMIT,
    RECORD,
    Records,
    Shape,
    attachments,
    follow_ups,
    messages,
    milestones,
    other_activities,
    own_activities,
    taking_part,
    window,
)
from app.timeline.schemas import RecordKind

EXCERPT = 200
AT_MOST = 100
"""How many open tasks and follow-ups are counted."""
_CHOSEN = "chosen by the branches, which ask who sees what"
_NAMED = "whoever sees an item may know what it is about: the name, and nothing else"
_MOMENT = DateTime(timezone=True)


def _text(value: str) -> Any:
    return literal_column(f"'{value}'", Text)


@prepared
def own(shape: Shape) -> Select[Any]:
    """The next activities that name the record. By itself, so that it is planned for how much the asker sees of it."""
    return _completed(own_activities(shape).subquery("listed"), ("activity",))


@prepared
def others(shape: Shape) -> Select[Any]:
    """The next items that are not `own`, none older than `floor`."""
    records = Records(shape)
    branches: list[Any] = []
    if "activity" in shape.sources:
        branches += other_activities(shape, records)
    if "follow_up" in shape.sources:
        branches.append(follow_ups(shape, records))
    if "message" in shape.sources:
        branches.append(messages(shape, records))
    if "attachment" in shape.sources:
        branches.append(attachments(shape, records))
    if "milestone" in shape.sources:
        branches.append(milestones(shape, records))
    found = union_all(*branches).subquery("found")
    listed = select(found).order_by(found.c.at.desc(), found.c.id.desc(), found.c.kind.desc()).limit(LIMIT)
    return _completed(listed.subquery("listed"), shape.sources)


def _completed(listed: Any, sources: Sequence[str]) -> Select[Any]:
    """The items with their texts. Names are looked up one by one: joins would take longer to plan than these to run."""
    shown: dict[str, Any] = {
        "activity": (Activity, Activity.description, Activity.status, Activity.is_open, Activity.ends_at),
        "message": (Message, Message.body),
        "attachment": (Attachment, Attachment.content_type, Attachment.size),
        "follow_up": (FollowUp, FollowUp.note, FollowUp.status),
    }
    names: dict[str, Any] = {
        "account": (Account, Account.name),
        "lead": (Lead, Lead.name),
        "contact": (Contact, func.concat_ws(" ", Contact.first_name, Contact.last_name)),
        "opportunity": (Opportunity, Opportunity.name),
    }

    def found(model: Any, value: Any, id_: Any, reason: str) -> Any:
        return beside(select(value).where(model.id == id_).correlate(listed), model, reason=reason).scalar_subquery()

    details = []
    for source in sources:
        if source in shown:
            model, *columns = shown[source]
            row = func.json_build_array(
                func.left(columns[0], EXCERPT) if source != "attachment" else columns[0], *columns[1:]
            )
            details.append((listed.c.source == _text(source), found(model, row, listed.c.id, _CHOSEN)))
    name = case(
        *(
            (listed.c.record_type == _text(kind), found(model, value, listed.c.record_id, _NAMED))
            for kind, (model, value) in names.items()
        )
    )
    who = select(User.name).where(User.id == listed.c.who_id).correlate(listed).scalar_subquery()
    details_or_none = case(*details) if details else cast(null(), JSON)
    return select(listed, who.label("who_name"), name.label("record_name"), details_or_none.label("details")).order_by(
        listed.c.at.desc(), listed.c.id.desc(), listed.c.kind.desc()
    )


@prepared
def counts(shape: Shape) -> Select[Any]:
    """How many items of each kind of activity there are, those of records that belong to it included."""
    records = Records(shape)
    column = getattr(Activity, f"{shape.record_type}_id")
    wanted = [column == RECORD]
    for kind, part in records.parts.items():
        wanted.append(getattr(Activity, f"{kind}_id").in_(select(part.c.id)))
    if shape.record_type == "contact":
        wanted.append(taking_part())
    parts: list[Any] = []
    for condition in wanted:
        found: Any = select(Activity.id, Activity.type).where(condition, *window(shape))
        parts.append(scope(found, Activity, shape.reach))
    every = union(*parts).subquery("every")
    return select(every.c.type.label("kind"), func.count().label("number")).group_by(every.c.type)


@prepared
def header(record_type: RecordKind, how_far: Reach) -> CompoundSelect[Any]:
    """How things stand, by the activities that name the record: `name` with `id, kind, at, title`, or `number`."""
    own = getattr(Activity, f"{record_type}_id") == RECORD
    now = bindparam("now", type_=_MOMENT, required=True)
    shown = (Activity.id, Activity.type.label("kind"), Activity.at, Activity.subject.label("title"))
    nothing: Any = cast(null(), Integer)

    def dated(name: str, *conditions: Any, first: bool = False) -> Any:
        order = (Activity.at, Activity.id) if first else (Activity.at.desc(), Activity.id.desc())
        found = select(_text(name).label("name"), *shown, nothing.label("number")).where(own, *conditions)
        return select(scope(found, Activity, how_far).order_by(*order).limit(literal_column("1")).subquery())

    def number(name: str, found: Select[Any]) -> Any:
        counted = select(func.count()).select_from(found.limit(literal_column(str(AT_MOST))).subquery())
        none = (cast(null(), Uuid), cast(null(), Text), cast(null(), _MOMENT), cast(null(), Text))
        return select(_text(name), *none, counted.scalar_subquery())

    tasks = scope(select(Activity.id).where(own, Activity.is_open, Activity.type == "task"), Activity, how_far)
    waiting = select(FollowUp.id).where(FollowUp.record_id == RECORD, FollowUp.status == "open")
    open_follow_ups = scope(waiting, FollowUp, how_far)
    return union_all(
        dated("last_call", Activity.type == "call", Activity.status == "held"),
        dated("last_meeting", Activity.type == "meeting", Activity.status == "held"),
        dated("last_visit", Activity.type == "visit_report"),
        dated("next_planned", Activity.is_open, Activity.at >= now, first=True),
        number("open_tasks", tasks),
        number("open_follow_ups", open_follow_ups),
    )
