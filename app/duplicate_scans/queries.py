"""How scans and clusters are read."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
    true,
)
from sqlalchemy import column as sql_column
from sqlalchemy.orm import aliased
from sqlalchemy.sql.elements import ColumnElement

from app.accounts.models import Account
from app.contacts.models import Contact
from app.core.expressions import link, plain, record
from app.core.filters import any_of
from app.core.principal import Reach
from app.core.resource import Resource
from app.core.statements import prepared
from app.core.visibility import predicate, scope, unscoped
from app.duplicate_scans.models import DuplicateCluster, DuplicateClusterMember, DuplicateScan
from app.duplicate_scans.schemas import ScanRead
from app.duplicates.models import MODELS, DuplicateDismissal
from app.identity.models import User
from app.jobs.models import Job
from app.leads.models import Lead
from app.matching.index import party

_starter = aliased(User)

SCAN = Resource(
    DuplicateScan,
    ScanRead,
    {
        **record(DuplicateScan),
        **plain(DuplicateScan, "record_types", "minimum_verdict"),
        "started_by": link(DuplicateScan.created_by, _starter.name),
        "state": Job.state,
        "progress": func.json_build_object("done", Job.done, "total", Job.total),
        **plain(DuplicateScan, "compared", "clusters", "scanned_at"),
        "finished_at": Job.finished_at,
    },
    joins=lambda s: s.join(Job, Job.id == DuplicateScan.id).join(
        _starter, _starter.id == DuplicateScan.created_by, isouter=True
    ),
    beside={Job: "how far the scan is belongs to the scan"},
    filters={"state": any_of(Job.state)},
    sorts={"created_at": DuplicateScan.created_at},
    is_owned=False,
)

_NAMES: dict[str, Any] = {
    "lead": Lead.name,
    "account": Account.name,
    "contact": func.concat_ws(" ", Contact.first_name, Contact.last_name),
}
_cluster, _member = DuplicateCluster, DuplicateClusterMember
_one, _two = aliased(DuplicateClusterMember), aliased(DuplicateClusterMember)


def _alive(member: Any) -> ColumnElement[bool]:
    """Its record is there: the duplicate index follows every record in the same transaction."""
    there = select(literal(1)).where(party.c.record_type == member.record_type, party.c.record_id == member.record_id)
    return there.correlate(member).exists()


_dismissed = select(literal(1)).where(
    DuplicateDismissal.first_type == _one.record_type,
    DuplicateDismissal.second_type == _two.record_type,
    DuplicateDismissal.first_id == _one.record_id,
    DuplicateDismissal.second_id == _two.record_id,
)
_left = (
    select(func.count())
    .where(_member.cluster_id == _cluster.id, ~_member.related, _alive(_member))
    .correlate(_cluster)
    .scalar_subquery()
)
_open_pair = (
    select(literal(1))
    .select_from(_one)
    .join(_two, and_(_two.cluster_id == _one.cluster_id, _two.record_id > _one.record_id))
    .where(
        _one.cluster_id == _cluster.id,
        ~_one.related,
        ~_two.related,
        _alive(_one),
        _alive(_two),
        ~_dismissed.correlate(_one, _two).exists(),
    )
    .correlate(_cluster)
    .exists()
)
STATE = cast(case((_left < 2, "merged"), (~_open_pair, "dismissed"), else_="open"), Text)


def _members(how_far: Reach) -> Any:
    """A cluster's records as JSON: what each is now, whether the asker sees it, and how the matcher knows it."""

    def seen(model: Any) -> ColumnElement[bool]:
        condition = predicate(model, how_far)
        return true() if condition is None else func.coalesce(condition, literal(value=False))

    def of_kind(pick: Any) -> ColumnElement[Any]:
        return case(*((_member.record_type == name, pick(name, model)) for name, model in MODELS.items()))

    statement = select(
        func.json_agg(
            func.json_build_object(
                *("type", _member.record_type, "id", _member.record_id, "related", _member.related),
                *("name", of_kind(lambda name, _: _NAMES[name])),
                *("postal_code", of_kind(lambda _, model: model.postal_code)),
                *("city", of_kind(lambda _, model: model.city)),
                *("changed", of_kind(lambda _, model: model.version) != _member.record_version),
                *("there", of_kind(lambda _, model: model.id).is_not(None)),
                *("seen", of_kind(lambda _, model: and_(model.id.is_not(None), seen(model)))),
                *("dump", party.c.dump),
            )
        )
    ).select_from(_member)
    for name, model in MODELS.items():
        statement = statement.join(
            model, and_(_member.record_type == name, model.id == _member.record_id), isouter=True
        )
    statement = statement.join(
        party, and_(party.c.record_type == _member.record_type, party.c.record_id == _member.record_id), isouter=True
    )
    return statement.where(_member.cluster_id == _cluster.id).correlate(_cluster).scalar_subquery()


def _clusters(how_far: Reach) -> Select[Any]:
    columns: list[Any] = [
        *(_cluster.id, _cluster.scan_id, _cluster.rank, _cluster.record_type, _cluster.verdict, _cluster.score),
        *(_cluster.size, STATE.label("state"), cast(_members(how_far), Text).label("members")),
    ]
    reason = "DUP-3: a record counts whether or not the asker may see it; those they may not are only counted"
    return unscoped(scope(select(*columns), _cluster, how_far), reason=reason)


@prepared
def one(how_far: Reach) -> Select[Any]:
    """A cluster of which the asker sees two records."""
    return _clusters(how_far).where(
        _cluster.id == bindparam("id", type_=Uuid, required=True),
        _cluster.record_type == func.any(bindparam("types", type_=ARRAY(Text), required=True)),
    )


@prepared
def page(how_far: Reach, *, states: bool, verdict: bool, min_size: bool, after: bool) -> Select[Any]:
    """A scan's clusters by rank, those of which the asker sees two records."""
    statement = _clusters(how_far).where(
        _cluster.scan_id == bindparam("scan_id", type_=Uuid, required=True),
        _cluster.record_type == func.any(bindparam("types", type_=ARRAY(Text), required=True)),
    )
    if states:
        wanted = func.any(bindparam("states", type_=ARRAY(Text), required=True))
        statement = statement.where(STATE.op("=", is_comparison=True)(wanted))
    if verdict:
        statement = statement.where(_cluster.verdict == bindparam("verdict", type_=Text, required=True))
    if min_size:
        statement = statement.where(_cluster.size >= bindparam("min_size", type_=Integer, required=True))
    if after:
        statement = statement.where(_cluster.rank > bindparam("after", type_=Integer, required=True))
    return statement.order_by(_cluster.rank).limit(bindparam("row_limit", type_=Integer, required=True))


_pairs = (
    func.unnest(
        bindparam("ones", type_=ARRAY(Uuid), required=True), bindparam("others", type_=ARRAY(Uuid), required=True)
    )
    .table_valued(sql_column("one", Uuid), sql_column("other", Uuid))
    .render_derived()
)


@prepared
def there() -> Select[Any]:
    """Whether there is such a scan."""
    return select(DuplicateScan.id).where(DuplicateScan.id == bindparam("id", type_=Uuid, required=True))


@prepared
def dismissed_among() -> Any:
    """Which of these pairs of one kind, the smaller id first, somebody has found to be different."""
    statement: Any = select(DuplicateDismissal.first_id, DuplicateDismissal.second_id).join(
        _pairs, and_(DuplicateDismissal.first_id == _pairs.c.one, DuplicateDismissal.second_id == _pairs.c.other)
    )
    return unscoped(statement, reason="a pair is different, whoever asks")


@prepared
def dismissed_parties() -> Select[Any]:
    """All dismissed pairs, by their ids in the duplicate index."""
    first, second = party.alias("first_party"), party.alias("second_party")
    dismissal = DuplicateDismissal
    statement = (
        select(first.c.id, second.c.id)
        .select_from(dismissal)
        .join(first, and_(first.c.record_type == dismissal.first_type, first.c.record_id == dismissal.first_id))
        .join(second, and_(second.c.record_type == dismissal.second_type, second.c.record_id == dismissal.second_id))
    )
    return unscoped(statement, reason="what is different, for all")


def possible_duplicates(record_type: str) -> Select[Any]:
    """Ids of the records of a kind that stand in an open cluster of the newest finished scan, for lists of data quality (ACC-15).

    Whoever uses it scopes the records themselves.
    """
    newest = (
        select(DuplicateScan.id)
        .join(Job, Job.id == DuplicateScan.id)
        .where(Job.state == "done")
        .order_by(Job.finished_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    statement = (
        select(_member.record_id)
        .join(_cluster, _cluster.id == _member.cluster_id)
        .where(
            _cluster.scan_id == newest,
            _cluster.record_type == record_type,
            ~_member.related,
            STATE == "open",
        )
    )
    return unscoped(statement, reason="ids only, for a list that is scoped by its own model")
