"""The comparison of answers with the document finds what it should."""

import copy
from typing import Any

import httpx
import pytest

from tests.contract.conformance import differences
from tests.contract.schemas import Document, bounded_text

GOOD_HEADERS = {"ETag": '"3"', "Trace-Id": "0" * 32, "Content-Type": "application/json"}


def answer(
    document: Document, status: int = 200, headers: dict[str, str] | None = None, **changes: Any
) -> httpx.Response:
    operation = document["paths"]["/v1/accounts/{account_id}"]["get"]
    body = copy.deepcopy(operation["responses"]["200"]["content"]["application/json"]["example"]) | changes
    return httpx.Response(status, headers=GOOD_HEADERS | (headers or {}), json=body)


def found(document: Document, response: httpx.Response) -> str:
    return "\n".join(differences(document, document["paths"]["/v1/accounts/{account_id}"]["get"], response))


def test_an_answer_as_described_passes(document: Document) -> None:
    assert found(document, answer(document)) == ""


@pytest.mark.parametrize(
    ("status", "headers", "changes", "told"),
    [
        (500, {}, {}, "undeclared"),
        (201, {}, {}, "undeclared"),
        (200, {"Location": "/x"}, {}, "undeclared header location"),
        (200, {"Content-Type": "text/html"}, {}, "text/html instead of"),
        (200, {}, {"name": 7}, "$.name"),
        (200, {}, {"created_at": "yesterday"}, "$.created_at"),
        (304, {}, {}, "a body"),
        (404, {}, {}, "instead of application/problem+json"),
    ],
)
def test_a_departure_is_told(
    document: Document, status: int, headers: dict[str, str], changes: dict[str, Any], told: str
) -> None:
    assert told in found(document, answer(document, status, headers, **changes))


def test_a_missing_header_and_field_are_told(document: Document) -> None:
    response = answer(document)
    del response.headers["ETag"]
    assert "no etag" in found(document, response)
    body = answer(document).json()
    del body["name"]
    assert "'name' is a required property" in found(document, httpx.Response(200, headers=GOOD_HEADERS, json=body))


@pytest.mark.parametrize(
    ("schema", "bounded"),
    [
        ({"maxLength": 10}, False),
        ({"maxLength": 10, "pattern": "^.*$"}, False),
        ({"maxLength": 10, "pattern": "^[a-z]*$"}, True),
        ({"pattern": "^[A-Z]{2}$"}, True),
        ({"pattern": "^[A-Z]+$"}, False),
        ({"pattern": "[A-Z]{2}"}, False),
        ({"format": "uuid"}, True),
        ({"format": "email"}, False),
        ({"enum": ["a"]}, True),
    ],
)
def test_texts_without_bounds_are_told(schema: dict[str, Any], bounded: bool) -> None:
    assert bounded_text(schema, "place") is bounded
