"""SQL expressions that resources are made of."""

from typing import Any

from sqlalchemy import ColumnElement, Text, Uuid, bindparam, case, cast, func, literal_column, select

from app.core.particulars import DIGITS_ONLY
from app.core.visibility import USER

Expression = ColumnElement[Any]


def money(amount: Any, currency: Any) -> Expression:
    """`{"amount": "12.30", "currency": "EUR"}`, or null where there is no amount."""
    return case(
        (amount.is_(None), None), else_=func.json_build_object("amount", cast(amount, Text), "currency", currency)
    )


def link(id_: Any, name: Any) -> Expression:
    """`{"id": …, "name": …}`, or null where there is no id."""
    return case((id_.is_(None), None), else_=func.json_build_object("id", id_, "name", name))


def plain_code(country: Any, postal_code: Any) -> Expression:
    """What `particulars.plain_code` makes of a postal code; null where that is nothing."""
    bare = func.regexp_replace(func.upper(postal_code), "[^A-Z0-9]", "", "g")
    letterless = country.in_([literal_column(f"'{one}'") for one in DIGITS_ONLY])
    return func.nullif(case((letterless, func.regexp_replace(bare, "^[A-Z]+", "")), else_=bare), "")


def named(id_: Any, other: Any, name: Any) -> Expression:
    """The link to the record that a column names, looked up for each row that is shown: many joins cost more to plan than to
    run.
    """
    return link(id_, select(name).where(other.id == id_).correlate(id_.table).scalar_subquery())


def photo(record_id: Any, photo_id: Any, path: str) -> Expression:
    """`{"url": …}` of the record's picture, or null where there is none."""
    url = func.concat(f"/v1/{path}/", record_id, "/photo?version=", photo_id)
    return case((photo_id.is_(None), None), else_=func.json_build_object("url", url))


def asker() -> Expression:
    """The id of the person who asks, filled in at each execution."""
    return bindparam(USER, type_=Uuid(), required=True)


def record(model: Any) -> dict[str, Any]:
    """The expressions of `RecordRead`."""
    return {"id": model.id, "version": model.version, "created_at": model.created_at, "updated_at": model.updated_at}


def plain(model: Any, *names: str) -> dict[str, Any]:
    """Columns shown as they are stored."""
    return {name: getattr(model, name) for name in names}
