"""What tests of custom fields share."""

from typing import Any

import httpx

_CHOICES = [{"key": key, "label_de": key.title(), "label_en": key.title()} for key in ("gold", "silver", "bronze")]
OF_KIND: dict[str, dict[str, Any]] = {
    "text": {"max_length": 20},
    "number": {"decimals": 2, "minimum": "-100", "maximum": "1000000"},
    "money": {"minimum": "10"},
    "date": {"minimum": "2020-01-01", "maximum": "2030-12-31"},
    "choice": {"choices": _CHOICES},
    "multi_choice": {"choices": _CHOICES},
    "boolean": {},
    "link": {"link_to": "account"},
}
VALUES: dict[str, Any] = {
    "text": "Süd",
    "number": 12.5,
    "money": {"amount": "12.30", "currency": "EUR"},
    "date": "2026-03-02",
    "choice": "gold",
    "multi_choice": ["gold", "bronze"],
    "boolean": True,
}
ACCOUNT = {
    "name": "Zellinger AG", "level": "A", "industry": "x", "legal_form": "AG", "city": "Wels", "country": "AT",
}  # fmt: skip


async def defined(admin: httpx.AsyncClient, key: str, kind: str = "text", **more: Any) -> dict[str, Any]:
    """A new field, of accounts unless said otherwise."""
    body = {
        "record_type": "account",
        "key": key,
        "kind": kind,
        "label_de": key,
        "label_en": key,
        **OF_KIND[kind],
        **more,
    }
    answer = await admin.post("/v1/custom-fields", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def changed(client: httpx.AsyncClient, url: str, body: dict[str, Any]) -> httpx.Response:
    """PATCH on the version that is there."""
    tag = (await client.get(url)).headers["ETag"]
    return await client.patch(url, json=body, headers={"If-Match": tag})


def wrong(answer: httpx.Response) -> dict[str, str]:
    """What a 422 says: codes by pointer."""
    assert answer.status_code == 422, answer.text
    return {error["pointer"]: error["code"] for error in answer.json()["errors"]}
