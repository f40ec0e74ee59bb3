"""What the metadata say that an operation needs is what it asks for: each is called with nothing, then with what it missed."""

import re
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.core.permissions import Permission
from app.identity.models import Role, UserRole
from app.metadata.permissions import NEEDED, ONE_OF
from tests.arch.test_matrix import TABLE
from tests.arch.world import Ids, body_of, make_world, path_of
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
        headers = {"If-Match": "*"} if any(p["name"] == "If-Match" for p in operation.get("parameters", [])) else {}
        body = _body(operation, ids)
        try:
            path_of(path, ids)
        except KeyError as e:
            print("LACK", name, e)
            continue
        asked: list[str] = []
        for _ in range(ENOUGH):
            role.permissions = ["records.read_all", *asked]
            await session.commit()
            untouched = await rollback.begin_nested()
            answer = await client.request(
                method, path_of(path, ids), **{**body, "headers": {**headers, **body.get("headers", {})}}
            )
            await untouched.rollback()
            told = re.search("“(.+)”", answer.json()["detail"]) if answer.status_code == 403 else None
            if told is None or told[1] not in set(Permission):
                break
            asked.append(told[1])
        announced = {permission.value for permission in NEEDED.get(name, ())}
        if not announced <= set(asked) <= announced | set(ONE_OF.get(name, ())):
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
                if route in measured and action["permitted"] == (measured[route][role] == "403"):
                    wrong.append(f"{role}: {route}: {measured[route][role]}, permitted: {action['permitted']}")
    assert not wrong, "\n".join(wrong)


def _body(operation: dict[str, Any], ids: Ids) -> dict[str, Any]:
    """The operation's example; a file where it takes one."""
    if "requestBody" not in operation:
        return {}
    if "application/json" in operation["requestBody"]["content"]:
        return {"json": body_of(operation, ids)}
    return {"content": b"text", "headers": {"Content-Type": next(iter(operation["requestBody"]["content"]))}}


async def _only_role(session: AsyncSession, user_id: UUID) -> Role:
    """A role of its own, the only one of the user."""
    role = Role(key="bare", label_de="Nichts", label_en="Nothing", permissions=["records.read_all"])
    session.add(role)
    await session.flush()
    await session.execute(delete(UserRole).where(UserRole.user_id == user_id))
    session.add(UserRole(user_id=user_id, role_id=role.id))
    await session.commit()
    return role
