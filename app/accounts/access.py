"""Who may change an account or contact: its people, or everyone where it is opened to them (ID-5)."""

from typing import Protocol
from uuid import UUID

from app.core.context import Context
from app.core.principal import UserPrincipal
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


ACCESS_FIELDS = frozenset({"assignee_id", "manager_ids", "team_ids", "access"})
"""Who may do what with the record; to be changed by its people only, even where everyone may write."""


def is_manager(ctx: Context, record: Managed) -> bool:
    """Whether the asker is one of the record's people: its assignee, a manager, in one of its teams, or sees all records."""
    if ctx.reach == "all":
        return True
    if not isinstance(ctx.principal, UserPrincipal):
        return False
    asker = ctx.principal
    return asker.user_id in (record.assignee_id, *record.manager_ids) or not set(asker.team_ids).isdisjoint(
        record.team_ids
    )


def require_write(ctx: Context, record: Managed, fields: set[str] | frozenset[str] = frozenset()) -> None:
    """Raise NotAManager unless the asker may change these fields of the record."""
    if is_manager(ctx, record):
        return
    if record.access != "public_write" or not ACCESS_FIELDS.isdisjoint(fields):
        raise NotAManager
