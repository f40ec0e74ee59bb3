"""How dismissals are read: of each record as much as the asker may see."""

from functools import cache
from typing import Any

from sqlalchemy import case, func, or_, select, true

from app.contacts.models import Contact
from app.core.expressions import link, plain, record
from app.core.filters import Filter, any_of, at_least, below
from app.core.principal import Reach
from app.core.redirects import ids_or_winners
from app.core.resource import Resource
from app.core.visibility import predicate
from app.duplicates.models import MODELS, DuplicateDismissal
from app.duplicates.schemas import DismissalRead
from app.identity.models import User

_NAMES: dict[str, Any] = {
    "lead": MODELS["lead"].name,
    "account": MODELS["account"].name,
    "contact": func.concat_ws(" ", Contact.first_name, Contact.last_name),
}


def _names_one_of() -> Filter:
    """Either record is one of these."""
    first, second = ids_or_winners(DuplicateDismissal.first_id), ids_or_winners(DuplicateDismissal.second_id)
    return lambda name: (or_(first(name)[0], second(name)[0]), list)


@cache
def dismissals(how_far: Reach) -> Resource:
    """Dismissals as those read them who see that far."""

    def shown(kind: Any, id_: Any) -> Any:
        """`DismissedRecord`: with its name if the asker sees it."""
        names = []
        for of, model in MODELS.items():
            condition = predicate(model, how_far)
            seen = true() if condition is None else func.coalesce(condition, False)
            found = select(_NAMES[of]).where(model.id == id_, seen).correlate(DuplicateDismissal).scalar_subquery()
            names.append((kind == of, found))
        name = case(*names)
        party = case((name.is_not(None), func.json_build_object("type", kind, "id", id_)), else_=None)
        return func.json_build_object("ref", id_, "record", party, "name", name)

    return Resource(
        DuplicateDismissal,
        DismissalRead,
        {
            **record(DuplicateDismissal),
            "records": func.json_build_array(
                shown(DuplicateDismissal.first_type, DuplicateDismissal.first_id),
                shown(DuplicateDismissal.second_type, DuplicateDismissal.second_id),
            ),
            **plain(DuplicateDismissal, "reason"),
            "dismissed_by": link(DuplicateDismissal.created_by, User.name),
        },
        joins=lambda s: s.join(User, User.id == DuplicateDismissal.created_by, isouter=True),
        filters={
            "record_id": _names_one_of(),
            "dismissed_by": any_of(DuplicateDismissal.created_by),
            "created_after": at_least(DuplicateDismissal.created_at),
            "created_before": below(DuplicateDismissal.created_at),
        },
        sorts={"created_at": DuplicateDismissal.created_at},
        beside=dict.fromkeys(MODELS.values(), "only the names of those that the asker sees"),
    )
