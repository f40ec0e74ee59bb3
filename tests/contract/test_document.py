"""What holds for every operation of the API description."""

import re

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from app import contract
from app.contract.completion import JSON, problem_types
from app.main import create_app
from tests.contract.schemas import (
    Document,
    bounded_text,
    json_schema,
    leaves,
    named_operations,
    request_schemas,
    resolve,
    types_of,
)


class Findings(list[str]):
    """Everything that is wrong, told at once."""

    def unless(self, holds: object, *where: object) -> None:
        if not holds:
            self.append(": ".join(str(part) for part in where))

    def check(self) -> None:
        assert not self, "\n" + "\n".join(self)


def test_the_committed_document_is_the_code_s() -> None:
    assert contract.write(create_app(), check=True), "openapi/openapi.json is out of date: python -m app.cli openapi"


def test_every_operation_is_named_and_described(document: Document) -> None:
    found = Findings()
    names = [name for name, *_ in named_operations(document)]
    tags = {tag["name"] for tag in document["tags"]}
    for name, path, _, operation in named_operations(document):
        found.unless(
            re.fullmatch(r"[a-z]+(_[a-z]+)*", name) and names.count(name) == 1, name, "an operationId of its own"
        )
        found.unless(len(operation.get("summary", "")) in range(1, 71), name, "a short summary")
        found.unless(operation.get("description"), name, "a description")
        found.unless(len(operation.get("tags", [])) == 1, name, "one tag, by resource")
        found.unless(set(operation.get("tags", [])) <= tags, name, "a tag that app/routers.py describes")
        # Calendar programs know a calendar by its extension.
        found.unless(re.fullmatch(r"(/([a-z0-9.-]+|\{[a-z_]+\}(\.ics)?))+", path), name, "a path in kebab-case")
    found.check()


def test_every_body_has_a_valid_example(document: Document) -> None:
    found = Findings()
    for name, _, _, operation in named_operations(document):
        answers = [(status, resolve(document, r)) for status, r in operation["responses"].items()]
        for status, place in [*answers, ("request", operation.get("requestBody", {}))]:
            for kind, content in place.get("content", {}).items():
                if "json" not in kind:
                    continue
                given = [resolve(document, e)["value"] for e in content.get("examples", {}).values()]
                given += [content["example"]] if "example" in content else []
                found.unless(given, name, status, "an example")
                schema = {**content["schema"], "components": document["components"]}
                validator = Draft202012Validator(schema, format_checker=FormatChecker())
                for example in given:
                    for error in validator.iter_errors(example):
                        found.append(f"{name}: {status}: the example at {error.json_path}: {error.message[:200]}")
    found.check()


def test_everything_that_clients_send_is_bounded(document: Document) -> None:
    found = Findings()
    for name, schema in request_schemas(document):
        for place, leaf in leaves(document, schema, name):
            types = types_of(leaf)
            found.unless(
                "string" not in types or bounded_text(leaf, place), place, "a longest length, and no NUL", leaf
            )
            found.unless("array" not in types or "maxItems" in leaf, place, "maxItems")
            bounds = {"minimum", "exclusiveMinimum"} & set(leaf) and {"maximum", "exclusiveMaximum"} & set(leaf)
            found.unless(
                not types & {"integer", "number"} or bounds or "enum" in leaf, place, "bounds of the number", leaf
            )
            if "object" in types:
                closed = leaf.get("additionalProperties") is False
                found.unless("properties" not in leaf or closed, place, "unknown fields refused")
                found.unless("properties" in leaf or "maxProperties" in leaf, place, "maxProperties")
            said = types or {"enum", "const", "anyOf", "oneOf", "allOf", "$ref"} & set(leaf)
            found.unless(said, place, "a type")
    found.check()


def test_writes_are_safe_to_repeat_and_know_their_version(document: Document) -> None:
    found = Findings()
    for name, _, method, operation in named_operations(document):
        parameters = {p["name"]: p for p in operation.get("parameters", [])}
        if method == "post" and operation["security"]:
            found.unless("Idempotency-Key" in parameters, name, "Idempotency-Key")
        if method == "patch":
            found.unless(parameters.get("If-Match", {}).get("required"), name, "If-Match")
            found.unless({"412", "428"} <= set(operation["responses"]), name, "412 and 428")
    found.check()


def test_lists_page_by_cursor(document: Document) -> None:
    found = Findings()
    for name, path, method, operation in named_operations(document):
        schema = json_schema(resolve(document, operation["responses"].get("200", {})))
        if schema is None:
            continue
        answer = resolve(document, schema)
        found.unless("array" not in types_of(answer), name, "an object at the top")
        if name.startswith("list_"):
            one = path.endswith("}") and not path.endswith("/{list_name}")  # a call list is a collection with a name
            found.unless(method == "get" and not one, name, "GET of a collection")
            found.unless({"items", "next_cursor"} <= set(answer.get("properties", {})), name, "a page")
            found.unless({"limit", "cursor"} <= {p["name"] for p in operation["parameters"]}, name, "limit and cursor")
        elif "next_cursor" in answer.get("properties", {}):
            found.append(f"{name}: what pages is called list_…")
    found.check()


def test_answers_declare_their_headers(document: Document) -> None:
    found = Findings()
    needed = {"201": "Location", "202": "Location", "304": "ETag", "401": "WWW-Authenticate", "429": "Retry-After"}
    for name, _, _, operation in named_operations(document):
        for status, place in operation["responses"].items():
            headers = set(resolve(document, place).get("headers", {}))
            found.unless("Trace-Id" in headers, name, status, "Trace-Id")
            found.unless(needed.get(status, "Trace-Id") in headers, name, status, needed.get(status))
        if "304" in operation["responses"]:
            found.unless("ETag" in operation["responses"]["200"]["headers"], name, "ETag")
    found.check()


def test_operations_declare_what_can_be_refused(document: Document) -> None:
    found = Findings()
    for name, path, _, operation in named_operations(document):
        if not path.startswith("/v1"):
            continue
        needed = {"422", "503"}
        needed |= {"401", "403", "429"} if operation["security"] else set()
        needed |= {"404"} if "{" in path else set()
        needed |= {"400", "413", "415"} if "requestBody" in operation else set()
        found.unless(needed <= set(operation["responses"]), name, needed - set(operation["responses"]))
        bodies = set(operation.get("requestBody", {}).get("content", {JSON}))
        found.unless(bodies in ({JSON}, {"application/octet-stream"}), name, "JSON, or a file as it is")
    found.check()


def test_generators_understand_the_schemas(document: Document) -> None:
    """`null` is a type of a value or an alternative to one reference; parameters are never null."""
    found = Findings()
    for name, _, _, operation in named_operations(document):
        for parameter in operation.get("parameters", []):
            found.unless("null" not in str(parameter["schema"]), name, parameter["name"], "no null in a parameter")
    for name, schema in document["components"]["schemas"].items():
        found.unless(re.fullmatch(r"[A-Z][A-Za-z]+", name), name, "another model has the same name")
        for place, leaf in leaves(document, schema, name):
            kinds = [kind for kind in leaf.get("anyOf", []) if kind.get("type") != "null"]
            nullable = len(kinds) < len(leaf.get("anyOf", []))
            found.unless(not nullable or all("$ref" in kind for kind in kinds), place, "null beside a reference only")
            found.unless(leaf.get("format") != "uuid7", place, "a format that generators know")
    found.check()


@pytest.mark.parametrize("code", sorted(problem_types()))
def test_every_problem_speaks_both_languages(code: str) -> None:
    problem = problem_types()[code]
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", code)
    assert set(problem.title) == set(problem.detail) == {"de", "en"}
    assert all(problem.title.values())
    assert all(problem.detail.values())
    assert problem.title["de"] != problem.title["en"], "translated"


def test_problems_say_what_their_members_are(document: Document) -> None:
    found = Findings()
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("Problem") and "allOf" in schema:
            for place, leaf in leaves(document, schema["allOf"][1], name):
                found.unless(types_of(leaf) or {"anyOf", "oneOf", "enum", "const"} & set(leaf), place, "a type")
    found.check()
