"""What the comparison with the last release finds, and what it lets pass."""

import json
from collections.abc import Callable
from copy import deepcopy
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from app import contract
from tests.conftest import ROOT

_spec = spec_from_file_location("breaking", ROOT / "openapi" / "breaking.py")
assert _spec
assert _spec.loader
breaking = module_from_spec(_spec)
_spec.loader.exec_module(breaking)

OLD: dict[str, Any] = {
    "paths": {
        "/v1/leads": {
            "get": {
                "operationId": "list_leads",
                "parameters": [
                    {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 200}},
                    {"name": "sort", "in": "query", "schema": {"type": "string", "enum": ["name", "-name"]}},
                ],
                "responses": {
                    "200": {
                        "description": "",
                        "headers": {"Link": {}},
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "properties": {
                                        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Lead"}}
                                    },
                                }
                            }
                        },
                    },
                    "404": {"$ref": "#/components/responses/not_found"},
                },
            },
            "post": {
                "operationId": "create_lead",
                "security": [],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/NewLead"}}}},
                "responses": {"201": {"description": ""}},
            },
        }
    },
    "components": {
        "responses": {"not_found": {"description": ""}},
        "schemas": {
            "NewLead": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "maxLength": 200, "minLength": 1},
                    "city": {"type": ["string", "null"], "maxLength": 100},
                    "kind": {"type": "string", "enum": ["hot", "cold"]},
                    "boss": {"anyOf": [{"$ref": "#/components/schemas/Person"}, {"type": "null"}]},
                },
                "required": ["name"],
                "additionalProperties": False,
            },
            "Lead": {
                "allOf": [{"$ref": "#/components/schemas/Base"}],
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "kind": {"type": "string", "enum": ["hot", "cold"]},
                    "parent": {"anyOf": [{"$ref": "#/components/schemas/Lead"}, {"type": "null"}]},
                },
                "required": ["name"],
            },
            "Base": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
            "Person": {"type": "object", "properties": {"age": {"type": "integer", "maximum": 120}}},
        },
    },
}

Change = Callable[[dict[str, Any], dict[str, Any], dict[str, Any]], object]

BREAKING: dict[str, Change] = {
    "/v1/leads: is gone": lambda d, _, s: d["paths"].pop("/v1/leads"),
    "POST /v1/leads: is gone": lambda d, p, s: p.pop("post"),
    "operationId list_leads became leads": lambda d, p, s: p["get"].update(operationId="leads"),
    "asks for sign-in": lambda d, p, s: p["post"].update(security=[{"bearer": []}]),
    "query parameter limit: is gone": lambda d, p, s: p["get"]["parameters"].pop(0),
    "query parameter limit: became required": lambda d, p, s: p["get"]["parameters"][0].update(required=True),
    "query parameter x: is new and required": lambda d, p, s: p["get"]["parameters"].append(
        {"name": "x", "in": "query", "required": True, "schema": {}}
    ),
    "limit: maximum 200 became 100": lambda d, p, s: p["get"]["parameters"][0]["schema"].update(maximum=100),
    "limit: minimum 1 became 5": lambda d, p, s: p["get"]["parameters"][0]["schema"].update(minimum=5),
    'sort: "-name" is no longer accepted': lambda d, p, s: p["get"]["parameters"][1]["schema"]["enum"].pop(),
    "body: became required": lambda d, p, s: p["post"]["requestBody"].update(required=True),
    "body: is gone": lambda d, p, s: p["post"].pop("requestBody"),
    "body: application/json is no longer accepted": lambda d, p, s: p["post"]["requestBody"].update(content={}),
    "body.city: is gone": lambda d, p, s: s["NewLead"]["properties"].pop("city"),
    "body.city: became required": lambda d, p, s: s["NewLead"]["required"].append("city"),
    "body.city: null is no longer accepted": lambda d, p, s: s["NewLead"]["properties"]["city"].update(type="string"),
    "body.name: maxLength 200 became 50": lambda d, p, s: s["NewLead"]["properties"]["name"].update(maxLength=50),
    "body.name: minLength 1 became 2": lambda d, p, s: s["NewLead"]["properties"]["name"].update(minLength=2),
    "body.name: pattern none became ^A": lambda d, p, s: s["NewLead"]["properties"]["name"].update(pattern="^A"),
    "body.name: format none became email": lambda d, p, s: s["NewLead"]["properties"]["name"].update(format="email"),
    "body.name: string is no longer accepted": lambda d, p, s: s["NewLead"]["properties"]["name"].update(
        type="integer"
    ),
    'body.kind: "cold" is no longer accepted': lambda d, p, s: s["NewLead"]["properties"]["kind"]["enum"].pop(),
    "body.boss: null is no longer accepted": lambda d, p, s: s["NewLead"]["properties"]["boss"]["anyOf"].pop(),
    "body.boss.age: maximum 120 became 99": lambda d, p, s: s["Person"]["properties"]["age"].update(maximum=99),
    "GET /v1/leads: 200: is gone": lambda d, p, s: p["get"]["responses"].pop("200"),
    "202: is a new kind of success": lambda d, p, s: p["post"]["responses"].update({"202": {"description": ""}}),
    "200: header Link: is gone": lambda d, p, s: p["get"]["responses"]["200"]["headers"].clear(),
    "200: application/json is gone": lambda d, p, s: p["get"]["responses"]["200"].pop("content"),
    "200.items[].name: is gone": lambda d, p, s: s["Lead"]["properties"].pop("name"),
    "200.items[].id: is gone": lambda d, p, s: s["Base"]["properties"].pop("id"),
    "200.items[].name: may now be absent": lambda d, p, s: s["Lead"]["required"].clear(),
    "200.items[].name: may now be null": lambda d, p, s: s["Lead"]["properties"]["name"].update(
        type=["string", "null"]
    ),
    "200.items[].name: may now be integer": lambda d, p, s: s["Lead"]["properties"]["name"].update(type="integer"),
}

HARMLESS: dict[str, Change] = {
    "nothing": lambda d, p, s: None,
    "a new path": lambda d, p, s: d["paths"].update({"/v1/new": {"get": {"operationId": "x", "responses": {}}}}),
    "a new optional parameter": lambda d, p, s: p["get"]["parameters"].append(
        {"name": "x", "in": "query", "schema": {}}
    ),
    "a new optional field": lambda d, p, s: s["NewLead"]["properties"].update(x={"type": "string"}),
    "a wider bound": lambda d, p, s: s["NewLead"]["properties"]["name"].update(maxLength=500),
    "a bound less": lambda d, p, s: s["NewLead"]["properties"]["name"].pop("maxLength"),
    "one more value accepted": lambda d, p, s: s["NewLead"]["properties"]["kind"]["enum"].append("warm"),
    "no longer required": lambda d, p, s: s["NewLead"]["required"].clear(),
    "null accepted": lambda d, p, s: s["NewLead"]["properties"]["name"].update(type=["string", "null"]),
    "a new field in answers": lambda d, p, s: s["Lead"]["properties"].update(x={"type": "string"}),
    "one more value in answers": lambda d, p, s: s["Lead"]["properties"]["kind"]["enum"].append("warm"),
    "a refusal less": lambda d, p, s: p["get"]["responses"].pop("404"),
    "a new refusal": lambda d, p, s: p["get"]["responses"].update({"409": {"description": ""}}),
    "sign-in no longer asked for": lambda d, p, s: p["get"].update(security=[]),
}


def compared(change: Change) -> list[str]:
    new = deepcopy(OLD)
    change(new, new["paths"]["/v1/leads"], new["components"]["schemas"])
    found: list[str] = breaking.breaks(OLD, new)
    return found


@pytest.mark.parametrize("sentence", BREAKING)
def test_what_breaks_clients_is_found(sentence: str) -> None:
    assert any(sentence in found for found in compared(BREAKING[sentence])), compared(BREAKING[sentence])


@pytest.mark.parametrize("change", HARMLESS)
def test_what_does_not_break_them_passes(change: str) -> None:
    assert compared(HARMLESS[change]) == []


def test_the_committed_document_is_compared_with_the_last_release(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert breaking.main(str(tmp_path / "released.json"), str(contract.PATH)) == 0
    assert "no release yet" in capsys.readouterr().out
    assert breaking.main(str(contract.PATH), str(contract.PATH)) == 0
    assert "still work" in capsys.readouterr().out
    without = json.loads(contract.PATH.read_text(encoding="utf-8"))
    del without["paths"]["/v1/leads"]
    (tmp_path / "new.json").write_text(json.dumps(without))
    assert breaking.main(str(contract.PATH), str(tmp_path / "new.json")) == 1
    assert "breaks: GET /v1/leads: is gone" in capsys.readouterr().out


def test_this_version_breaks_nobody() -> None:
    assert breaking.main() == 0
