"""What counts as poor data (ACC-15): each finding with its condition, what is told of it, and what mends it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import (
    ColumnElement,
    Date,
    DateTime,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
)

from app.accounts.models import Account
from app.activities.models import Activity
from app.contacts.models import AccountContact, Contact
from app.core.expressions import plain_code
from app.core.visibility import beside, unscoped
from app.data_quality.models import candidates
from app.duplicate_scans.models import DuplicateClusterMember
from app.duplicate_scans.queries import possible_duplicates
from app.identity.models import Centre, CentreArea

RecordType = Literal["account", "contact"]
Severity = Literal["error", "warning", "info"]
FindingType = Literal[
    "account_of_other_centre",
    "account_without_centre",
    "account_without_contact",
    "account_without_segment",
    "contact_without_account",
    "generic_email",
    "possible_duplicate",
    "stale",
    "unreachable",
]
MODELS: dict[str, Any] = {"account": Account, "contact": Contact}

STALE_BEFORE = bindparam("stale_before", type_=DateTime(timezone=True), required=True)
_STALE_DAY = bindparam("stale_day", type_=Date, required=True)


def _area_of(country: Any, postal_code: Any) -> Any:
    """The centre that answers for a postal code."""
    return select(CentreArea.centre_id).where(CentreArea.holds(country, plain_code(country, postal_code))).limit(1)


_by_area = _area_of(Account.country, Account.postal_code).correlate(Account).scalar_subquery()
_by_area_link = (
    select(func.json_build_object("id", Centre.id, "name", Centre.name))
    .where(Centre.id == _by_area)
    .correlate(Account)
    .scalar_subquery()
)

_people = select(literal(1)).where(
    Contact.account_id == Account.id,
    Contact.relationship == literal_column("'active'"),
    Contact.account_id.is_not(None),
)
_more_people = (
    select(literal(1))
    .select_from(AccountContact)
    .where(AccountContact.account_id == Account.id, Contact.relationship == literal_column("'active'"))
    .join(Contact, Contact.id == AccountContact.contact_id)
)
_more_accounts = select(literal(1)).where(AccountContact.contact_id == Contact.id)
_WHOSE = "asked only whether there is one, whoever may see it"


def _is_there(statement: Any, correlate: Any, *models: Any) -> ColumnElement[bool]:
    for model in models:
        statement = beside(statement, model, reason=_WHOSE)
    found: ColumnElement[bool] = statement.correlate(correlate).exists()
    return found


_activity = select(literal(1)).where(
    Activity.account_id == Account.id, func.greatest(Activity.created_at, Activity.updated_at) >= STALE_BEFORE
)
_last_activity = (
    beside(select(func.max(Activity.created_at)).where(Activity.account_id == Account.id), Activity, reason="only when")
    .correlate(Account)
    .scalar_subquery()
)
_is_stale = and_(
    Account.updated_at < STALE_BEFORE,
    or_(Account.last_order_on.is_(None), Account.last_order_on < _STALE_DAY),
    or_(Account.last_visit_on.is_(None), Account.last_visit_on < _STALE_DAY),
    not_(_is_there(_activity, Account, Activity)),
)
_codes = (
    unscoped(select(Account.country, Account.postal_code).distinct(), reason="which postal codes there are")
    .where(Account.postal_code.is_not(None), Account.centre_id.is_not(None))
    .cte("codes")
)
_placed = (
    select(
        _codes.c.country,
        _codes.c.postal_code,
        _area_of(_codes.c.country, _codes.c.postal_code).correlate(_codes).scalar_subquery().label("centre_id"),
    )
    .cte("placed")
    .prefix_with("MATERIALIZED")
)
_of_other_centre = select(Account.id).join(
    _placed,
    and_(
        _placed.c.country == Account.country,
        _placed.c.postal_code == Account.postal_code,
        _placed.c.centre_id != Account.centre_id,
    ),
)
"""Each postal code is looked up once, however many customers it has."""
_nothing: Any = null()


@dataclass(frozen=True)
class Finding:
    """One kind of finding on one kind of record. `search` gives the ids of all that have it, where only a search through all
    records does.
    """

    type: FindingType
    record_type: RecordType
    severity: Severity
    condition: ColumnElement[bool]
    detail: Any = _nothing
    search: Any = None

    @property
    def searched(self) -> bool:
        """Whether only a search through all records finds it."""
        return self.search is not None

    @property
    def model(self) -> Any:
        return MODELS[self.record_type]

    def condition_for(self, *, live: bool) -> ColumnElement[bool]:
        """The condition; in a large stock narrowed to what the last search has found, where only a search finds it."""
        if live or not self.searched:
            return self.condition
        found = select(candidates.c.record_id).where(candidates.c.type == self.type)
        return and_(self.model.id.in_(found), self.condition)


def _in_open_cluster(record_type: str) -> ColumnElement[bool]:
    """Among what the newest scan has found, and asked record by record, because whether a cluster is open takes a while to tell."""
    model, member = MODELS[record_type], DuplicateClusterMember
    of_kind = and_(member.record_type == literal_column(f"'{record_type}'"), ~member.related)
    listed = select(member.record_id).distinct().where(of_kind).order_by(member.record_id).subquery()
    cluster = possible_duplicates(record_type).where(member.record_id == model.id).offset(literal_column("0"))
    return and_(model.id == listed.c.record_id, cluster.correlate(model).exists())


_same = func.json_build_object
FINDINGS: tuple[Finding, ...] = (
    Finding(
        "account_of_other_centre",
        "account",
        "warning",
        Account.centre_id != _by_area,
        _same("responsible_centre", _by_area_link, "postal_code", Account.postal_code),
        search=_of_other_centre,
    ),
    Finding(
        "account_without_centre",
        "account",
        "warning",
        Account.centre_id.is_(None),
        _same("responsible_centre", _by_area_link, "postal_code", Account.postal_code),
    ),
    Finding(
        "account_without_contact",
        "account",
        "warning",
        and_(
            not_(_is_there(_people, Account, Contact)), not_(_is_there(_more_people, Account, Contact, AccountContact))
        ),
    ),
    Finding("account_without_segment", "account", "info", Account.segment.is_(None)),
    Finding(
        "contact_without_account",
        "contact",
        "error",
        and_(Contact.account_id.is_(None), not_(_is_there(_more_accounts, Contact, AccountContact))),
    ),
    Finding(
        "generic_email",
        "contact",
        "warning",
        func.has_generic_mailbox(Contact.email, Contact.reach_keys),
        _same("email", Contact.email),
    ),
    *(
        Finding(
            "possible_duplicate",
            record_type,
            "warning",
            _in_open_cluster(record_type),
        )
        for record_type in get_args(RecordType)
    ),
    Finding(
        "stale",
        "account",
        "info",
        _is_stale,
        _same(
            *("changed_at", Account.updated_at, "last_order_on", Account.last_order_on),
            *("last_visit_on", Account.last_visit_on, "last_activity_at", _last_activity),
        ),
        search=select(Account.id).where(_is_stale),
    ),
    *(
        Finding(
            "unreachable",
            record_type,
            "warning",
            and_(MODELS[record_type].phone.is_(None), MODELS[record_type].email.is_(None)),
        )
        for record_type in get_args(RecordType)
    ),
)

MESSAGES: Mapping[str, Mapping[str, str]] = {
    "account_of_other_centre": {
        "de": "Für die Postleitzahl ist ein anderes Centre zuständig.",
        "en": "Another centre answers for the postal code.",
    },
    "account_without_centre": {"de": "Der Kunde gehört zu keinem Centre.", "en": "The customer belongs to no centre."},
    "account_without_contact": {
        "de": "Der Kunde hat keinen Kontakt, der noch dort arbeitet.",
        "en": "The customer has no contact who is still there.",
    },
    "account_without_segment": {"de": "Der Kunde hat kein Segment.", "en": "The customer has no segment."},
    "contact_without_account": {
        "de": "Der Kontakt gehört zu keiner Firma.",
        "en": "The contact belongs to no account.",
    },
    "generic_email": {
        "de": "Die E-Mail-Adresse ist eine allgemeine; Kampagnen schreiben nicht an solche.",
        "en": "The e-mail address is a general one; campaigns do not write to such.",
    },
    "possible_duplicate": {
        "de": "Den Datensatz gibt es vielleicht zweimal.",
        "en": "The record may be there twice.",
    },
    "stale": {
        "de": "Seit über {months} Monaten weder geändert noch besucht, ohne Aktivität und ohne Auftrag.",
        "en": "Neither changed nor visited for more than {months} months, without activity and without order.",
    },
    "unreachable": {
        "de": "Es gibt weder Telefonnummer noch E-Mail-Adresse.",
        "en": "There is neither a phone number nor an e-mail address.",
    },
}
