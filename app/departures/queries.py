"""How departures are read: through their contact."""

from sqlalchemy import Uuid, bindparam, select
from sqlalchemy.orm import aliased

from app.contacts.models import Contact, Departure
from app.core.expressions import link, plain, record
from app.core.resource import Resource
from app.core.statements import Statement
from app.core.visibility import unscoped
from app.departures.schemas import DepartureRead
from app.identity.models import User

_Next = aliased(Contact)
_next_contact = (
    select(_Next.id)
    .where(_Next.previous_contact_id == Departure.contact_id)
    .order_by(_Next.created_at.desc())
    .limit(1)
    .correlate(Departure)
    .scalar_subquery()
)

DEPARTURE = Resource(
    Departure,
    DepartureRead,
    {
        **record(Departure),
        **plain(Departure, "contact_id", "relationship", "left_on", "note"),
        "next_contact_id": _next_contact,
        "next_lead_id": Departure.lead_id,
        "recorded_by": link(Departure.created_by, User.name),
    },
    joins=lambda s: s.outerjoin(User, User.id == Departure.created_by),
    is_owned=False,
)

LATEST = Statement(
    unscoped(
        select(Departure.id, Departure.lead_id, _next_contact.label("contact_id"))
        .where(Departure.contact_id == bindparam("contact_id", type_=Uuid, required=True))
        .order_by(Departure.created_at.desc(), Departure.id.desc())
        .limit(1),
        reason="of a contact that the asker sees",
    )
)
"""The contact's latest departure, and what was made of it."""
