"""Who may change an account or contact: its people, or everyone where it is opened to them (ID-5)."""

from typing import Protocol
from uuid import UUID

from app.core.context import Context
from app.core.principal import Principal, UserPrincipal, reach
from app.core.problems import Problem


class Managed(Protocol):
    """A record with an assignee, managers, teams and an access."""

    assignee_id: UUID
    manager_ids: list[UUID]
    team_ids: list[UUID]
    access: str


class NotAManager(Problem):
    """The asker sees the record, but it is others' to change."""

    status = 403
    code = "not_a_manager"
    title = {"de": "Nur für Betreuer", "en": "For its managers only"}
    detail = {
        "de": "Sie dürfen diesen Datensatz sehen, aber nur seine Betreuer und Teams dürfen das ändern.",
        "en": "You may see this record, but only its managers and teams may change this.",
    }


ACCESS_FIELDS = frozenset({"assignee_id", "manager_ids", "team_ids", "access", "segment", "centre_id"})
"""Who may do what with the record; to be changed by its people only, even where everyone may write."""


def reasons_to_manage(asker: Principal, record: Managed) -> dict[str, bool]:
    """Why somebody is one of the record's people: each of these is enough."""
    if not isinstance(asker, UserPrincipal):
        return {"sees_all": reach(asker) == "all"}
    return {
        "sees_all": reach(asker) == "all",
        "assignee": asker.user_id == record.assignee_id,
        "manager": asker.user_id in record.manager_ids,
        "team": not set(asker.team_ids).isdisjoint(record.team_ids),
    }


def reasons_to_change(
    asker: Principal, record: Managed, fields: set[str] | frozenset[str] = frozenset()
) -> dict[str, bool]:
    """Why somebody who sees the record may change these fields of it: each of these is enough."""
    opened = record.access == "public_write" and ACCESS_FIELDS.isdisjoint(fields)
    return {**reasons_to_manage(asker, record), "open_to_change": opened}


def is_manager(ctx: Context, record: Managed) -> bool:
    """Whether the asker is one of the record's people: its assignee, a manager, in one of its teams, or sees all records."""
    return any(reasons_to_manage(ctx.principal, record).values())


def require_write(ctx: Context, record: Managed, fields: set[str] | frozenset[str] = frozenset()) -> None:
    """Raise NotAManager unless the asker may change these fields of the record."""
    if not any(reasons_to_change(ctx.principal, record, fields).values()):
        raise NotAManager
