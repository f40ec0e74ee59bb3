"""How accounts and contacts are reached: lists of e-mails, phones, addresses and web addresses, each with one primary (ACC-9).

The plain fields (`email`, `phone`, `street` to `country`, `website`) are the primary entries. Whatever a request names, a list
or a plain field, `settle` gives both, so that they never disagree. Pure: nothing here asks the database.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import phonenumbers
from pydantic import BaseModel

from app.core import subdivisions
from app.core.particulars import HOME
from app.identity.references import FieldProblem

Entry = dict[str, Any]
ADDRESS = ("street", "postal_code", "city", "state", "country")

_TWICE = {"de": "Dieser Eintrag steht schon in der Liste.", "en": "This entry is in the list already."}
_TWO = {"de": "Nur ein Eintrag kann der wichtigste sein.", "en": "Only one entry can be the primary one."}
_DISAGREES = {
    "de": "Das ist nicht, was der wichtigste Eintrag der Liste sagt; senden Sie nur eines von beiden.",
    "en": "This is not what the list's primary entry says; send only one of the two.",
}
_COMPUTED = {"de": "Dieses Feld wird berechnet.", "en": "This field is computed."}
_EMPTY = {"de": "Eine Adresse braucht mindestens eine Angabe.", "en": "An address needs at least one part."}
_NO_STATE = {
    "de": "Dieses Land hat kein solches Bundesland (ISO 3166-2: Code, Name oder übliche Abkürzung).",
    "en": "This country has no such state (ISO 3166-2: code, name or usual short form).",
}
_NO_COUNTRY = {"de": "Nennen Sie zum Bundesland auch das Land.", "en": "Name the state's country too."}


def e164(number: str, country: str | None) -> str | None:
    """The number in E.164, read in that country; None where it can't be one."""
    try:
        parsed = phonenumbers.parse(number, country or HOME)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number(parsed)
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if possible else None


def _digits(entry: Entry) -> str:
    return entry.get("e164") or re.sub(r"\D", "", entry["number"])


def _bare_url(entry: Entry) -> str:
    return re.sub(r"^(https?://)?(www\.)?", "", entry["url"].lower()).rstrip("/")


def _place(entry: Entry) -> tuple[str, ...]:
    return tuple(" ".join((entry[part] or "").lower().split()) for part in ADDRESS)


@dataclass(frozen=True)
class Reach:
    """One of the lists: the plain fields that are its primary entry, and which parts of an entry these are.

    `key` tells entries apart; `rest` is what an entry made of plain fields has besides; `preferred` may be the primary one
    where a client marks none.
    """

    name: str
    flat: tuple[str, ...]
    parts: tuple[str, ...]
    key: Callable[[Entry], Any]
    rest: Mapping[str, Any]
    preferred: Callable[[Entry], bool] = field(default=lambda _: True)

    def of(self, values: Mapping[str, Any]) -> list[Entry]:
        """The list of a record's columns; where there is none yet, what the plain fields say."""
        entries = [dict(entry) for entry in values.get(self.name) or ()]
        if not entries and any(values.get(name) for name in self.flat):
            entries = [self.entry(values, values.get("country"))]
        return entries

    def entry(self, plain: Mapping[str, Any], country: str | None) -> Entry:
        """The primary entry that the plain fields are, of a record in that country."""
        made = {part: plain.get(name) for name, part in zip(self.flat, self.parts, strict=True)}
        made |= {**self.rest, "primary": True}
        return made if self.name != "phones" else {**made, "e164": e164(made["number"] or "", country)}

    def first(self, entries: Sequence[Entry]) -> Entry | None:
        """The entry that is the primary one where none is marked."""
        return next(filter(self.preferred, entries), entries[0] if entries else None)


FROM_CALL = "call:"
"""Begins the source of a consent that was given or refused at a call; its id follows (CALL-4)."""
NO_CONSENT = {"consent": "unknown", "consent_at": None, "consent_by": None, "consent_source": None}
EMAILS = Reach("emails", ("email",), ("address",), lambda e: str(e["address"]).lower(), {"kind": "work", **NO_CONSENT})
PHONES = Reach(
    "phones", ("phone",), ("number",), _digits, {"e164": None, "kind": "work"}, lambda entry: entry["kind"] != "fax"
)
ADDRESSES = Reach("addresses", ADDRESS, ADDRESS, _place, {"kind": "work"})
WEB_ADDRESSES = Reach(
    "web_addresses",
    ("website",),
    ("url",),
    _bare_url,
    {"kind": "website"},
    lambda entry: entry["kind"] == "website",
)
WEB_ONLY = Reach("web_addresses", (), (), _bare_url, {"kind": "website"}, WEB_ADDRESSES.preferred)
"""Of contacts, who have no plain field for it."""

OF_ACCOUNTS = (EMAILS, ADDRESSES, PHONES, WEB_ADDRESSES)
OF_CONTACTS = (EMAILS, ADDRESSES, PHONES, WEB_ONLY)
LISTS = tuple(reach.name for reach in OF_ACCOUNTS)


@dataclass(frozen=True, slots=True)
class Settled:
    """The columns that follow from a request, lists and plain fields alike; and what is wrong with it."""

    values: dict[str, Any]
    errors: list[FieldProblem]

    def into(self, body: Any) -> Any:
        """The body with these values in it, as if all of them had been sent."""
        return body.model_copy(update=self.values)


def columns(record: Any, reaches: Sequence[Reach]) -> dict[str, Any]:
    """What a record has in these columns."""
    return {name: getattr(record, name) for reach in reaches for name in (reach.name, *reach.flat)}


def settle(
    body: BaseModel,
    reaches: Sequence[Reach],
    *,
    now: datetime,
    by: UUID | None,
    before: Mapping[str, Any] | None = None,
) -> Settled:
    """What a request to create or change makes of the lists and plain fields; `before` is what a record has, see `columns`."""
    out = Settled({}, [])
    known: Mapping[str, Any] = before or {}
    for reach in reaches:
        old, country = reach.of(known), out.values.get("country", known.get("country"))
        listed: list[Any] | None = getattr(body, reach.name) if reach.name in body.model_fields_set else None
        given = {name: getattr(body, name) for name in reach.flat if name in body.model_fields_set}
        if before is None:
            given = {name: value for name, value in given.items() if value is not None}
            listed = listed or None
        if listed is not None:
            entries = [one.model_dump() for one in listed]
        elif given:
            entries = []
        elif reach is PHONES and old and {"country", "addresses"} & out.values.keys():
            entries = old
        else:
            continue
        if listed is not None and reach is EMAILS:
            out.errors.extend(_consents(listed, entries, old, now, by))
        if reach is ADDRESSES:
            out.errors.extend(_states(entries))
            given |= _state_of(given, known, out.errors)
        if listed is None and given:
            entries = _with_plain(reach, old, {**{name: known.get(name) for name in reach.flat}, **given}, country)
        if reach is PHONES:
            out.errors.extend(_numbers(listed or (), entries, country))
        if listed is not None:
            out.errors.extend(_wrong(reach, entries))
            _mark(reach, entries)
        out.values[reach.name] = entries
        primary = next((entry for entry in entries if entry["primary"]), None)
        for name, part in zip(reach.flat, reach.parts, strict=True):
            value = primary[part] if primary else None
            if listed is not None and name in given and given[name] != value:
                out.errors.append((f"/{name}", "disagrees", _DISAGREES))
            out.values[name] = value
    return out


def complete(record: Any, reaches: Sequence[Reach]) -> None:
    """Fill the lists of a record that was made of plain fields, for whoever makes records without a request."""
    have = columns(record, reaches)
    for reach in reaches:
        entries = reach.of(have)
        if reach is PHONES:
            _numbers((), entries, have.get("country"))
        setattr(record, reach.name, entries)


def _with_plain(reach: Reach, old: list[Entry], wanted: Mapping[str, Any], country: str | None) -> list[Entry]:
    """The list once the plain fields are these: its primary entry says so, or goes when they are empty."""
    new = reach.entry(wanted, country)
    parts = {part: new[part] for part in reach.parts}
    others = [{**entry, "primary": False} for entry in old if not entry["primary"]]
    primary = next((entry for entry in old if entry["primary"]), None)
    if all(value is None for value in parts.values()):
        if (following := reach.first(others)) is not None:
            following["primary"] = True
        return others
    for entry in others:
        if reach.key(entry) == reach.key(new):
            entry |= {**parts, "primary": True}
            kept = [{**primary, "primary": False}] if primary else []
            return [entry, *kept, *(one for one in others if one is not entry)]
    if primary is not None:
        same = reach.key(primary) == reach.key(new)
        new = {**primary, **parts} if same else {**new, "kind": primary["kind"]}
    return [new, *others]


def _mark(reach: Reach, entries: list[Entry]) -> None:
    """Exactly one of them is the primary one."""
    marked = next((entry for entry in entries if entry["primary"]), reach.first(entries))
    for entry in entries:
        entry["primary"] = entry is marked


def _wrong(reach: Reach, entries: list[Entry]) -> Iterable[FieldProblem]:
    part = reach.parts[0] if len(reach.parts) == 1 else "url"
    seen: set[Any] = set()
    for number, entry in enumerate(entries):
        pointer = f"/{reach.name}/{number}"
        key = reach.key(entry)
        if reach is ADDRESSES and not any(entry[name] for name in ADDRESS):
            yield pointer, "empty", _EMPTY
        elif key in seen:
            yield (pointer if reach is ADDRESSES else f"{pointer}/{part}"), "named_twice", _TWICE
        seen.add(key)
        if entry["primary"] and any(one["primary"] for one in entries[:number]):
            yield f"{pointer}/primary", "two_primaries", _TWO


def _consents(
    listed: Sequence[Any], entries: list[Entry], old: Sequence[Entry], now: datetime, by: UUID | None
) -> Iterable[FieldProblem]:
    """Who has entered a consent, and when, is filled in where it changes; otherwise it stays with its address."""
    known = {EMAILS.key(entry): entry for entry in old}
    for number, (body, entry) in enumerate(zip(listed, entries, strict=True)):
        was = known.get(EMAILS.key(entry), NO_CONSENT)
        if entry["consent_at"] is not None and entry["consent_at"] != _moment(was["consent_at"]):
            yield f"/emails/{number}/consent_at", "read_only_computed", _COMPUTED
        if entry["consent_by"] is not None and str(entry["consent_by"]) != was["consent_by"]:
            yield f"/emails/{number}/consent_by", "read_only_computed", _COMPUTED
        changed = entry["consent"] not in (None, was["consent"])
        source = entry["consent_source"] or ""
        if source.startswith(FROM_CALL) and (changed or source != was["consent_source"]):
            if source != was["consent_source"]:
                yield f"/emails/{number}/consent_source", "read_only_computed", _COMPUTED
            entry["consent_source"] = None  # sent back as it was read, beside another answer
        if changed:
            entry |= {"consent_at": now.isoformat(), "consent_by": str(by) if by else None}
        else:
            entry |= {name: was[name] for name in ("consent", "consent_at", "consent_by")}
            if "consent_source" not in body.model_fields_set:
                entry["consent_source"] = was["consent_source"]


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _numbers(listed: Sequence[Any], entries: list[Entry], country: str | None) -> list[FieldProblem]:
    """Fill in E.164. Whatever else was sent as that is refused."""
    for entry in entries:
        entry["e164"] = e164(entry["number"], country)
    return [
        (f"/phones/{number}/e164", "read_only_computed", _COMPUTED)
        for number, (body, entry) in enumerate(zip(listed, entries, strict=False))
        if body.e164 not in (None, entry["e164"])
    ]


def _states(entries: list[Entry]) -> Iterable[FieldProblem]:
    for number, entry in enumerate(entries):
        found = _canonical(entry["country"], entry["state"])
        if isinstance(found, tuple):
            yield f"/addresses/{number}/state", *found
        else:
            entry["state"] = found


def _state_of(given: Mapping[str, Any], known: Mapping[str, Any], errors: list[FieldProblem]) -> dict[str, Any]:
    """The plain state by its proper name, looked at when it or its country changes."""
    if not {"state", "country"} & given.keys():
        return {}
    state, country = (given.get(name, known.get(name)) for name in ("state", "country"))
    found = _canonical(country, state)
    if isinstance(found, tuple):
        errors.append(("/state", *found))
        return {}
    return {"state": found} if found is not None or "state" in given else {}


def _canonical(country: str | None, state: str | None) -> str | tuple[str, Any] | None:
    """The state's name; or code and sentence of what is wrong with it."""
    if state is None:
        return None
    if country is None:
        return ("state_without_country", _NO_COUNTRY)
    if not subdivisions.has_subdivisions(country):
        return state
    found = subdivisions.find(country, state)
    return ("unknown_state", _NO_STATE) if found is None else found.name_de


# --- merging ---------------------------------------------------------------------------------------------------------

_STRICTER = {"unknown": 0, "granted": 1, "refused": 2}


def united(reach: Reach, rows: Sequence[Mapping[str, Any]], plain: Mapping[str, Any]) -> list[Entry]:
    """The lists of several records as one, in their order, each entry once; the primary one is what `plain` says.

    Of two consents for one address, a refusal counts, then a grant.
    """
    entries: dict[Any, Entry] = {}
    for row in rows:
        for entry in reach.of(row):
            entry["primary"] = False
            there = entries.setdefault(reach.key(entry), entry)
            if reach is EMAILS and _STRICTER[entry["consent"]] > _STRICTER[there["consent"]]:
                there |= {name: entry[name] for name in NO_CONSENT}
    return _with_primary(reach, list(entries.values()), plain, plain.get("country"))


def restored(
    reach: Reach, was: Sequence[Entry], after: Sequence[Entry], now: Sequence[Entry], plain: Mapping[str, Any]
) -> list[Entry]:
    """The list when a merge is undone that made `after` of `was`: what it brought goes, what came since stays."""
    before, made, here = ({reach.key(entry): dict(entry) for entry in entries} for entries in (was, after, now))
    stay = [before.get(key, entry) if made.get(key) == entry else entry for key, entry in here.items()]
    stay = [e for e in stay if reach.key(e) in before or reach.key(e) not in made]
    back = [entry for key, entry in before.items() if key not in made and key not in here]
    entries = [{**entry, "primary": False} for entry in (*stay, *back)]
    return _with_primary(reach, entries, plain, plain.get("country"))


def _with_primary(reach: Reach, entries: list[Entry], plain: Mapping[str, Any], country: str | None) -> list[Entry]:
    """The list whose primary entry is what the plain fields say; parts of that same address are not kept beside it."""
    if not reach.flat:
        _mark(reach, entries)
        return entries
    new = reach.entry(plain, country)
    parts = {part: new[part] for part in reach.parts}
    if all(value is None for value in parts.values()):
        return entries
    for entry in entries:
        if reach.key(entry) == reach.key(new):
            entry |= {**parts, "primary": True}
            return entries
    if reach is ADDRESSES:
        entries = [one for one in entries if any(one[p] and one[p] != parts[p] for p in ADDRESS)]
    return [new, *entries]
