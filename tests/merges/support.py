"""What tests of merging share."""

from typing import Any

import httpx


async def previewed(client: httpx.AsyncClient, kind: str, ids: list[Any], **more: Any) -> dict[str, Any]:
    """The comparison of these records."""
    body = {"record_type": kind, "record_ids": [str(i) for i in ids], "preview": True, **more}
    answer = await client.post("/v1/merges", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def body_of(client: httpx.AsyncClient, kind: str, ids: list[Any], **more: Any) -> dict[str, Any]:
    """The request that merges these records into the first one, on the versions of a preview."""
    known = {name: value for name, value in more.items() if name == "origin"}
    shown = await previewed(client, kind, ids, winner_id=str(ids[0]), **known)
    return {
        "record_type": kind,
        "record_ids": [str(i) for i in ids],
        "winner_id": str(ids[0]),
        "versions": shown["versions"],
        **more,
    }


async def merged(client: httpx.AsyncClient, kind: str, ids: list[Any], **more: Any) -> httpx.Response:
    """Merge as a careful client does: preview, then the merge."""
    return await client.post("/v1/merges", json=await body_of(client, kind, ids, **more))


def codes(answer: httpx.Response) -> set[str]:
    """The rules that a refusal names."""
    return {error["code"] for error in answer.json()["errors"]}
