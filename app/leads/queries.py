"""How leads are read: one, many, as a board."""

from typing import Any

from sqlalchemy import Integer, Select, Text, Uuid, bindparam, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.core.expressions import link, money, plain, record
from app.core.filters import any_of, at_least, at_most, below, contains_word, equals
from app.core.principal import Reach
from app.core.redirects import ids_or_winners
from app.core.resource import Resource
from app.core.statements import prepared
from app.core.visibility import scope
from app.custom_fields.lists import CustomLists
from app.identity.models import User
from app.leads.models import Lead
from app.leads.schemas import LeadRead
from app.projects.models import ProjectStatus

REVENUE = money(Lead.expected_revenue_amount, Lead.expected_revenue_currency)
ASSIGNEE = link(Lead.assignee_id, User.name)


def _with_assignee(statement: Select[Any]) -> Select[Any]:
    return statement.join(User, User.id == Lead.assignee_id, isouter=True)


LEAD = Resource(
    Lead,
    LeadRead,
    {
        **record(Lead),
        **plain(Lead, "project_id", "status", "phase", "source", "source_detail"),
        "assignee": ASSIGNEE,
        **plain(Lead, "name", "company", "salutation", "title", "first_name", "last_name", "birth_date"),
        **plain(Lead, "street", "postal_code", "city", "state", "country", "phone", "email", "website", "vat_id"),
        **plain(Lead, "contacted_on", "description"),
        "expected_revenue": REVENUE,
        **plain(
            Lead, "receipt_id", "converted_at", "account_id", "contact_id", "opportunity_requested_at", "created_by"
        ),
        **plain(Lead, "custom"),
    },
    joins=_with_assignee,
    filters={
        "id": ids_or_winners(Lead.id),
        "project_id": equals(Lead.project_id),
        "status": any_of(Lead.status),
        "phase": any_of(Lead.phase),
        "converted": equals(Lead.phase == "converted"),
        "assignee_id": any_of(Lead.assignee_id),
        "country": equals(Lead.country),
        "postal_code": equals(Lead.postal_code),
        "city": equals(Lead.city),
        "source": any_of(Lead.source),
        "contacted_from": at_least(Lead.contacted_on),
        "contacted_to": at_most(Lead.contacted_on),
        "created_after": at_least(Lead.created_at),
        "created_before": below(Lead.created_at),
        "q": contains_word(Lead.search_key),
    },
    sorts={"created_at": Lead.created_at, "name": Lead.sort_name},
    added=CustomLists("lead", Lead),
)


@prepared
def board_columns(how_far: Reach, filters: tuple[str, ...]) -> Select[Any]:
    """One row per status of the project: its labels, how many leads it has, and the newest `cards` of them as JSON.

    Binds: project, cards, and the filters' values as `f_…`.
    """
    conditions, _ = LEAD.conditions(filters)
    mine = (Lead.project_id == ProjectStatus.project_id, Lead.status == ProjectStatus.key, *conditions)
    count = scope(select(func.count()).select_from(Lead).where(*mine).correlate(ProjectStatus), Lead, how_far)
    card = {
        **plain(Lead, "id", "version", "name", "city", "postal_code", "phase", "contacted_on"),
        "assignee": ASSIGNEE,
        "expected_revenue": REVENUE,
    }
    newest = scope(
        _with_assignee(select(*(e.label(n) for n, e in card.items()), Lead.created_at.label("_at")).select_from(Lead))
        .where(*mine)
        .order_by(Lead.created_at.desc(), Lead.id.desc())
        .limit(bindparam("cards", type_=Integer, required=True))
        .correlate(ProjectStatus),
        Lead,
        how_far,
    ).lateral("card")
    shown = func.json_build_object(*(part for name in card for part in (name, newest.c[name])))
    cards = select(
        func.coalesce(
            func.json_agg(aggregate_order_by(shown, newest.c["_at"].desc(), newest.c.id.desc())),
            literal_column("'[]'::json"),
        ).cast(Text)
    ).select_from(newest)
    return (
        select(
            ProjectStatus.key,
            ProjectStatus.label_de,
            ProjectStatus.label_en,
            ProjectStatus.category,
            ProjectStatus.color,
            count.scalar_subquery().label("count"),
            cards.scalar_subquery().label("cards"),
        )
        .where(ProjectStatus.project_id == bindparam("project", type_=Uuid, required=True))
        .order_by(ProjectStatus.position)
    )
