"""What a model's fields cannot say: groups of which one is needed, and fields that another record requires."""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from app.core.resource import PageQuery

EITHER: dict[str, list[list[str]]] = {
    "activities": [["account_id"], ["contact_id"], ["lead_id"], ["opportunity_id"]],
    "clearances": [["lock_id"], ["account_id"]],
    "messages": [["recipient_ids", "subject"], ["role_keys", "subject"], ["reply_to_id"]],
    "opportunities": [["name", "account_id", "expected_revenue"], ["message_id"]],
    "protection-checks": [["name"], ["company"], ["last_name"], ["phone"], ["email"], ["website"], ["vat_id"]],
}
"""All fields of at least one of the groups are there when a record is made."""

EITHER_OF: dict[str, dict[str, list[list[str]]]] = {
    "activities": {"meeting": [["starts_at"], ["all_day", "starts_on"]]},
}
"""The same for one variant of a resource."""

REQUIRED_BY: dict[str, dict[str, str]] = {
    "leads": {
        "path": "/v1/projects/{project_id}",
        "items": "required_fields",
    },
}
"""Another record names further fields that are required."""

COVERS: dict[str, dict[str, Any]] = {
    "pipelines.stages": {
        "field": "category",
        "values": ["open", "won", "lost"],
        "fixes": {"won": {"probability": 100}, "lost": {"probability": 0}},
    },
    "projects.statuses": {"field": "category", "values": ["open", "converted", "discarded"]},
}
"""Lists of objects in which each of these values of a field occurs, by `resource.path`; some of them fix other fields."""

_ADDRESS = ("street", "postal_code", "city", "state", "country")
_REACH = {"email": "emails", "phone": "phones", **dict.fromkeys(_ADDRESS, "addresses")}
SHORTHANDS: dict[str, dict[str, str]] = {
    "accounts": {**_REACH, "website": "web_addresses"},
    "contacts": _REACH,
}
"""Fields that are the primary entry of a list: a request names one of the two."""

ECHOED = {"emails.consent_at", "emails.consent_by", "phones.e164"}
"""Members of objects in lists that the server fills in; clients send back what they have read, or leave them out."""


def of(resource: str) -> dict[str, Any]:
    """What these tables say of a resource."""
    found: dict[str, Any] = {}
    if resource in EITHER:
        found["either"] = EITHER[resource]
    if resource in EITHER_OF:
        found["either_of"] = EITHER_OF[resource]
    if resource in REQUIRED_BY:
        found["required_by"] = REQUIRED_BY[resource]
    return found


def sort_values(query: type[PageQuery]) -> tuple[str, ...]:
    """The values that `sort` takes, but for custom fields."""
    info = query.model_fields.get("sort")
    return () if info is None else tuple(_literals(info.annotation))


def _literals(annotation: Any) -> Iterator[str]:
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif get_origin(annotation) in (Annotated, Union, UnionType):
        for inner in get_args(annotation):
            yield from _literals(inner)
