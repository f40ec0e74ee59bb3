"""Findings as set queries: a page of them, their numbers, and the search through all records that large stocks need now and then."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    ColumnElement,
    Delete,
    Float,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    delete,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy import table as sql_table
from sqlalchemy.dialects.postgresql import Insert, insert

from app.accounts.models import Account
from app.contacts.models import Contact
from app.core.principal import Reach
from app.core.statements import Statement, prepared
from app.core.visibility import beside, scope, unscoped
from app.data_quality.findings import FINDINGS, Finding
from app.data_quality.models import DataQualityCount, candidates, refreshes
from app.identity.models import Centre, Team, User

_NAMES: dict[str, Any] = {
    "account": Account.name,
    "contact": func.concat_ws(" ", Contact.first_name, Contact.last_name),
}
_employers_centre = (
    beside(
        select(Account.centre_id).where(Account.id == Contact.account_id),
        Account,
        reason="whoever sees a person may know whom they work for, and which centre that belongs to",
    )
    .correlate(Contact)
    .scalar_subquery()
)
_CENTRES: dict[str, Any] = {"account": Account.centre_id, "contact": _employers_centre}
_ANYBODY = "made of all records; who reads it sees only their own part"


def _ids(name: str) -> Any:
    return bindparam(name, type_=ARRAY(Uuid), required=True)


def _of_centres(model: Any) -> ColumnElement[bool]:
    """The record belongs to one of these centres; a contact, to a customer of theirs."""
    wanted = func.any(_ids("f_centre_id"))
    if model is not Contact:
        found: ColumnElement[bool] = model.centre_id == wanted
        return found
    customers = select(Account.id).where(Account.centre_id == wanted)
    return Contact.account_id.in_(beside(customers, Account, reason="only whose customers they are, as above"))


def _filters(model: Any, names: tuple[str, ...]) -> list[ColumnElement[bool]]:
    known: dict[str, Any] = {
        "centre_id": lambda: _of_centres(model),
        "team_id": lambda: model.team_ids.op("&&", is_comparison=True)(_ids("f_team_id")),
        "assignee_id": lambda: model.assignee_id == func.any(_ids("f_assignee_id")),
    }
    return [known[name]() for name in names]


# --- the list --------------------------------------------------------------------------------------------------------


def _branch(finding: Finding, how_far: Reach, *, live: bool, filters: tuple[str, ...], after: bool) -> Any:
    """The next records with one finding. Each branch stops by itself, so that no kind of finding is searched to its end."""
    model: Any = finding.model
    centre = _CENTRES[finding.record_type]
    statement = select(
        literal_column(f"'{finding.type}'", Text).label("type"),
        literal_column(f"'{finding.record_type}'", Text).label("record_type"),
        model.id,
        _NAMES[finding.record_type].label("name"),
        centre.label("centre_id"),
        model.team_ids,
        model.assignee_id,
        cast(finding.detail, JSON).label("detail"),
    ).where(*_filters(model, filters))
    last = bindparam("after_id", type_=Uuid, required=True)
    statement = statement.where(finding.condition_for(live=live))
    if after:
        later = literal(finding.type) > bindparam("after_type", type_=Text, required=True)
        statement = statement.where(model.id >= last, or_(model.id > last, later))
    statement = statement.order_by(model.id).limit(bindparam("row_limit", type_=Integer, required=True))
    return select(scope(statement, model, how_far).subquery())


@prepared
def page(how_far: Reach, chosen: tuple[int, ...], *, live: bool, filters: tuple[str, ...], after: bool) -> Select[Any]:
    """The next findings of these kinds, by record and kind."""
    branches = [_branch(FINDINGS[i], how_far, live=live, filters=filters, after=after) for i in chosen]
    found = union_all(*branches).subquery("found")
    centre = func.json_build_object("id", found.c.centre_id, "name", Centre.name)
    return (
        select(
            *(found.c.type, found.c.record_type, found.c.id, found.c.name, found.c.team_ids, found.c.assignee_id),
            User.name.label("assignee_name"),
            cast(func.coalesce(found.c.detail, cast(literal_column("'{}'"), JSON)), Text).label("detail"),
            cast(centre, Text).label("centre"),
            found.c.centre_id,
        )
        .outerjoin(User, User.id == found.c.assignee_id)
        .outerjoin(Centre, Centre.id == found.c.centre_id)
        .order_by(found.c.id, found.c.type)
        .limit(bindparam("row_limit", type_=Integer, required=True))
    )


# --- the numbers -----------------------------------------------------------------------------------------------------


def _summed(groups: Select[Any]) -> Select[Any]:
    """Of groups by type, centre and teams: each type's number, and those by centre and team."""
    group = groups.cte("grouped")
    team = func.unnest(group.c.team_ids).table_valued("id", joins_implicitly=True).render_derived()
    by_type = select(
        *(
            group.c.type,
            group.c.record_type,
            cast(null(), Uuid).label("centre_id"),
            cast(null(), Uuid).label("team_id"),
        ),
        cast(func.sum(group.c.number), Integer).label("number"),
        literal_column("true", Boolean).label("total"),
    ).group_by(group.c.type, group.c.record_type)
    by_all = (
        select(
            *(group.c.type, group.c.record_type, group.c.centre_id, team.c.id.label("team_id")),
            cast(func.sum(group.c.number), Integer).label("number"),
            literal_column("false", Boolean).label("total"),
        )
        .select_from(group.join(team, true(), isouter=True))
        .group_by(group.c.type, group.c.record_type, group.c.centre_id, team.c.id)
    )
    both = union_all(by_type, by_all).subquery("both")
    return select(both).order_by(both.c.type, both.c.record_type, both.c.centre_id, both.c.team_id)


@prepared
def counts_now(how_far: Reach, chosen: tuple[int, ...], filters: tuple[str, ...]) -> Select[Any]:
    """Numbers of what is found now."""

    def part(finding: Finding) -> Any:
        model: Any = finding.model
        centre = _CENTRES[finding.record_type]
        found = select(centre.label("centre_id"), model.team_ids).where(
            finding.condition_for(live=True), *_filters(model, filters)
        )
        rows = scope(found, model, how_far).subquery()
        return select(
            literal_column(f"'{finding.type}'", Text).label("type"),
            literal_column(f"'{finding.record_type}'", Text).label("record_type"),
            *(rows.c.centre_id, rows.c.team_ids, func.count().label("number")),
        ).group_by(rows.c.centre_id, rows.c.team_ids)

    parts = union_all(*(part(FINDINGS[i]) for i in chosen)).subquery("parts")
    return _summed(select(parts))


@prepared
def counts_kept(how_far: Reach, filters: tuple[str, ...]) -> Select[Any]:
    """Numbers as of the last refresh."""
    kept = DataQualityCount
    types = bindparam("types", type_=ARRAY(Text), required=True)
    group: list[Any] = [kept.type, kept.record_type, kept.centre_id, kept.team_ids]
    chosen = func.concat(kept.record_type, ".", kept.type) == func.any(types)
    groups = select(*group, func.sum(kept.number).label("number")).where(chosen, *_filters(kept, filters))
    groups = groups.group_by(*group)
    return _summed(scope(groups, kept, how_far))


NAMES_OF = Statement(
    union_all(
        select(literal_column("'centre'", Text).label("kind"), Centre.id, Centre.name).where(
            Centre.id == func.any(_ids("centres"))
        ),
        select(literal_column("'team'", Text), Team.id, Team.name).where(Team.id == func.any(_ids("teams"))),
    )
)
_catalogue = sql_table("pg_class", column("oid"), column("reltuples", Float))
SIZE = Statement(
    select(func.sum(func.greatest(_catalogue.c.reltuples, 0)).label("records")).where(
        _catalogue.c.oid.in_([literal_column("'accounts'::regclass"), literal_column("'contacts'::regclass")])
    )
)
"""How many accounts and contacts there are, about: as the planner reckons."""

# --- the search through all ------------------------------------------------------------------------------------------

AS_OF = Statement(select(refreshes.c.as_of))
_now = bindparam("now", type_=refreshes.c.as_of.type, required=True)
_refreshed = insert(refreshes).values(id=1, as_of=_now)
REFRESHED = Statement(
    _refreshed.on_conflict_do_update(index_elements=["id"], set_={"as_of": _refreshed.excluded.as_of})
)


@prepared
def forget_candidates(which: int) -> Delete:
    """Take back candidates of whom it is true no more."""
    finding = FINDINGS[which]
    still = select(literal(1)).where(finding.model.id == candidates.c.record_id, finding.condition)
    gone = delete(candidates).where(candidates.c.type == finding.type, ~still.correlate(candidates).exists())
    return unscoped(gone, reason=_ANYBODY)


@prepared
def find_candidates(which: int) -> Insert:
    """Search all records for new candidates."""
    finding = FINDINGS[which]
    found = finding.search.add_columns(literal_column(f"'{finding.type}'", Text))
    new = insert(candidates).from_select(["record_id", "type"], found).on_conflict_do_nothing()
    return unscoped(new, reason=_ANYBODY)


@prepared
def forget_counts(which: int) -> Delete:
    """Make room for the new numbers of a finding."""
    finding, kept = FINDINGS[which], DataQualityCount
    old = delete(kept).where(kept.type == finding.type, kept.record_type == finding.record_type)
    return unscoped(old, reason=_ANYBODY)


@prepared
def keep_counts(which: int) -> Insert:
    """Count one finding for everybody: by centre, and by what decides who sees it."""
    finding = FINDINGS[which]
    model: Any = finding.model
    centre = _CENTRES[finding.record_type]
    rows = (
        select(
            centre.label("centre_id"),
            *(model.team_ids, model.assignee_id, model.manager_ids),
            (model.access != literal_column("'managers'")).label("open_to_all"),
        )
        .where(finding.condition_for(live=False))
        .subquery()
    )
    groups = [rows.c.centre_id, rows.c.team_ids, rows.c.assignee_id, rows.c.manager_ids, rows.c.open_to_all]
    found = select(
        literal_column(f"'{finding.type}'", Text),
        literal_column(f"'{finding.record_type}'", Text),
        *groups,
        func.count(),
    ).group_by(*groups)
    names = ["type", "record_type", "centre_id", "team_ids", "assignee_id", "manager_ids", "open_to_all", "number"]
    return unscoped(insert(DataQualityCount).from_select(names, found, include_defaults=False), reason=_ANYBODY)
