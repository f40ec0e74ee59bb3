"""How pipelines and opportunities are read: one, many, as a board."""

from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.accounts.models import Account
from app.accounts.queries import any_in
from app.contacts.models import Contact
from app.core.expressions import Expression, link, money, plain, record
from app.core.filters import any_of, at_least, below, contains_word
from app.core.principal import Reach
from app.core.resource import Resource
from app.core.statements import prepared
from app.core.visibility import beside, scope
from app.custom_fields.lists import CustomLists
from app.identity.models import User
from app.opportunities.models import Opportunity, Pipeline, Stage
from app.opportunities.pipeline_schemas import PipelineRead
from app.opportunities.schemas import OpportunityRead

_NEVER = date(9999, 12, 31)
_NAMES = "whoever sees an opportunity may know whose it is: the customer's and the person's name, and nothing else"


def _object(model: Any, *names: str) -> Expression:
    return func.json_build_object(*(part for name in names for part in (name, getattr(model, name))))


_stage = _object(Stage, "id", "key", "label_de", "label_en", "probability", "category")
_stages = (
    select(func.json_agg(aggregate_order_by(_stage, Stage.position)))
    .where(Stage.pipeline_id == Pipeline.id)
    .correlate(Pipeline)
    .scalar_subquery()
)

PIPELINE = Resource(
    Pipeline,
    PipelineRead,
    {**record(Pipeline), **plain(Pipeline, "key", "name", "is_default"), "stages": _stages},
    sorts={"name": func.sort_key(Pipeline.name, type_=Text), "created_at": Pipeline.created_at},
    default_sort="name",
    is_owned=False,
)


def _name_contains(name: str) -> tuple[ColumnElement[bool], Any]:
    """Part of the opportunity's name, or of the account's; the accounts are found once, by their index."""
    own, convert = contains_word(Opportunity.search_key)(name)
    of_account, _ = contains_word(Account.sort_name)(name)
    accounts = select(Account.id).where(of_account).correlate(None)
    return or_(own, Opportunity.account_id.in_(accounts)), convert


ACCOUNT = link(Opportunity.account_id, Account.name)
ASSIGNEE = link(Opportunity.assignee_id, User.name)
REVENUE = money(Opportunity.amount, Opportunity.currency)

OPPORTUNITY = Resource(
    Opportunity,
    OpportunityRead,
    {
        **record(Opportunity),
        **plain(Opportunity, "name"),
        "account": ACCOUNT,
        "contact": link(Opportunity.contact_id, func.concat_ws(" ", Contact.first_name, Contact.last_name)),
        **plain(Opportunity, "lead_id", "pipeline_id"),
        "stage": _object(Stage, "id", "key", "label_de", "label_en"),
        **plain(Opportunity, "stage_entered_at", "probability", "status"),
        "expected_revenue": REVENUE,
        **plain(Opportunity, "close_on", "closed_at", "close_reason"),
        "assignee": ASSIGNEE,
        **plain(Opportunity, "team_ids", "description", "message_id", "custom"),
    },
    joins=lambda s: (
        s.join(Account, Account.id == Opportunity.account_id)
        .join(User, User.id == Opportunity.assignee_id)
        .join(Stage, Stage.id == Opportunity.stage_id)
        .outerjoin(Contact, Contact.id == Opportunity.contact_id)
    ),
    beside={Account: _NAMES, Contact: _NAMES},
    filters={
        "q": _name_contains,
        "pipeline_id": any_of(Opportunity.pipeline_id),
        "stage_id": any_of(Opportunity.stage_id),
        "status": any_of(Opportunity.status),
        "assignee_id": any_of(Opportunity.assignee_id),
        "team_id": any_in(Opportunity.team_ids),
        "account_id": any_of(Opportunity.account_id),
        "contact_id": any_of(Opportunity.contact_id),
        "lead_id": any_of(Opportunity.lead_id),
        "message_id": any_of(Opportunity.message_id),
        "close_after": at_least(Opportunity.close_on),
        "close_before": below(Opportunity.close_on),
        "created_after": at_least(Opportunity.created_at),
        "created_before": below(Opportunity.created_at),
    },
    sorts={
        "created_at": Opportunity.created_at,
        "close_on": func.coalesce(Opportunity.close_on, literal(_NEVER, Date), type_=Date),
        "expected_revenue": Opportunity.amount,
    },
    added=CustomLists("opportunity", Opportunity),
)


@prepared
def board_columns(how_far: Reach, filters: tuple[str, ...]) -> Select[Any]:
    """One row per stage of the pipeline: labels, count, sums by currency, the newest `cards` as JSON and where they end.

    Binds: pipeline, cards, and the filters' values as `f_…`.
    """
    conditions, _ = OPPORTUNITY.conditions(filters)
    amount = Opportunity.amount
    by_currency = scope(
        select(
            Opportunity.stage_id,
            Opportunity.currency,
            func.count().label("count"),
            func.sum(amount).label("sum"),
            func.round(func.sum(amount * Opportunity.probability) / 100, 2).label("weighted"),
        )
        .select_from(Opportunity)
        .where(Opportunity.pipeline_id == bindparam("pipeline", type_=Uuid, required=True), *conditions)
        .group_by(Opportunity.stage_id, Opportunity.currency),
        Opportunity,
        how_far,
    ).subquery("by_currency")
    totals = (
        select(
            by_currency.c.stage_id,
            cast(func.sum(by_currency.c.count), Integer).label("count"),
            _sums(by_currency, "sum"),
            _sums(by_currency, "weighted"),
        )
        .group_by(by_currency.c.stage_id)
        .subquery("totals")
    )
    card = {
        **plain(Opportunity, "id", "version", "name", "probability", "close_on", "stage_entered_at"),
        "account": ACCOUNT,
        "assignee": ASSIGNEE,
        "expected_revenue": REVENUE,
    }
    newest = scope(
        select(*(expression.label(name) for name, expression in card.items()), Opportunity.created_at.label("_at"))
        .select_from(Opportunity)
        .join(Account, Account.id == Opportunity.account_id)
        .join(User, User.id == Opportunity.assignee_id)
        .where(Opportunity.stage_id == Stage.id, *conditions)
        .order_by(Opportunity.created_at.desc(), Opportunity.id.desc())
        .limit(bindparam("cards", type_=Integer, required=True))
        .correlate(Stage),
        Opportunity,
        how_far,
    ).lateral("newest")
    shown = func.json_build_object(*(part for name in card for part in (name, newest.c[name])))
    in_order = (newest.c["_at"].desc(), newest.c.id.desc())
    cards = select(
        cast(func.json_agg(aggregate_order_by(shown, *in_order)), Text).label("cards"),
        func.array_agg(aggregate_order_by(newest.c["_at"], *in_order)).label("times"),
        func.array_agg(aggregate_order_by(newest.c.id, *in_order)).label("ids"),
    ).lateral("cards")
    statement = (
        select(
            *(getattr(Stage, name) for name in ("id", "key", "label_de", "label_en", "category", "probability")),
            func.coalesce(totals.c.count, 0).label("count"),
            func.coalesce(totals.c.sum, "[]").label("sums"),
            func.coalesce(totals.c.weighted, "[]").label("weighted_sums"),
            func.coalesce(cards.c.cards, "[]").label("cards"),
            cards.c.times,
            cards.c.ids,
        )
        .select_from(Stage)
        .outerjoin(totals, totals.c.stage_id == Stage.id)
        .join(cards, literal_column("true"))
        .where(Stage.pipeline_id == bindparam("pipeline", type_=Uuid, required=True))
        .order_by(Stage.position, Stage.id)
    )
    return beside(statement, Account, reason=_NAMES)


def _sums(by_currency: Any, name: str) -> Any:
    """The amounts of all currencies as a JSON list."""
    return cast(
        func.json_agg(aggregate_order_by(money(by_currency.c[name], by_currency.c.currency), by_currency.c.currency)),
        Text,
    ).label(name)
