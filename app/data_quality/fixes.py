"""What mends a finding: the operation, where it is called, and what to send (ACC-15)."""

from typing import Any
from uuid import UUID

_HINTS = {
    "account_of_other_centre": {
        "de": "Dem zuständigen Centre zuordnen oder die Adresse berichtigen.",
        "en": "Give the customer to the responsible centre, or correct the address.",
    },
    "account_without_centre": {
        "de": "Ein Centre zuordnen; „body“ nennt das der Postleitzahl, wenn es eines gibt.",
        "en": "Name a centre; “body” has that of the postal code, if there is one.",
    },
    "account_without_contact": {
        "de": "Einen Ansprechpartner herausfinden und anlegen.",
        "en": "Find out whom to talk to, and create that contact.",
    },
    "account_without_segment": {"de": "Das Segment angeben.", "en": "Name the segment."},
    "contact_without_account": {
        "de": "Die Firma angeben, bei der die Person arbeitet.",
        "en": "Name the account that the person works for.",
    },
    "generic_email": {
        "de": "Die persönliche Adresse erfragen und eintragen.",
        "en": "Ask for the personal address and enter it.",
    },
    "possible_duplicate": {
        "de": "Ansehen, was es noch gibt, und zusammenführen oder „kein Duplikat“ sagen.",
        "en": "Look at what else there is, then merge, or say that it is no duplicate.",
    },
    "stale": {
        "de": "Anrufen, die Daten prüfen und es als Aktivität festhalten.",
        "en": "Call, check the data, and note it as an activity.",
    },
    "unreachable": {
        "de": "Telefonnummer oder E-Mail-Adresse herausfinden und eintragen.",
        "en": "Find out a phone number or e-mail address and enter it.",
    },
}


def fix(type_: str, record_type: str, id_: UUID, detail: dict[str, Any], language: str) -> dict[str, Any]:
    """As `FindingFix`."""
    own = f"/v1/{record_type}s/{id_}"
    method, href, operation = "PATCH", own, f"update_{record_type}"
    body: dict[str, Any] | None = None
    centre = detail.get("responsible_centre")
    match type_:
        case "account_without_contact":
            method, href, operation, body = "POST", "/v1/contacts", "create_contact", {"account_id": str(id_)}
        case "stale":
            method, href, operation, body = "POST", "/v1/activities", "create_activity", {"account_id": str(id_)}
        case "possible_duplicate":
            method, href, operation = "GET", f"{own}/duplicates", f"find_{record_type}_duplicates"
        case "account_of_other_centre" | "account_without_centre" if centre:
            body = {"centre_id": centre["id"]}
    hint = _HINTS[type_][language]
    return {"method": method, "href": href, "operation": operation, "body": body, "hint": hint}
