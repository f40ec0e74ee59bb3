"""How merges are read."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Interval, Uuid, and_, bindparam, func, literal, literal_column, or_
from sqlalchemy.orm import aliased

from app.core.expressions import link, plain, record
from app.core.filters import Filter, equals
from app.core.resource import Resource
from app.identity.models import User
from app.merges.models import Merge
from app.merges.schemas import MergeRead

UNDO_TIME = timedelta(days=30)

_by, _undoer = aliased(User), aliased(User)
_until = Merge.created_at + literal(UNDO_TIME, Interval)


def _involves() -> Filter:
    """Merges that a record won or lost."""

    def build(name: str) -> tuple[ColumnElement[bool], Callable[[Any], Any]]:
        wanted = bindparam(name, type_=Uuid, required=True)
        lost = Merge.loser_ids.op("@>", is_comparison=True)(func.array_fill(wanted, literal_column("ARRAY[1]")))
        return or_(Merge.winner_id == wanted, lost), lambda value: value

    return build


MERGE = Resource(
    Merge,
    MergeRead,
    {
        **record(Merge),
        **plain(Merge, "record_type", "winner_id", "loser_ids", "origin", "state", "fields", "moved"),
        "merged_by": link(Merge.created_by, _by.name),
        "undo_until": _until,
        "undoable": and_(Merge.state == "done", Merge.undo.is_not(None), _until > func.now()),
        "undone_at": Merge.undone_at,
        "undone_by": link(Merge.undone_by, _undoer.name),
        "kept": Merge.kept,
    },
    joins=lambda s: s.join(_by, _by.id == Merge.created_by, isouter=True).join(
        _undoer, _undoer.id == Merge.undone_by, isouter=True
    ),
    filters={"record_type": equals(Merge.record_type), "record_id": _involves(), "state": equals(Merge.state)},
    sorts={"created_at": Merge.created_at},
)
