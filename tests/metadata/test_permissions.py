"""What the metadata say that an operation needs is what it asks for: each is called with nothing, then with what it missed."""

import re
from uuid import UUID

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.core.permissions import BUILT_IN_ROLES, Permission
from app.identity.models import Role, UserRole
from app.metadata.permissions import NEEDED, ONE_OF, SOMETIMES
from tests.arch.situations import request_of
from tests.arch.test_matrix import TABLE
from tests.arch.world import make_world
from tests.conftest import Api
from tests.contract.schemas import Document, named_operations
from tests.factories import make_user

ENOUGH = 8


@pytest.mark.rule("ACC-10")
async def test_each_operation_needs_what_the_metadata_say(
    api: Api, session: AsyncSession, rollback: AsyncConnection, document: Document
) -> None:
    user, ids = await make_world(api, session, "admin")
    role = await _only_role(session, user.id)
    client = await api.as_user(user)
    wrong = []
    for name, path, method, operation in named_operations(document):
        if not operation["security"]:
            continue
        asked: list[str] = []
        for _ in range(ENOUGH):
            role.permissions = ["records.read_all", *asked]
            await session.commit()
            untouched = await rollback.begin_nested()
            answer = await client.request(method, **request_of(path, operation, ids))
            await untouched.rollback()
            told = re.search("“(.+)”", answer.json()["detail"]) if answer.status_code == 403 else None
            if told is None or told[1] not in set(Permission):
                break
            asked.append(told[1])
        announced = {permission.value for permission in NEEDED.get(name, ())}
        if not announced <= set(asked) <= announced | set(ONE_OF.get(name, ())) | set(SOMETIMES.get(name, ())):
            names = ", ".join(f"P.{Permission(one).name}" for one in asked)
            wrong.append(f'    "{name}": ({names}{"," if len(asked) == 1 else ""}),')
    assert not wrong, "app/metadata/permissions.py: NEEDED lacks, or has wrongly:\n" + "\n".join(wrong)


@pytest.mark.rule("ACC-10")
async def test_permitted_is_what_the_matrix_measured(api: Api, session: AsyncSession) -> None:
    """403 in the matrix, on records of one's own, is `permitted: false`, for every built-in role and route."""
    lines = TABLE.read_text(encoding="utf-8").splitlines()
    roles, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
    measured = {row[0]: dict(zip(roles[1:], row[1:], strict=True)) for row in rows}
    wrong = []
    for role in roles[1:]:
        client = await api.as_user(await make_user(session, role))
        for resource in (await client.get("/v1/metadata")).json()["resources"]:
            for action in resource["actions"]:
                route = f"{action['method']} {action['path'].removeprefix('/v1')}"
                own = measured.get(route, {}).get(role, "?").split("/")[0]
                lacks = action["permitted"] and set(action.get("sometimes", [])) - BUILT_IN_ROLES[role][2]
                if own != "?" and not (own == "403" and lacks) and action["permitted"] == (own == "403"):
                    wrong.append(f"{role}: {route}: {measured[route][role]}, permitted: {action['permitted']}")
    assert not wrong, "\n".join(wrong)


async def _only_role(session: AsyncSession, user_id: UUID) -> Role:
    """A role of its own, the only one of the user."""
    role = Role(key="bare", label_de="Nichts", label_en="Nothing", permissions=["records.read_all"])
    session.add(role)
    await session.flush()
    await session.execute(delete(UserRole).where(UserRole.user_id == user_id))
    session.add(UserRole(user_id=user_id, role_id=role.id))
    await session.commit()
    return role
