"""Users and teams that a request names: they must exist, and the users must be active."""

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, bindparam, func, select

from app.core.context import Context
from app.core.problems import Language
from app.core.statements import Statement
from app.identity.models import Team, User

FieldProblem = tuple[str, str, Mapping[Language, str]]
"""One wrong field, as `Invalid` takes it: pointer, code, sentence in both languages."""


def _wanted(name: str) -> object:
    return bindparam(name, type_=ARRAY(Uuid), required=True)


_KNOWN = Statement(
    select(
        func.array(select(User.id).where(User.id == func.any(_wanted("users")), User.active).scalar_subquery()).label(
            "users"
        ),
        func.array(select(Team.id).where(Team.id == func.any(_wanted("teams"))).scalar_subquery()).label("teams"),
    )
)

_NO_USER = {"de": "Diesen Benutzer gibt es nicht, oder er ist nicht aktiv.", "en": "There is no such active user."}
_NO_TEAM = {"de": "Dieses Team gibt es nicht.", "en": "There is no such team."}


async def unknown_references(
    ctx: Context,
    *,
    users: Iterable[tuple[str, UUID | None]] = (),
    teams: Iterable[tuple[str, UUID | None]] = (),
) -> list[FieldProblem]:
    """What is wrong with these (pointer, id) pairs: users who do not exist or are not active, teams that do not exist."""
    wanted_users = [(pointer, id_) for pointer, id_ in users if id_ is not None]
    wanted_teams = [(pointer, id_) for pointer, id_ in teams if id_ is not None]
    if not wanted_users and not wanted_teams:
        return []
    row = await ctx.fetch_one(_KNOWN, users=[id_ for _, id_ in wanted_users], teams=[id_ for _, id_ in wanted_teams])
    known_users, known_teams = set(row["users"]), set(row["teams"])
    return [
        *((pointer, "unknown_user", _NO_USER) for pointer, id_ in wanted_users if id_ not in known_users),
        *((pointer, "unknown_team", _NO_TEAM) for pointer, id_ in wanted_teams if id_ not in known_teams),
    ]


def each(pointer: str, ids: Iterable[UUID] | None) -> list[tuple[str, UUID | None]]:
    """A list of ids with the pointer of each item."""
    return [(f"{pointer}/{i}", id_) for i, id_ in enumerate(ids or ())]
