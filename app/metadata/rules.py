"""What a model's fields cannot say: groups of which one is needed, and fields that another record requires."""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from app.core.resource import PageQuery

EITHER: dict[str, list[list[str]]] = {
    "activities": [["account_id"], ["contact_id"], ["lead_id"], ["opportunity_id"]],
    "clearances": [["lock_id"], ["account_id"]],
    "messages": [["recipient_ids"], ["role_keys"]],
    "opportunities": [["name", "account_id", "expected_revenue"], ["message_id"]],
    "protection-checks": [["name"], ["company"], ["last_name"], ["phone"], ["email"], ["website"], ["vat_id"]],
}
"""All fields of at least one of the groups are there when a record is made."""

REQUIRED_BY: dict[str, dict[str, str]] = {
    "leads": {
        "path": "/v1/projects/{project_id}",
        "items": "required_fields",
        "default_path": "/v1/projects?is_default=true",
    },
}
"""Another record names further fields that are required."""


def of(resource: str) -> dict[str, Any]:
    """What these tables say of a resource."""
    found: dict[str, Any] = {}
    if resource in EITHER:
        found["either"] = EITHER[resource]
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
