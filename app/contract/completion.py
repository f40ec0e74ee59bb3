"""Completes the document that FastAPI has made: security, shared problems, headers, examples, links."""

import json
import re
from typing import Any

from pydantic import TypeAdapter

from app.contract.examples import example, with_nulls
from app.contract.schemas import operations, tidied, without_null
from app.core import problems
from app.core.idempotency import Replayed
from app.core.paging import InvalidCursor
from app.core.problems import PROBLEM_JSON, Problem, ProblemBody
from app.core.redirects import MERGEABLE, Merged

OPEN_TAGS = {"operation"}
MERGEABLE_PATHS = {f"{kind}s" for kind in MERGEABLE}
JSON = "application/json"

HEADERS: dict[str, tuple[str, dict[str, Any], str]] = {
    # name: (what it says, its schema, an example)
    "Trace-Id": ("Names this request in the logs.", {"type": "string"}, "4bf92f3577b34da6a3ce929d0e0e4736"),
    "ETag": ("The record's version, for `If-Match` and `If-None-Match`.", {"type": "string"}, '"3"'),
    "Location": (
        "Where the new record, the job, or the record that a merged one went into, can be fetched.",
        {"type": "string", "format": "uri-reference"},
        "/v1/…",
    ),
    "Link": ('The next page, as `<…>; rel="next"`; absent on the last one.', {"type": "string"}, '</v1/…>; rel="next"'),
    "Idempotent-Replayed": ("`true` when this is the kept answer of an earlier request.", {"type": "string"}, "true"),
    "Retry-After": ("After so many seconds it is worth another try.", {"type": "integer"}, "2"),
    "RateLimit": (
        "What is left of the minute's requests, and for how many seconds.",
        {"type": "string"},
        '"user";r=1187;t=42',
    ),
    "RateLimit-Policy": ("How many requests a minute holds.", {"type": "string"}, '"user";q=1200;w=60'),
    "Content-Language": ("The language of the texts.", {"type": "string", "enum": ["de", "en"]}, "de"),
    "WWW-Authenticate": ("How to sign in.", {"type": "string"}, "Bearer"),
}

_PROBLEM_HEADERS = {
    "308": ["Location"],
    "401": ["WWW-Authenticate"],
    "412": ["ETag"],
    "429": ["RateLimit", "RateLimit-Policy"],
}

DESCRIPTIONS = {
    "200": "The answer.",
    "201": "Created.",
    "202": "Accepted; it runs in the background.",
    "204": "Done; there is nothing more to say.",
}


def problem_types() -> dict[str, type[Problem]]:
    """Every problem that is told to clients, by its code."""
    found: dict[str, type[Problem]] = {}
    waiting = [Problem]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if kind is not Replayed:
                other = found.setdefault(kind.code, kind)
                assert other is kind, f"two problems with the code {kind.code}: {other}, {kind}"
    return found


class Completion:
    """One run over a document that FastAPI has made."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.schema = schema
        components = schema.setdefault("components", {})
        self.schemas: dict[str, Any] = components.setdefault("schemas", {})
        self.examples: dict[str, Any] = {}
        self.responses: dict[str, Any] = {}
        self.problems = problem_types()
        components |= {
            "responses": self.responses,
            "examples": self.examples,
            "headers": {
                name: {"description": text, "schema": kind, "example": int(value) if value.isdigit() else value}
                for name, (text, kind, value) in HEADERS.items()
            },
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        }

    def run(self) -> dict[str, Any]:
        for name in ("HTTPValidationError", "ValidationError"):
            self.schemas.pop(name, None)
        self._add_schema("Problem", ProblemBody, required=True)
        for path, method, operation in operations(self.schema):
            self._operation(path, method, operation)
        self.schema = tidied(self.schema)
        self.schemas = self.schema["components"]["schemas"]
        for schema in self.schemas.values():
            if "example" in schema:
                schema["example"] = with_nulls(schema["example"], schema, self.schemas)
        for _, method, operation in operations(self.schema):
            self._give_examples(method, operation)
        self._link()
        self._drop_unused()
        for part in ("responses", "examples", "schemas"):
            self.schema["components"][part] = dict(sorted(self.schema["components"][part].items()))
        return self.schema

    # --- operations --------------------------------------------------------------------------------------------------

    def _operation(self, path: str, method: str, operation: dict[str, Any]) -> None:
        public = operation.pop("x-public", False) or bool(OPEN_TAGS & set(operation.get("tags", [])))
        operation["security"] = [] if public else [{"bearer": []}]
        versioned = not operation.pop("x-unversioned", False)
        responses = {k: v for k, v in operation["responses"].items() if not _is_fastapi_422(v)}
        parameters = operation.get("parameters", [])
        for parameter in parameters:
            without_null(parameter["schema"])
            for name in ("description", "title"):
                parameter["schema"].pop(name, None)
            parameter.setdefault("description", _parameter_description(parameter))
            if parameter["name"] == "If-Match" and method == "patch":
                parameter["required"] = True
        names = {parameter["name"] for parameter in parameters}
        if path.startswith("/v1/"):
            shared = problems.declared(*_shared_problems(path, method, operation, names, public=bool(public)))
            for status, response in shared.items():
                _merge(responses.setdefault(str(status), response), response)
        if method == "get" and versioned and self._has_version(responses.get("200", {})) and path.endswith("}"):
            responses["304"] = {"description": "The client has this version already."}
            operation.setdefault("parameters", []).append(
                {
                    "name": "If-None-Match",
                    "in": "header",
                    "required": False,
                    "description": "The `ETag` of the version that the client has: 304 when it is still the newest.",
                    "schema": {"type": "string"},
                }
            )
        operation["responses"] = {
            status: self._response(
                status, names, response, versioned=versioned, creates="201" in responses, limited=not public
            )
            for status, response in sorted(responses.items())
        }

    def _response(
        self,
        status: str,
        names: set[str],
        response: dict[str, Any],
        *,
        versioned: bool,
        creates: bool,
        limited: bool,
    ) -> dict[str, Any]:
        if PROBLEM_JSON in response.get("content", {}):
            return self._problem_response(status, response)
        if response["description"] == "Successful Response":
            response["description"] = DESCRIPTIONS.get(status, "The answer.")
        headers = ["Trace-Id", *(["RateLimit", "RateLimit-Policy"] if limited else [])]
        if status == "304" or (versioned and self._has_version(response)):
            headers.append("ETag")
        if status in ("201", "202") or (status == "200" and creates):
            headers.append("Location")
        if status == "202":
            headers.append("Retry-After")
        if "cursor" in names:
            headers.append("Link")
        if "Idempotency-Key" in names:
            headers.append("Idempotent-Replayed")
        response["headers"] = _header_references(headers) | response.get("headers", {})
        return response

    def _problem_response(self, status: str, response: dict[str, Any]) -> dict[str, Any]:
        content = response["content"][PROBLEM_JSON]
        codes = sorted(content["examples"])
        name = "_or_".join(codes)
        if name not in self.responses:
            for code in codes:
                self.examples.setdefault(f"problem_{code}", content["examples"][code])
            schemas = [self._problem_schema(self.problems[code]) for code in codes]
            schemas = [s for i, s in enumerate(schemas) if s not in schemas[:i]]
            headers = ["Trace-Id", "Content-Language"]
            headers += _PROBLEM_HEADERS.get(status, [])
            if status in ("429", "503") or "request_in_flight" in codes:
                headers.append("Retry-After")
            self.responses[name] = {
                "description": response["description"],
                "headers": _header_references(headers),
                "content": {
                    PROBLEM_JSON: {
                        "schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas},
                        "examples": {code: {"$ref": f"#/components/examples/problem_{code}"} for code in codes},
                    }
                },
            }
        return {"$ref": f"#/components/responses/{name}"}

    def _problem_schema(self, problem: type[Problem]) -> dict[str, Any]:
        if not problem.members:
            return {"$ref": "#/components/schemas/Problem"}
        name = f"{problem.__name__}Problem"
        if name not in self.schemas:
            properties = {key: self._type_schema(type_) for key, type_ in problem.members.items()}
            self.schemas[name] = {
                "description": (problem.__doc__ or problem.title["en"]).strip().splitlines()[0],
                "allOf": [
                    {"$ref": "#/components/schemas/Problem"},
                    {"type": "object", "properties": properties, "required": list(properties)},
                ],
            }
        value = self.examples[f"problem_{problem.code}"]["value"]
        for key in problem.members:
            value.setdefault(key, example(self.schemas[name]["allOf"][1]["properties"][key], self.schemas, key))
        return {"$ref": f"#/components/schemas/{name}"}

    def _drop_unused(self) -> None:
        text = json.dumps(self.schema["paths"])
        used: set[str] = set()
        while new := set(re.findall(r'"#/components/schemas/(\w+)"', text)) - used:
            used |= new
            text = json.dumps([self.schema["components"]["responses"], *(self.schemas[name] for name in used)])
        self.schema["components"]["schemas"] = {name: self.schemas[name] for name in used}

    # --- schemas and examples ----------------------------------------------------------------------------------------

    def _add_schema(self, name: str, model: Any, *, required: bool = False) -> None:
        body = self._type_schema(model)
        if required:
            body["required"] = list(body["properties"])
        self.schemas[name] = body

    def _type_schema(self, type_: Any) -> dict[str, Any]:
        body = TypeAdapter(type_).json_schema(ref_template="#/components/schemas/{model}")
        for name, definition in body.pop("$defs", {}).items():
            self.schemas.setdefault(name, definition)
        return body

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def _has_version(self, response: dict[str, Any]) -> bool:
        schema = self._resolved(response.get("content", {}).get(JSON, {}).get("schema", {}))
        models = [self._resolved(one) for one in schema.get("oneOf", [schema])]
        return all("version" in model.get("properties", {}) for model in models)

    def _give_examples(self, method: str, operation: dict[str, Any]) -> None:
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        answers = [r for status, r in operation["responses"].items() if status.startswith("2")]
        for place in (*bodies, *answers):
            content = place.get("content", {}).get(JSON)
            if content is None or "example" in content or "examples" in content:
                continue
            value = example(content["schema"], self.schemas)
            schema = self._resolved(content["schema"])
            if place in bodies and method == "patch" and not schema.get("example"):
                value = dict(list(value.items())[:2])
            content["example"] = value

    def _link(self) -> None:
        """What can be done with a record that was made or listed, as links: tests and clients follow them."""
        for path, item in self.schema["paths"].items():
            followers = [
                (method, follower, operation["parameters"])
                for follower, method, operation in operations(self.schema)
                if follower.startswith(f"{path}/{{") and follower.count("{") == path.count("{") + 1
                for operation in [operation]
            ]
            for method, status, place in (("post", "201", "id"), ("post", "200", "id"), ("get", "200", "items/0/id")):
                response = item.get(method, {}).get("responses", {}).get(status)
                if response is None or not followers or not self._answers_with(response, place):
                    continue
                response["links"] = {
                    self.schema["paths"][follower][verb]["operationId"]: _a_link(
                        self.schema["paths"][follower][verb], path, place
                    )
                    for verb, follower, _ in followers
                }

    def _answers_with(self, response: dict[str, Any], place: str) -> bool:
        schema = self._resolved(response.get("content", {}).get(JSON, {}).get("schema", {}))
        if place.startswith("items"):
            schema = self._resolved(schema.get("properties", {}).get("items", {}).get("items", {}))
        return "id" in schema.get("properties", {})


def _a_link(operation: dict[str, Any], path: str, place: str) -> dict[str, Any]:
    known = [name for name in path.split("/") if name.startswith("{")]
    (own,) = [p["name"] for p in operation["parameters"] if p["in"] == "path" and f"{{{p['name']}}}" not in known]
    parameters = {own: f"$response.body#/{place}"}
    parameters |= {name.strip("{}"): f"$request.path.{name.strip('{}')}" for name in known}
    if place == "id" and any(p["name"] == "If-Match" for p in operation["parameters"]):
        parameters["header.If-Match"] = "$response.header.ETag"
    return {"operationId": operation["operationId"], "parameters": parameters}


def _shared_problems(
    path: str, method: str, operation: dict[str, Any], parameters: set[str], *, public: bool
) -> list[type[Problem]]:
    """What can go wrong with any route of this kind; its own problems are declared where it is defined."""
    shared: list[type[Problem]] = [problems.Invalid, problems.Unavailable]
    if not public:
        shared += [problems.NotAuthenticated, problems.TooManyRequests, problems.Forbidden]
    if "{" in path:
        shared.append(problems.NotFound)
    if any(f"{{{kind}_id}}" in path for kind in MERGEABLE):
        shared.append(problems.RecordMerged if method == "delete" else Merged)
    if method != "get":
        shared.append(problems.Conflict)
    if "requestBody" in operation:
        shared += [problems.MalformedBody, problems.TooLarge, problems.UnsupportedMediaType]
    if "cursor" in parameters:
        shared.append(InvalidCursor)
    if "Idempotency-Key" in parameters:
        shared += [problems.RequestInFlight, problems.IdempotencyKeyReused]
    if problems.IdTaken.code in str(operation["responses"].get("409", "")) and path.split("/")[2] in MERGEABLE_PATHS:
        shared.append(problems.RecordMerged)
    if "If-Match" in parameters:
        shared += [problems.StaleVersion] + [problems.PreconditionRequired] * (method == "patch")
    return shared


def _merge(present: dict[str, Any], response: dict[str, Any]) -> None:
    if present is response:
        return
    texts = [*present["description"].split("; "), *response["description"].split("; ")]
    present["description"] = "; ".join(dict.fromkeys(texts))
    present["content"][PROBLEM_JSON]["examples"].update(response["content"][PROBLEM_JSON]["examples"])


def _header_references(names: list[str]) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _is_fastapi_422(response: dict[str, Any]) -> bool:
    schema = response.get("content", {}).get(JSON, {}).get("schema", {})
    return str(schema.get("$ref", "")).endswith("HTTPValidationError")


def _parameter_description(parameter: dict[str, Any]) -> str:
    name = parameter["name"]
    label = name.removesuffix("_id").replace("_", " ")
    if parameter["in"] == "path":
        return f"Which {label}."
    if name == "sort":
        return "The order; a leading `-` means descending."
    for suffix, text in (("_after", "Only from this time on"), ("_before", "Only before this time")):
        if name.endswith(suffix):
            return f"{text}: {name.removesuffix(suffix)}."
    return (
        f"Only with one of these: {label}."
        if parameter["schema"].get("type") == "array"
        else f"Only with this: {label}."
    )
