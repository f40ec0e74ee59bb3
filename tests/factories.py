"""Plain functions that make records for tests; everything has a believable default."""

import itertools
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import Role, Team, TeamMember, User, UserRole

_numbers = itertools.count(1)


async def make_team(session: AsyncSession, kind: str = "centre_local", **values: Any) -> Team:
    """A team without members."""
    team = Team(**({"name": f"Team {next(_numbers)}", "kind": kind} | values))
    session.add(team)
    await session.commit()
    return team


async def make_user(
    session: AsyncSession, *roles: str, teams: Sequence[Team] = (), country: str = "AT", **values: Any
) -> User:
    """A user with these roles (a developer by default), in these teams and a private one."""
    number = next(_numbers)
    first, last = values.pop("first_name", "Eva"), values.pop("last_name", f"Muster{number}")
    user = User(
        **(
            {
                "user_name": f"{first}.{last}".lower(),
                "email": f"{first}.{last}@example.com".lower(),
                "first_name": first,
                "last_name": last,
                "country": country,
            }
            | values
        )
    )
    session.add(user)
    await session.flush()
    private = Team(name=f"{first} {last}", kind="private", user_id=user.id)
    session.add(private)
    await session.flush()
    user.default_team_id = private.id
    keys = roles or ("developer",)
    found = (await session.execute(select(Role).where(Role.key.in_(keys)))).scalars().all()
    assert len(found) == len(keys), keys
    session.add_all(UserRole(user_id=user.id, role_id=role.id) for role in found)
    session.add_all(TeamMember(team_id=team.id, user_id=user.id) for team in (private, *teams))
    await session.commit()
    return user
