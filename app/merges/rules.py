"""What may be merged, and which record should win (DUP-5, DUP-6, LOCK-3, LEAD-6)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.core.problems import Language
from app.merges.fields import Row

Refusal = tuple[str, str, Mapping[Language, str]]
"""Pointer, code and sentence, as `Problem` takes them."""

_TEXTS: dict[str, dict[Language, str]] = {
    "merge_in_erp": {
        "de": "Firmen mit ERP-Nummer werden im ERP-System zusammengeführt; von dort kommt es hierher.",
        "en": "Accounts with an ERP id are merged in the ERP; it is followed here from there.",
    },
    "erp_record_must_win": {
        "de": "Der Kontakt mit ERP-Nummer muss bleiben; sonst entstünde er im ERP-System ein zweites Mal.",
        "en": "The contact with an ERP id must stay; otherwise it would be made a second time in the ERP.",
    },
    "projects_differ": {
        "de": "Interessenten verschiedener Projekte bleiben getrennt.",
        "en": "Leads of different projects stay apart.",
    },
    "two_converted": {
        "de": "Mehrere dieser Interessenten sind schon konvertiert; führen Sie ihre Kunden zusammen.",
        "en": "Several of these leads have been converted; merge their accounts instead.",
    },
    "converted_must_win": {
        "de": "Der konvertierte Interessent muss bleiben: Er belegt, woher der Kunde kommt.",
        "en": "The converted lead must stay: it shows where the customer came from.",
    },
    "converted_is_closed": {
        "de": "Ein konvertierter Interessent wird nicht mehr geändert; seine Werte bleiben.",
        "en": "A converted lead is not changed any more; its values stay.",
    },
    "discarded_cannot_win": {
        "de": "Ein offener Interessent darf nicht in einem verworfenen aufgehen.",
        "en": "An open lead may not go into a discarded one.",
    },
    "customer_taken": {
        "de": "Das Ergebnis wäre ein Kunde, den jemand anderes hält; eine Freigabe erteilt der Country Head.",
        "en": "The result would be a customer whom somebody else holds; the country head can clear you.",
    },
    "holder_stays": {
        "de": "Wer die Kundensperre hält, bearbeitet den Interessenten; soll er wechseln, übergeben Sie die Sperre.",
        "en": "Who holds the lock is the lead's assignee; to change that, transfer the lock.",
    },
    "vip_not_yours": {
        "de": "Ob ein Kunde VIP ist, sagt der Franchisenehmer; das Ergebnis bleibt VIP, wenn einer es war.",
        "en": "Whether an account is a VIP is the franchisee's to say; the result stays one if any of them was.",
    },
    "convert_it_too": {
        "de": "Der offene Interessent hat eine Kundensperre; konvertieren Sie ihn zum selben Kunden („keep“).",
        "en": "The open lead has a lock; convert it to the same customer (“keep”) instead.",
    },
    "locks_differ": {
        "de": "Verschiedene Bearbeiter halten diese Kunden; erst ist zu klären, wer ihn behält (Übergabe oder Freigabe).",
        "en": "Different people hold these customers; first settle who keeps it (transfer or clearance).",
    },
}


@dataclass(frozen=True, slots=True)
class Lock:
    """A standing lock of one of the records."""

    id: UUID
    record_id: UUID
    holder_id: UUID
    state: str
    ends_on: Any


@dataclass(frozen=True, slots=True)
class Records:
    """What is to be merged: the rows, who holds which, and how much hangs on each."""

    record_type: str
    rows: Mapping[UUID, Row]
    locks: Sequence[Lock] = ()
    sub_records: Mapping[UUID, Mapping[str, int]] = field(default_factory=dict)

    def weight(self, id_: UUID) -> int:
        """How many records hang on this one."""
        return sum(self.sub_records.get(id_, {}).values())

    def with_erp_id(self) -> list[UUID]:
        """Those that the ERP knows."""
        return [id_ for id_, row in self.rows.items() if row.get("erp_id")]


def refusals(records: Records, winner_id: UUID, *, from_erp: bool) -> list[Refusal]:
    """Every rule that forbids this merge."""
    codes: list[tuple[str, str]] = []
    match records.record_type:
        case "account":
            if records.with_erp_id() and not from_erp:
                codes.append(("/record_ids", "merge_in_erp"))
        case "contact":
            known = records.with_erp_id()
            if known and winner_id not in known:
                codes.append(("/winner_id", "erp_record_must_win"))
        case _:
            codes += _of_leads(records, winner_id)
    if not from_erp and _held_differently(records):
        codes.append(("/record_ids", "locks_differ"))
    return [refusal(pointer, code) for pointer, code in codes]


def refusal(pointer: str, code: str) -> Refusal:
    """A rule's refusal that `refusals` cannot know of: it looks at the result, or beyond the records."""
    return (pointer, code, _TEXTS[code])


def _of_leads(records: Records, winner_id: UUID) -> list[tuple[str, str]]:
    codes: list[tuple[str, str]] = []
    phases = {id_: row["phase"] for id_, row in records.rows.items()}
    converted = [id_ for id_, phase in phases.items() if phase == "converted"]
    if len({row["project_id"] for row in records.rows.values()}) > 1:
        codes.append(("/record_ids", "projects_differ"))
    if len(converted) > 1:
        codes.append(("/record_ids", "two_converted"))
    elif converted and winner_id not in converted:
        codes.append(("/winner_id", "converted_must_win"))
    locked = {lock.record_id for lock in records.locks}
    if phases[winner_id] == "converted" and locked and winner_id not in locked:
        # There it could never become active, nor end.
        codes.append(("/record_ids", "convert_it_too"))
    if phases[winner_id] == "discarded" and "open" in phases.values():
        codes.append(("/winner_id", "discarded_cannot_win"))
    return codes


def _held_differently(records: Records) -> bool:
    """Whether merging would give somebody a customer whom another one holds: who holds any must be who holds one of them."""
    holders: dict[UUID, set[UUID]] = {}
    for lock in records.locks:
        holders.setdefault(lock.record_id, set()).add(lock.holder_id)
    everyone = set().union(*holders.values()) if holders else set()
    return bool(everyone) and everyone not in holders.values()


REASONS: dict[str, dict[Language, str]] = {
    "erp_id": {"de": "Das ERP-System kennt diesen Datensatz.", "en": "The ERP knows this record."},
    "converted": {"de": "Dieser Interessent ist schon konvertiert.", "en": "This lead has been converted."},
    "open": {"de": "Dieser Interessent ist noch offen.", "en": "This lead is still open."},
    "locked": {"de": "Für diesen Datensatz besteht eine Kundensperre.", "en": "A lead lock stands for this record."},
    "sub_records": {"de": "An diesem Datensatz hängt am meisten.", "en": "Most records hang on this one."},
    "fullest": {"de": "Dieser Datensatz ist am vollständigsten.", "en": "This record is the fullest."},
    "oldest": {"de": "Dieser Datensatz ist der älteste.", "en": "This record is the oldest."},
}


def recommend(records: Records) -> tuple[UUID, str]:
    """Which record should win, and the code of the reason."""
    rows = records.rows
    left = list(rows)
    locked = {lock.record_id for lock in records.locks}
    steps: tuple[tuple[str, Callable[[UUID], int]], ...] = (
        ("erp_id", lambda id_: bool(rows[id_].get("erp_id"))),
        ("converted", lambda id_: rows[id_].get("phase") == "converted"),
        ("open", lambda id_: rows[id_].get("phase") == "open"),
        ("locked", lambda id_: id_ in locked),
        ("sub_records", records.weight),
        ("fullest", lambda id_: sum(value not in (None, []) for value in rows[id_].values())),
    )
    for code, worth in steps:
        best = max(map(worth, left))
        left = [id_ for id_ in left if worth(id_) == best]
        if len(left) == 1:
            return left[0], code
    return min(left, key=lambda id_: (rows[id_]["created_at"], id_)), "oldest"
