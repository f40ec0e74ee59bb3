"""Would clients of the last release still work? Compares two OpenAPI documents and lists what breaks them.

    python openapi/breaking.py [released.json [openapi.json]]

Within `/v1` fields, operations and values of enumerations may be added to answers. What clients send may be accepted more widely,
never more narrowly; since unknown fields and parameters are refused, taking one away breaks those who send it.
Exit status 1 when something breaks, 0 otherwise, also before the first release.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

Schema = dict[str, Any]
Direction = Literal["request", "response"]
METHODS = ("get", "post", "put", "patch", "delete")
HERE = Path(__file__).parent

UPPER = ("maxLength", "maxItems", "maximum", "exclusiveMaximum", "maxProperties")
LOWER = ("minLength", "minItems", "minimum", "exclusiveMinimum", "minProperties")
SAME = ("pattern", "format", "const", "uniqueItems", "multipleOf")


def breaks(old: Schema, new: Schema) -> list[str]:
    """What breaks a client that was written for the old document, one sentence each."""
    return sorted(set(_Comparison(old, new).run()))


class _Comparison:
    def __init__(self, old: Schema, new: Schema) -> None:
        self.old = old
        self.new = new
        self._walking: set[tuple[str, str, Direction]] = set()

    def run(self) -> Iterator[str]:
        for path, item in self.old["paths"].items():
            for method in METHODS:
                if method not in item:
                    continue
                here = f"{method.upper()} {path}"
                new = self.new["paths"].get(path, {}).get(method)
                if new is None:
                    yield f"{here}: is gone"
                else:
                    yield from self._operation(here, item[method], new)

    def _operation(self, here: str, old: Schema, new: Schema) -> Iterator[str]:
        if old.get("operationId") != new.get("operationId"):
            yield f"{here}: operationId {old.get('operationId')} became {new.get('operationId')}"
        if old.get("security") == [] and new.get("security") != []:
            yield f"{here}: asks for sign-in"
        yield from self._parameters(here, old, new)
        yield from self._body(here, old, new)
        yield from self._responses(here, old, new)

    def _parameters(self, here: str, old: Schema, new: Schema) -> Iterator[str]:
        before = {(p["in"], p["name"]): p for p in self._each(self.old, old.get("parameters", []))}
        after = {(p["in"], p["name"]): p for p in self._each(self.new, new.get("parameters", []))}
        for key, parameter in before.items():
            place = f"{here}: {key[0]} parameter {key[1]}"
            if key not in after:
                yield f"{place}: is gone"
                continue
            if after[key].get("required") and not parameter.get("required"):
                yield f"{place}: became required"
            yield from self._schema(place, parameter["schema"], after[key]["schema"], "request")
        for key, parameter in after.items():
            if key not in before and parameter.get("required"):
                yield f"{here}: {key[0]} parameter {key[1]}: is new and required"

    def _body(self, here: str, old: Schema, new: Schema) -> Iterator[str]:
        if "requestBody" not in old:
            if new.get("requestBody", {}).get("required"):
                yield f"{here}: body: is new and required"
            return
        if "requestBody" not in new:
            yield f"{here}: body: is gone"
            return
        before, after = self._resolved(self.old, old["requestBody"]), self._resolved(self.new, new["requestBody"])
        if after.get("required") and not before.get("required"):
            yield f"{here}: body: became required"
        for kind, content in before["content"].items():
            if kind not in after["content"]:
                yield f"{here}: body: {kind} is no longer accepted"
            else:
                yield from self._schema(f"{here}: body", content["schema"], after["content"][kind]["schema"], "request")

    def _responses(self, here: str, old: Schema, new: Schema) -> Iterator[str]:
        for status, reference in old["responses"].items():
            place = f"{here}: {status}"
            if status not in new["responses"]:
                if status.startswith("2"):
                    yield f"{place}: is gone"
                continue
            before = self._resolved(self.old, reference)
            after = self._resolved(self.new, new["responses"][status])
            for name in before.get("headers", {}):
                if name not in after.get("headers", {}):
                    yield f"{place}: header {name}: is gone"
            for kind, content in before.get("content", {}).items():
                if kind not in after.get("content", {}):
                    yield f"{place}: {kind} is gone"
                elif "schema" in content:
                    yield from self._schema(place, content["schema"], after["content"][kind]["schema"], "response")
        for status in new["responses"]:
            if status.startswith("2") and status not in old["responses"]:
                yield f"{here}: {status}: is a new kind of success"

    def _schema(self, place: str, old: Schema, new: Schema, direction: Direction) -> Iterator[str]:
        names = (old.get("$ref", ""), new.get("$ref", ""), direction)
        if any(names[:2]) and names in self._walking:
            return
        self._walking.add(names)
        before, after = self._whole(self.old, old), self._whole(self.new, new)
        yield from self._alternatives(place, before, after, direction)
        yield from self._values(place, before, after, direction)
        yield from self._object(place, before, after, direction)
        if "items" in before and "items" in after:
            yield from self._schema(f"{place}[]", before["items"], after["items"], direction)
        self._walking.discard(names)

    def _alternatives(self, place: str, old: Schema, new: Schema, direction: Direction) -> Iterator[str]:
        before, after = self._kinds(self.old, old), self._kinds(self.new, new)
        if direction == "request":
            lacking = [kind for kind in before if kind not in after] if after else []
            lacking += ["anything"] if after and not before else []
            yield from (f"{place}: {kind} is no longer accepted" for kind in lacking)
        elif before:
            more = [kind for kind in after if kind not in before] or ([] if after else ["anything"])
            yield from (f"{place}: may now be {kind}" for kind in more)
        for kind, part in before.items():
            if "anyOf" in old and "anyOf" in new and kind in after:
                yield from self._schema(place, part, after[kind], direction)

    def _values(self, place: str, old: Schema, new: Schema, direction: Direction) -> Iterator[str]:
        if direction == "response":
            return
        if "enum" in new:
            gone = [value for value in old.get("enum", ["any other"]) if value not in new["enum"]]
            yield from (f"{place}: {json.dumps(value)} is no longer accepted" for value in gone)
        for bound in UPPER:
            if bound in new and new[bound] < old.get(bound, float("inf")):
                yield f"{place}: {bound} {old.get(bound, 'none')} became {new[bound]}"
        for bound in LOWER:
            if bound in new and new[bound] > old.get(bound, float("-inf")):
                yield f"{place}: {bound} {old.get(bound, 'none')} became {new[bound]}"
        for word in SAME:
            if word in new and new[word] != old.get(word):
                yield f"{place}: {word} {old.get(word, 'none')} became {new[word]}"

    def _object(self, place: str, old: Schema, new: Schema, direction: Direction) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for name, schema in before.items():
            if name in after:
                yield from self._schema(f"{place}.{name}", schema, after[name], direction)
            elif direction == "response" or new.get("additionalProperties") is False:
                yield f"{place}.{name}: is gone"
        required, now_required = set(old.get("required", [])), set(new.get("required", []))
        if direction == "request":
            yield from (f"{place}.{name}: became required" for name in now_required - required)
            if old.get("additionalProperties") is not False and new.get("additionalProperties") is False and before:
                yield f"{place}: further fields are no longer accepted"
        else:
            yield from (f"{place}.{name}: may now be absent" for name in (required - now_required) & set(after))

    def _kinds(self, document: Schema, schema: Schema) -> dict[str, Schema]:
        """What a value may be: JSON types, or the named alternatives."""
        kinds: dict[str, Schema] = {}
        for part in [p for word in ("anyOf", "oneOf") for p in schema.get(word, [])]:
            whole = self._whole(document, part)
            types = _types(whole)
            name = part["$ref"].rsplit("/", 1)[1] if "$ref" in part else "/".join(sorted(types))
            kinds[name] = part
        return kinds or dict.fromkeys(_types(schema), schema)

    def _whole(self, document: Schema, schema: Schema) -> Schema:
        """The schema with its reference followed and its parts put together."""
        schema = self._resolved(document, schema)
        whole = {key: value for key, value in schema.items() if key != "allOf"}
        for part in schema.get("allOf", []):
            inner = self._whole(document, part)
            whole["properties"] = {**inner.get("properties", {}), **whole.get("properties", {})}
            whole["required"] = [*whole.get("required", []), *inner.get("required", [])]
            whole.setdefault("type", inner.get("type", "object"))
        return whole

    def _each(self, document: Schema, nodes: list[Schema]) -> Iterator[Schema]:
        return (self._resolved(document, node) for node in nodes)

    def _resolved(self, document: Schema, node: Schema) -> Schema:
        while "$ref" in node:
            _, part, name = node["$ref"].removeprefix("#/").split("/")
            node = document["components"][part][name]
        return node


def _types(schema: Schema) -> set[str]:
    types = schema.get("type", [])
    return {types} if isinstance(types, str) else set(types)


def main(*arguments: str) -> int:
    """Compare, print, and return the exit status."""
    released = Path(arguments[0]) if arguments else HERE / "released.json"
    current = Path(arguments[1]) if len(arguments) > 1 else HERE / "openapi.json"
    if not released.exists():
        print(f"compatible: there is no release yet ({released.name} is made by the first one)")
        return 0
    found = breaks(json.loads(released.read_text(encoding="utf-8")), json.loads(current.read_text(encoding="utf-8")))
    for sentence in found:
        print(f"breaks: {sentence}")
    if not found:
        print(f"compatible: clients of {released.name} still work")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
