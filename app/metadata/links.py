"""Where the options of a field are fetched, and which records a link names."""

from collections.abc import Iterator
from typing import Any, Protocol


class Spot(Protocol):
    """Where a value is: see `shapes.Place`."""

    @property
    def resource(self) -> str: ...
    @property
    def names(self) -> tuple[str, ...]: ...


_SHOWN: dict[str, str] = {
    "contacts": "{first_name} {last_name}",
    "opportunities": "{name}, {account.name}",
    "messages": "{subject}",
    "activities": "{subject}",
    "protection-checks": "{created_at}",
    "lead-locks": "{customer_name}",
    "custom-fields": "{label_de}|{label_en}",
}
"""How a record of a resource is shown, German and English by `|` if they differ; others by their name."""

_SEARCHED = {"users", "teams", "centres", "accounts", "contacts", "leads", "opportunities", "activities"}
_SEARCHED |= {"member-organisations"}
"""Lists that take `q`."""

_ACTIVE = {"users", "member-organisations"}
"""Lists of which only the active ones are given to records."""

_WITHIN: dict[str, str] = {"accounts.main_contact_id": "account_id={id}"}
"""Records that are options only with this query, by `resource.path`; `{id}` is the record that is changed."""

TARGETS: dict[str, str | None] = {
    "account": "accounts",
    "account_id": "accounts",
    "ask": "users",
    "assignee": "users",
    "assignee_id": "users",
    "centre": "centres",
    "centre_id": "centres",
    "consent_by": "users",
    "contact": "contacts",
    "contact_id": "contacts",
    "contact_ids": "contacts",
    "contacts": "contacts",
    "created_by": "users",
    "decided_by": "users",
    "default_team_id": "teams",
    "dismissed_by": "users",
    "done_by": "users",
    "follow_up": "activities",
    "follows": "activities",
    "holder": "users",
    "holder_id": "users",
    "lead": "leads",
    "lead_id": "leads",
    "lock_id": "lead-locks",
    "main_contact": "contacts",
    "main_contact_id": "contacts",
    "manager_id": "users",
    "manager_ids": "users",
    "maps_to_id": "custom-fields",
    "member_id": "users",
    "member_organisation_id": "member-organisations",
    "member_organisation_ids": "member-organisations",
    "members": "users",
    "merged_by": "users",
    "message_id": "messages",
    "next_contact_id": "contacts",
    "next_lead_id": "leads",
    "not_duplicate_of": None,  # `ref`s of matches, whatever they are
    "opportunity": "opportunities",
    "opportunity_id": "opportunities",
    "owner": "users",
    "owner_id": "users",
    "parent": "accounts",
    "parent_id": "accounts",
    "participant_id": "users",
    "participant_ids": "users",
    "participants": "users",
    "partner": "accounts",
    "pipeline_id": "pipelines",
    "previous_contact_id": "contacts",
    "project_id": "projects",
    "receipt_id": "protection-checks",
    "recipient_ids": "users",
    "recipients": "users",
    "ref": None,  # of a match, whatever it is
    "reply_to_id": "messages",
    "requested_by": "users",
    "script_version_id": None,  # a version of a call script, which is no record
    "sender": "users",
    "sender_id": "users",
    "reviewed_by": "users",
    "series_id": "activities",
    "started_by": "users",
    "task_id": "activities",
    "team_id": "teams",
    "team_ids": "teams",
    "teams": "teams",
    "thread_id": "messages",
    "undone_by": "users",
    "user": "users",
    "user_id": "users",
    "visit_report_id": "activities",
}
"""Which resource's records a field of this name names; None for ids that name none by themselves."""

_TARGETS_OF: dict[str, str | None] = {}
"""The same where a resource departs from it, by `resource.path`."""

_BY: dict[str, str] = {
    "record_id": "record_type",
    "record_ids": "record_type",
    "winner_id": "record_type",
    "loser_ids": "record_type",
}
"""Ids of whatever kind of record another field beside them names."""

_STAGES = ("/v1/pipelines/{pipeline_id}", "stages", "id", "{label_de}|{label_en}")
_OPTIONS: dict[str, tuple[str, str, str, str]] = {
    # field: (path, member with the options, member that is sent, how it is shown)
    "call_type": ("/v1/call-scripts?active=true", "items", "key", "{label_de}|{label_en}"),
    "contact_type": ("/v1/contact-types?active=true", "items", "key", "{label_de}|{label_en}"),
    "stage_id": _STAGES,
    "role": ("/v1/roles", "items", "key", "{label_de}|{label_en}"),
    "roles": ("/v1/roles", "items", "key", "{label_de}|{label_en}"),
    "role_keys": ("/v1/roles", "items", "key", "{label_de}|{label_en}"),
    "leads.status": ("/v1/projects/{project_id}", "statuses", "key", "{label_de}|{label_en}"),
}
"""Options that are not the records of a list."""

_ENUMS: dict[str, tuple[str, bool]] = {
    # field: (name of the list of values, whether others are refused)
    "industry": ("industries", False),
    "language": ("languages", False),
    "legal_form": ("legal-forms", False),
    "level": ("levels", False),
    "salutation": ("salutations", False),
    "source": ("sources", False),
    "state": ("states?country={country}", False),
    "title": ("titles", False),
}
"""Texts for which `/v1/enums` has suggestions."""

unknown: dict[str, None] = {}
"""Fields that name records of which this page does not say what they are, as far as was asked: a test asks for all."""


def options(path: str, items: str, value: str, shown: str, *, closed: bool = True) -> dict[str, Any]:
    """`OptionsFrom`, as the metadata say it."""
    de, _, en = shown.partition("|")
    found: dict[str, Any] = {"path": path, "items": items, "value": value, "label": {"de": de, "en": en or de}}
    found["closed"] = closed
    return found


def records(resource: str, query: str = "") -> dict[str, Any]:
    """The records of a resource as options."""
    query = query or ("active=true" if resource in _ACTIVE else "")
    path = f"/v1/{resource}?{query}" if query else f"/v1/{resource}"
    found = options(path, "items", "id", _SHOWN.get(resource, "{name}"))
    return found | ({"search": "q"} if resource in _SEARCHED else {})


def enum(path: str, *, closed: bool) -> dict[str, Any]:
    """A list of values of `/v1/enums` as options."""
    return options(f"/v1/enums/{path}", "options", "value", "{label.de}|{label.en}", closed=closed)


def target(place: Spot) -> Iterator[tuple[str, Any]]:
    """Which records a link names: its type, their resource, and where they are to choose from."""
    path, last = ".".join(place.names), place.names[-1]
    own = f"{place.resource}.{path}"
    if special := _OPTIONS.get(own) or _OPTIONS.get(last):
        yield "type", "link"
        yield "options_from", options(*special)
    elif last in _BY or (last == "id" and len(place.names) > 1):
        yield "type", "link"
        yield "target_by", _BY.get(last, "type")
    elif own not in _TARGETS_OF and last not in TARGETS:
        yield "type", "id"
        unknown[f"app/metadata/links.py: TARGETS lacks {last!r} (of {own}): which resource does it name?"] = None
    elif named := _TARGETS_OF.get(own, TARGETS.get(last)):
        yield "type", "link"
        yield "target", named
        yield "options_from", records(named, _WITHIN.get(own, ""))
    else:
        yield "type", "id"


def options_of_text(place: Spot, listed: str | None) -> dict[str, Any] | None:
    """Where the options of a text are, if there are any; `listed` is the list that its own type names."""
    last = place.names[-1]
    if listed is not None:
        return enum(listed, closed=True)
    if special := _OPTIONS.get(f"{place.resource}.{'.'.join(place.names)}") or _OPTIONS.get(last):
        return options(*special)
    if last in _ENUMS:
        name, closed = _ENUMS[last]
        return enum(name, closed=closed)
    return None
