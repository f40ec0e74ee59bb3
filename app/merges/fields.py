"""The comparison, field by field: what each record says, what is proposed, and why.

A value that the winner has stays; what it lacks is taken from the others, the most recently changed first. An address is one
thing: parts of another one are taken only where the two do not contradict each other. Texts that differ are joined, and sets
of people are united, so that nothing is lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from app.matching.text import fold

Row = Mapping[str, Any]
"""A record's columns as `to_jsonb` gives them."""

Source = UUID | Literal["all"]

ADDRESS = ("street", "postal_code", "city", "state", "country")
UNITED = ("manager_ids", "team_ids", "member_organisation_ids")
"""Columns that hold the ids of people and teams: always those of all records."""
FLAGS = ("vip", "visit_priority")
"""What one of the records is, the result is."""
TERMS = ("terms_valid_from", "terms_valid_until")
LONGEST = 20_000
_REACH = ("phone", "email", "website", "vat_id")

CHOOSABLE: dict[str, tuple[str, ...]] = {
    "lead": (
        *("name", "company", "salutation", "title", "first_name", "last_name", "birth_date", *ADDRESS, *_REACH),
        *("assignee_id", "source", "source_detail", "contacted_on", "expected_revenue", "description"),
    ),
    "account": (
        *("name", "legal_form", "level", "industry", *ADDRESS, *_REACH),
        *("segment", "centre_id", "parent_id", "vip", "partner_info", "terms_valid_from", "terms_valid_until"),
        *("visit_interval_days", "visit_priority", "contact_type"),
        *("assignee_id", "access", "source", "expected_revenue", "description"),
    ),
    "contact": (
        *("salutation", "title", "first_name", "last_name", "job_title", "birth_date", *ADDRESS, "phone", "email"),
        *("account_id", "contact_type", "do_not_contact", "assignee_id", "access", "source", "description"),
    ),
}
LATEST = ("last_order_on", "last_visit_on")
"""Days of which the latest one counts."""
FILLED = ("lead_id", "main_contact_id", "previous_contact_id", "photo_id")
"""Columns nobody chooses: taken from a loser where the winner has nothing."""

CUSTOM = "custom."
"""What the installation's own fields are called here; each of them is a line of its own (ACC-10)."""

REASONS = {
    "same": {"de": "Alle sagen dasselbe.", "en": "All say the same."},
    "winner": {"de": "Der Wert des Gewinners bleibt.", "en": "The winner's value stays."},
    "filled": {"de": "Der Gewinner hat hier nichts.", "en": "The winner has nothing here."},
    "joined": {"de": "Beide Texte bleiben erhalten.", "en": "Both texts are kept."},
    "too_long": {
        "de": "Zusammen wären die Texte zu lang; der des Gewinners bleibt.",
        "en": "Joined, the texts would be too long; the winner's stays.",
    },
    "other_address": {
        "de": "Die übrigen Angaben gehören zu einer anderen Adresse.",
        "en": "What the others have belongs to another address.",
    },
    "stricter": {
        "de": "Einer der Datensätze darf nicht kontaktiert werden.",
        "en": "One of the records must not be contacted.",
    },
    "chosen": {"de": "So gewählt.", "en": "Chosen so."},
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the comparison; `source` is where the result comes from."""

    field: str
    values: tuple[tuple[UUID, Any], ...]
    result: Any
    source: Source
    reason: str
    differs: bool


def value_of(row: Row, field: str) -> Any:
    """The field as clients know it: money is one field of two columns."""
    if field == "expected_revenue":
        amount = row["expected_revenue_amount"]
        return None if amount is None else {"amount": f"{amount:.2f}", "currency": row["expected_revenue_currency"]}
    return row["custom"].get(field.removeprefix(CUSTOM)) if field.startswith(CUSTOM) else row[field]


def columns_of(field: str) -> tuple[str, ...]:
    """The columns behind a field."""
    return ("expected_revenue_amount", "expected_revenue_currency") if field == "expected_revenue" else (field,)


def choosable(record_type: str, rows: Mapping[UUID, Row]) -> tuple[str, ...]:
    """The fields that may be chosen: those of the kind, and the installation's own that one of the records has."""
    custom = {f"{CUSTOM}{key}" for row in rows.values() for key in row["custom"]}
    return (*CHOOSABLE[record_type], *sorted(custom))


def compare(record_type: str, winner_id: UUID, rows: Mapping[UUID, Row], chosen: Mapping[str, Source]) -> list[Line]:
    """The whole comparison; `chosen` goes before what is proposed."""
    others = sorted(
        (id_ for id_ in rows if id_ != winner_id), key=lambda id_: (rows[id_]["updated_at"], id_), reverse=True
    )
    lines = []
    for field in choosable(record_type, rows):
        values = tuple((id_, value_of(rows[id_], field)) for id_ in (winner_id, *others))
        said = [value for _, value in values if value is not None]
        differs = any(value != said[0] for value in said[1:])
        if field in chosen:
            source, reason = chosen[field], "chosen"
        else:
            source, reason = _proposed(field, rows, values, differs=differs)
        result = joined([v for _, v in values]) if source == "all" else dict(values)[source]
        lines.append(Line(field, values, result, source, reason, differs))
    return lines


def _proposed(
    field: str, rows: Mapping[UUID, Row], values: Sequence[tuple[UUID, Any]], *, differs: bool
) -> tuple[Source, str]:
    (winner_id, own), *others = values
    winner = rows[winner_id]
    if field in FLAGS and not own and (flagged := [id_ for id_, value in others if value]):
        return flagged[0], "filled"
    if field == "do_not_contact" and own is False and any(value for _, value in others):
        return next(id_ for id_, value in others if value), "stricter"
    if own is not None:
        if not differs:
            return winner_id, "same" if all(value == own for _, value in values) else "winner"
        if field == "description":
            return (
                ("all", "joined") if len(joined([v for _, v in values]) or "") <= LONGEST else (winner_id, "too_long")
            )
        return winner_id, "winner"
    having = [id_ for id_, value in others if value is not None]
    if field in TERMS and any(winner[part] for part in TERMS):
        return winner_id, "winner" if having else "same"
    if field in ADDRESS:
        fitting = [id_ for id_ in having if _one_address(winner, rows[id_])]
        if having and not fitting:
            return winner_id, "other_address"
        having = fitting
    if not having:
        return winner_id, "same"
    if field == "description" and differs and len(joined([v for _, v in values]) or "") <= LONGEST:
        return "all", "joined"
    return having[0], "filled"


def joined(texts: Sequence[str | None]) -> str | None:
    """The texts one below the other, each once."""
    said = list(dict.fromkeys(text.strip() for text in texts if text and text.strip()))
    return "\n\n".join(said) or None


def _one_address(a: Row, b: Row) -> bool:
    return all(not a[part] or not b[part] or fold(a[part]) == fold(b[part]) for part in ADDRESS)


def united(winner_id: UUID, rows: Mapping[UUID, Row], column: str) -> list[UUID]:
    """The ids of all records, the winner's first, each once."""
    order = [winner_id, *(id_ for id_ in rows if id_ != winner_id)]
    return list(dict.fromkeys(UUID(one) for id_ in order for one in rows[id_][column]))
