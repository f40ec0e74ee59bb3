"""Random requests over everything that the document offers: known and unknown ids, filters on guessed values, odd bodies."""

import random
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tests.arch.leaks.world import MARK, Leaks
from tests.arch.situations import PICTURE, REQUIRED
from tests.arch.world import body_of
from tests.contract.schemas import Document, resolve, types_of

UNKNOWN = "0195580e-d8a0-7e3e-83c7-5a0b5ae30f4f"
NEVER = frozenset({"end_session", "sign_out", "change_password", "create_session", "refresh_session"})
"""Operations that would end the asker's own session."""


class Requests:
    """Draws requests for the asker."""

    def __init__(self, document: Document, world: Leaks, chance: random.Random) -> None:
        self.document, self.world, self.chance = document, world, chance
        self.known = [str(id_) for id_ in world.own.values()]
        self.secret = sorted(world.secret_ids)
        self.words = ["Kunde", "Linz", "a", "GmbH", "Wels", "4020", MARK, MARK[:3], *world.texts.values()]

    def draw(self, path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
        """A request as httpx takes it."""
        chance = self.chance
        parameters = operation.get("parameters", [])
        in_path = {p["name"]: self._id(p["name"]) for p in parameters if p["in"] == "path"}
        request: dict[str, Any] = {
            "method": method.upper(),
            "url": path.format_map(in_path),
            "headers": {},
            "params": {},
        }
        if any(p["name"] == "If-Match" for p in parameters):
            request["headers"]["If-Match"] = chance.choice(("*", "*", '"1"', '"99"'))
        queries = [p for p in parameters if p["in"] == "query" and p["name"] != "cursor"]
        optional = [p for p in queries if not p.get("required")]
        wanted = [p for p in queries if p.get("required")]
        wanted += chance.sample(optional, min(len(optional), chance.choice((0, 1, 1, 2, 3))))
        for parameter in wanted:
            name = parameter["name"]
            request["params"][name] = REQUIRED.get(name) if parameter.get("required") else self._value(parameter)
        if "count" in {p["name"] for p in queries} and chance.random() < 0.6:
            request["params"]["count"] = "true"
        if "limit" in {p["name"] for p in queries} and chance.random() < 0.5:
            request["params"]["limit"] = str(chance.choice((1, 2, 200)))
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" in content:
            request["json"] = self._body(operation)
        elif content:
            request["content"] = PICTURE
        request["params"] = {k: v for k, v in request["params"].items() if v is not None}
        return request

    def _id(self, name: str) -> str:
        """The record of that kind: hidden, one's own, one of another kind, or none."""
        hidden, own = self.world.hidden.get(name), self.world.own.get(name)
        drawn = self.chance.random()
        if drawn < 0.55 and hidden is not None:
            return str(hidden)
        if drawn < 0.8 and own is not None:
            return str(own)
        if drawn < 0.92:
            return self.chance.choice(self.secret)
        return UNKNOWN

    def _any_id(self) -> str:
        return self.chance.choice((self.chance.choice(self.secret), self.chance.choice(self.known), UNKNOWN))

    def _value(self, parameter: Mapping[str, Any]) -> Any:
        name = parameter["name"]
        schema = self._plain(parameter["schema"])
        if schema.get("type") == "array":
            return [self._scalar(name, self._plain(schema["items"])) for _ in range(self.chance.randint(1, 2))]
        return self._scalar(name, schema)

    def _scalar(self, name: str, schema: Mapping[str, Any]) -> Any:
        if "enum" in schema:
            return self.chance.choice(schema["enum"])
        if schema.get("format") == "uuid":
            hidden = self.world.hidden.get(name)
            return str(hidden) if hidden is not None and self.chance.random() < 0.5 else self._any_id()
        if schema.get("format") == "date":
            return self.chance.choice(("1990-01-01", "2026-11-22", "2199-01-01"))
        if schema.get("format") == "date-time":
            return self.chance.choice(("1990-01-01T00:00:00Z", "2026-11-22T08:00:00Z", "2199-01-01T00:00:00Z"))
        types = types_of(dict(schema))
        if "boolean" in types:
            return self.chance.choice(("true", "false"))
        if "integer" in types or "number" in types:
            return str(self.chance.randint(int(schema.get("minimum", 0)), min(int(schema.get("maximum", 12)), 12)))
        if name == "fields":
            return None
        return self.chance.choice(self.words)

    def _plain(self, schema: dict[str, Any]) -> dict[str, Any]:
        """The schema without references, and without null where it is one of two."""
        schema = resolve(self.document, schema)
        for kind in ("anyOf", "oneOf"):
            for inner in schema.get(kind, []):
                inner = resolve(self.document, inner)
                if inner.get("type") != "null":
                    return inner
        return schema

    def _body(self, operation: dict[str, Any]) -> Any:
        """The operation's example about somebody's records, with words and ids exchanged."""
        ids = {**self.world.hidden, **(self.world.own if self.chance.random() < 0.5 else {})}
        body = body_of(operation, ids)
        if isinstance(body, dict) and self.chance.random() < 0.35:
            known = self.chance.choice(self.world.rows)
            body |= {name: known[name] for name in body if name in known}
        return self._changed(body, "")

    def _changed(self, value: Any, name: str) -> Any:
        chance = self.chance
        if isinstance(value, dict):
            kept = {k: v for k, v in value.items() if chance.random() > 0.05}
            return {key: self._changed(inner, key) for key, inner in kept.items()}
        if isinstance(value, list):
            return [self._changed(inner, name) for inner in value]
        if not isinstance(value, str) or chance.random() > 0.3:
            return value
        if _is_id(value):
            return self._any_id()
        alike = [secret for place, secret in self.world.texts.items() if place.endswith(f".{name}")]
        return chance.choice(alike) if alike else value


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True
