"""Whether an answer is what the document says: its status, its headers, its body."""

from typing import Any

import httpx
from jsonschema import Draft202012Validator, FormatChecker

from tests.contract.schemas import Document, resolve

_FORMATS = FormatChecker()


def differences(document: Document, operation: dict[str, Any], answer: httpx.Response) -> list[str]:
    """Everything in which the answer departs from the operation's description."""
    name = f"{operation['operationId']} {answer.status_code}"
    if str(answer.status_code) not in operation["responses"]:
        return [f"{name}: undeclared: {answer.text[:300]}"]
    response = resolve(document, operation["responses"][str(answer.status_code)])
    found = []
    declared = {key.lower() for key in response.get("headers", {})}
    told = {"etag", "location", "link", "retry-after", "idempotent-replayed", "trace-id", "www-authenticate"}
    found += [f"{name}: undeclared header {key}" for key in told & set(answer.headers) - declared]
    found += [f"{name}: no {key}" for key in {"etag", "location"} & declared - set(answer.headers)]
    kind = answer.headers.get("content-type", "").partition(";")[0]
    contents = response.get("content", {})
    if not contents:
        return found + ([f"{name}: a body: {answer.text[:100]}"] if answer.content else [])
    if kind not in contents and not ("*/*" in contents and answer.is_success):
        return [*found, f"{name}: {kind} instead of {', '.join(contents)}"]
    if contents.get(kind, contents.get("*/*"))["schema"].get("format") == "binary":
        return found
    schema = {**contents[kind]["schema"], "components": document["components"]}
    body = answer.json() if kind.endswith("json") else answer.text
    errors = Draft202012Validator(schema, format_checker=_FORMATS).iter_errors(body)
    return found + [f"{name}: {error.json_path}: {error.message[:300]}" for error in errors]
