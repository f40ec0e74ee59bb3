"""A front end in small: builds requests from the metadata alone. It knows no resource and no field, only kinds of value."""

import re
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

import httpx

Field = dict[str, Any]
_TODAY = datetime.now(UTC).date().isoformat()
_numbers = count(1)
_SYLLABLES = ("ba", "ro", "mi", "ku", "ste", "lan", "go", "fri", "dux", "wa")


class CannotFill(Exception):
    """The metadata do not say enough, or what they name has no records."""


def word(number: int) -> str:
    """A made-up word, far from those of other numbers."""
    return "".join(_SYLLABLES[int(digit)] for digit in str(number * 7919)).capitalize()


class Forms:
    """Fills forms for whoever the client is signed in as."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self._fetched: dict[str, Any] = {}

    async def metadata(self, name: str) -> dict[str, Any]:
        """A resource's description."""
        answer = await self.client.get(f"/v1/metadata/{name}")
        assert answer.status_code == 200, answer.text
        described: dict[str, Any] = answer.json()
        return described

    async def fetch(self, path: str) -> Any:
        """What is at the path, fetched once."""
        if path not in self._fetched:
            answer = await self.client.get(path)
            if answer.status_code != 200:
                raise CannotFill(f"{path}: {answer.text}")
            self._fetched[path] = answer.json()
        return self._fetched[path]

    async def creation(self, described: dict[str, Any], *, group: int = 0, whole: bool = False) -> dict[str, Any]:
        """A body that makes one: what is required, the group of alternatives, and what another record asks for.

        `whole`: everything that can be given.
        """
        fields = {field["name"]: field for field in described["fields"] if "create" in field}
        body: dict[str, Any] = {}
        if variants := described.get("variants"):
            body[variants["field"]] = variants["options"][group % len(variants["options"])]["value"]
            chosen = body[variants["field"]]
            fields = {
                field["name"]: field
                for field in described["fields"]
                if "create" in field and chosen in field.get("applies_to", [chosen])
            }
        wanted = [name for name, field in fields.items() if field["create"]["required"] or whole and name != "id"]
        if whole:  # of a list and its shorthands, the one or the other
            kept = {fields[name].get("shorthand_for") for name in wanted if fields[name]["create"]["required"]}
            wanted = [n for n in wanted if n not in kept and fields[n].get("shorthand_for", n) in {n, *kept}]
        if either := described.get("either"):
            wanted += either[group % len(either)]
        if of_variant := described.get("either_of", {}).get(body.get((variants or {}).get("field", ""))):
            wanted += of_variant[0]
        for name in wanted:
            try:
                await self._fill(name, fields, body)
            except CannotFill:
                if fields[name]["create"]["required"] or not whole:
                    raise
        if further := described.get("required_by"):
            await self._prepare(further["path"], fields, body)
            for name in (await self.fetch(further["path"].format_map(body)))[further["items"]]:
                await self._fill(name, fields, body)
        return as_sent(body)

    async def change(self, field: Field, fields: dict[str, Field], record: dict[str, Any]) -> dict[str, Any]:
        """A body that changes the field of the record, with what has to be filled in before it."""
        body = {name: value for name, value in record.items() if value is not None and name != field["name"]}
        value = await self.value(field, fields, body)
        return as_sent(
            {name: v for name, v in body.items() if name not in record or record[name] is None} | {field["name"]: value}
        )

    async def _fill(self, name: str, fields: dict[str, Field], body: dict[str, Any]) -> None:
        if name not in body:
            body[name] = await self.value(fields[name], fields, body)

    async def _prepare(self, path: str, fields: dict[str, Field], body: dict[str, Any]) -> None:
        for needed in re.findall(r"\{(\w+)\}", path):
            if needed in fields:
                await self._fill(needed, fields, body)

    async def value(self, field: Field, fields: dict[str, Field], body: dict[str, Any]) -> Any:
        """A value that fits."""
        if options := [option for option in field.get("options", []) if option.get("active", True)]:
            return options[0]["value"]
        if source := field.get("options_from"):
            if (chosen := await self._choose(source, fields, body)) is not None:
                return chosen
            if source["closed"]:
                raise CannotFill(f"{field.get('name')}: nothing at {source['path']}")
        bounds = field.get("bounds", {})
        match field["type"]:
            case "list":
                covers = field.get("covers", {"values": []})
                number = max(1, bounds.get("min_items", 1), len(covers["values"]))
                items = [await self.value(field["items"], fields, body) for _ in range(number)]
                for item, covered in zip(items, covers["values"], strict=False):
                    item |= {covers["field"]: covered, **covers.get("fixes", {}).get(covered, {})}
                return items
            case "object":
                return await self._object(field["fields"])
            case "boolean":
                return False
            case "integer" | "decimal":
                return int(bounds.get("minimum", 1))
            case "money":
                return {"amount": f"{max(100, bounds.get('minimum', 0)):.2f}", "currency": "EUR"}
            case "date":
                return min(max(_TODAY, bounds.get("earliest", _TODAY)), bounds.get("latest", _TODAY))
            case "datetime":
                return f"{_TODAY}T12:00:00Z"
            case "text" | "prose":
                return _text(field)
            case kind:
                raise CannotFill(f"{field.get('name')}: a {kind} without options")

    async def _object(self, fields: list[Field]) -> dict[str, Any]:
        by_name = {field["name"]: field for field in fields if "create" in field}
        inner: dict[str, Any] = {}
        needed = [name for name, field in by_name.items() if field["create"]["required"]]
        for name in needed or by_name:
            await self._fill(name, by_name, inner)
        return inner

    async def _choose(self, source: dict[str, Any], fields: dict[str, Field], body: dict[str, Any]) -> Any:
        await self._prepare(source["path"], fields, body)
        known = {name: value for name, value in body.items() if value is not None}
        path = re.sub(r"[?&]\w+=\{(\w+)\}", lambda m: m[0] if m[1] in known else "", source["path"])
        try:
            path = path.format_map(known)
        except KeyError:
            return None
        found = [one for one in (await self.fetch(path))[source["items"]] if one[source["value"]] != body.get("id")]
        for language in ("de", "en"):
            for option in found[:1]:
                shown = re.sub(r"\{([\w.]+)\}", lambda m, o=option: str(_member(o, m[1])), source["label"][language])
                assert shown, source
        return found[0][source["value"]] if found else None


def _member(option: Any, path: str) -> Any:
    for name in path.split("."):
        option = option[name]
    return option


def as_sent(body: dict[str, Any]) -> dict[str, Any]:
    """`custom.<key>` into `custom`."""
    custom = {name.removeprefix("custom."): value for name, value in body.items() if name.startswith("custom.")}
    plain = {name: value for name, value in body.items() if not name.startswith("custom.")}
    return {**plain, "custom": custom} if custom else plain


def _text(field: Field) -> str:
    """A text of its format, within its bounds."""
    number = next(_numbers)
    bounds = field.get("bounds", {})
    made = {
        "email": f"{word(number).lower()}@{word(number + 500).lower()}.example.com",
        "phone": f"+43 732 {700000 + number * 37}",
        "url": f"https://www.{word(number).lower()}.example.com",
        "vat_id": f"ATU{10000000 + number}",
        "key": f"key_{word(number).lower()}",
        "color": "#2f6feb",
    }.get(field.get("format", ""), f"{word(number)} {word(number + 500)}")
    made = made[: bounds.get("max_length", 200)].strip()
    if "pattern" in bounds and not re.search(bounds["pattern"], made):
        plain = re.sub(r"[^a-z0-9]", "", made.lower())[:12]
        made = next(
            (
                t
                for t in (plain, plain.upper(), f"{4000 + number}", field.get("example"))
                if t and re.search(bounds["pattern"], t)
            ),
            made,
        )
    return made


async def filter_value(forms: Forms, field: Field) -> str:
    """A value for a filter, as it stands in a query."""
    shape = field["items"] if field["type"] == "list" else field
    if shape["type"] in ("id", "link"):
        return str(uuid4())
    if field["name"] == "q" or shape["type"] in ("text", "prose") and not shape.get("options_from", {}).get("closed"):
        pattern = shape.get("bounds", {}).get("pattern", "")
        return next((t for t in ("test", "4020", "AT:4020", "test.test") if re.search(pattern, t)), "test")
    try:
        value = await forms.value(shape, {}, {})
    except CannotFill:
        value = "test"
    value = value["amount"] if isinstance(value, dict) else value
    return str(value).lower() if isinstance(value, bool) else str(value)


async def custom_queries(forms: Forms, described: dict[str, Any]) -> list[dict[str, str]]:
    """Filters with each operator, and sorts, of every custom field."""
    asked = []
    for field in described["fields"]:
        for operator in field.get("operators", []):
            value = f":{await filter_value(forms, field)}" if operator not in ("set", "empty") else ""
            asked.append({"custom": f"{field['name'].removeprefix('custom.')}:{operator}{value}"})
        if "sort" in field:
            asked += [{"sort": field["sort"]}, {"sort": f"-{field['sort']}"}]
    return asked
