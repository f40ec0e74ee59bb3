"""What users are told, in German and English: one table, one row per kind of event."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from string import Formatter
from typing import Any, Literal, get_args

from app.core.problems import Language

Kind = Literal[
    "lead_assigned",
    "opportunity_assigned",
    "task_assigned",
    "call_assigned",
    "meeting_assigned",
    "manager_added",
    "clearance_requested",
    "clearance_decided",
    "lock_started",
    "lock_expiring",
    "lock_expired",
    "lock_released",
    "lock_transferred",
    "lock_extended",
    "opportunity_requested",
    "message_received",
    "records_merged",
    "cross_sell_found",
]

Text = tuple[str, str]
"""A title on one line and a body."""


@dataclass(frozen=True, slots=True)
class Texts:
    """One kind's words. Names in braces are filled from the notification's `data`."""

    de: Text
    en: Text
    words: Mapping[str, Mapping[str, tuple[str, str]]] | None = None
    """For a name in `data`: its values as readers know them, (German, English)."""


TABLE: dict[str, Texts] = {
    "lead_assigned": Texts(
        de=("Neuer Interessent für Sie: {name}", "{by} hat Ihnen den Interessenten „{name}“ zugewiesen."),
        en=("New lead for you: {name}", "{by} assigned the lead “{name}” to you."),
    ),
    "opportunity_assigned": Texts(
        de=("Neue Verkaufschance für Sie: {name}", "{by} hat Ihnen die Verkaufschance „{name}“ übergeben."),
        en=("New opportunity for you: {name}", "{by} handed the opportunity “{name}” over to you."),
    ),
    "task_assigned": Texts(
        de=("Neue Aufgabe für Sie: {name}", "{by} hat Ihnen die Aufgabe „{name}“ zugewiesen."),
        en=("New task for you: {name}", "{by} assigned the task “{name}” to you."),
    ),
    "call_assigned": Texts(
        de=("Neuer Anruf für Sie: {name}", "{by} hat für Sie den Anruf „{name}“ am {day} geplant."),
        en=("New call for you: {name}", "{by} planned the call “{name}” for you on {day}."),
    ),
    "meeting_assigned": Texts(
        de=("Neue Besprechung für Sie: {name}", "{by} hat für Sie die Besprechung „{name}“ am {day} geplant."),
        en=("New meeting for you: {name}", "{by} planned the meeting “{name}” for you on {day}."),
    ),
    "manager_added": Texts(
        de=("Sie betreuen jetzt: {name}", "{by} hat Sie bei „{name}“ als Betreuer eingetragen."),
        en=("You now manage: {name}", "{by} added you as a manager of “{name}”."),
    ),
    "clearance_requested": Texts(
        de=("Freigabe erbeten: {name}", "{by} bittet um Freigabe des Kunden „{name}“.\n\nBegründung: {reason}"),
        en=("Clearance requested: {name}", "{by} asks for clearance of the customer “{name}”.\n\nReason: {reason}"),
    ),
    "clearance_decided": Texts(
        de=(
            "Freigabe {decision}: {name}",
            "{by} hat über die Freigabe des Kunden „{name}“ entschieden: {decision}.\n\nBegründung: {reason}",
        ),
        en=(
            "Clearance {decision}: {name}",
            "{by} decided on the clearance of the customer “{name}”: {decision}.\n\nReason: {reason}",
        ),
        words={
            "decision": {
                "granted": ("erteilt", "granted"),
                "shared": ("geteilt", "shared"),
                "refused": ("abgelehnt", "refused"),
            }
        },
    ),
    "lock_started": Texts(
        de=("Kundensperre aktiv: {name}", "Der Kunde „{name}“ ist bis {until} für {holder} gesperrt."),
        en=("Lead lock active: {name}", "The customer “{name}” is locked for {holder} until {until}."),
    ),
    "lock_expiring": Texts(
        de=(
            "Kundensperre endet in {days} Tagen: {name}",
            "Die Sperre des Kunden „{name}“ (Inhaber: {holder}) endet am {until}. Bis dahin kann sie verlängert werden.",
        ),
        en=(
            "Lead lock ends in {days} days: {name}",
            "The lock of the customer “{name}” (holder: {holder}) ends on {until}. Until then it can be extended.",
        ),
    ),
    "lock_expired": Texts(
        de=("Kundensperre abgelaufen: {name}", "Der Kunde „{name}“ (bisher: {holder}) ist wieder frei."),
        en=("Lead lock expired: {name}", "The customer “{name}” (held by {holder}) is free again."),
    ),
    "lock_released": Texts(
        de=(
            "Kundensperre aufgehoben: {name}",
            "{by} hat die Sperre des Kunden „{name}“ (bisher: {holder}) aufgehoben.",
        ),
        en=("Lead lock released: {name}", "{by} released the lock of the customer “{name}” (held by {holder})."),
    ),
    "lock_transferred": Texts(
        de=("Kundensperre übertragen: {name}", "{by} hat die Sperre des Kunden „{name}“ an {holder} übertragen."),
        en=("Lead lock transferred: {name}", "{by} transferred the lock of the customer “{name}” to {holder}."),
    ),
    "lock_extended": Texts(
        de=("Kundensperre verlängert: {name}", "{by} hat die Sperre des Kunden „{name}“ bis {until} verlängert."),
        en=("Lead lock extended: {name}", "{by} extended the lock of the customer “{name}” until {until}."),
    ),
    "opportunity_requested": Texts(
        de=(
            "{subject}",
            "{by} bittet Sie, eine Verkaufschance anzulegen.\n\nErwarteter Jahresumsatz: {amount}\n\n{excerpt}",
        ),
        en=("{subject}", "{by} asks you to make an opportunity.\n\nExpected annual revenue: {amount}\n\n{excerpt}"),
    ),
    "cross_sell_found": Texts(
        de=(
            "Cross-Selling gefunden: {name}",
            "{by} hat beim Besuch am {day} eine Verkaufsmöglichkeit gesehen: {subject}\n\n{note}",
        ),
        en=("Cross-sell found: {name}", "{by} saw a possible order on a visit on {day}: {subject}\n\n{note}"),
    ),
    "records_merged": Texts(
        de=("Zusammengeführt: {name}", "{by} hat „{losers}“ mit „{name}“ zusammengeführt."),
        en=("Merged: {name}", "{by} merged “{losers}” into “{name}”."),
    ),
    "message_received": Texts(
        de=("Nachricht von {by}: {subject}", "{excerpt}"),
        en=("Message from {by}: {subject}", "{excerpt}"),
    ),
}
assert set(TABLE) == set(get_args(Kind))

_LANGUAGES: tuple[Language, Language] = ("de", "en")


def render(kind: str, data: Mapping[str, Any]) -> dict[Language, dict[str, str]]:
    """The kind's title and body in every language. KeyError when `data` lacks something that the text names.

    Dates are written as readers write them; money is `{"amount", "currency"}`; a missing value (None) is a dash.
    """
    texts = TABLE[kind]
    out = {}
    for index, language in enumerate(_LANGUAGES):
        values = {name: _written(texts, name, data[name], index) for name in _named(texts)}
        title, body = texts.de if language == "de" else texts.en
        out[language] = {"title": " ".join(title.format_map(values).split())[:200], "body": body.format_map(values)}
    return out


def _named(texts: Texts) -> set[str]:
    return {name for part in (*texts.de, *texts.en) for _, name, _, _ in Formatter().parse(part) if name}


def _written(texts: Texts, name: str, value: Any, index: int) -> str:
    if texts.words and name in texts.words:
        return texts.words[name][str(value)][index]
    if isinstance(value, date):
        return value.strftime("%d.%m.%Y" if index == 0 else "%-d %B %Y")
    if isinstance(value, Mapping):
        amount = f"{Decimal(str(value['amount'])):,.2f}"
        if index == 0:
            amount = amount.translate(str.maketrans(",.", ".,"))
        return f"{amount} {value['currency']}"
    return "–" if value is None or value == "" else str(value)
