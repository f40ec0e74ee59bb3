"""What users are told, in German and English: one table, one row per kind of event."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
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
    "mentioned",
    "job_done",
    "follow_up_due",
    "follow_up_handed_over",
    "calendar_shared",
    "meeting_invited",
    "meeting_changed",
    "meeting_cancelled",
    "task_reminder",
    "call_reminder",
    "meeting_reminder",
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
    "mentioned": Texts(
        de=("{by} hat Sie erwähnt", "{by} hat Sie in {place} erwähnt.\n\n{excerpt}"),
        en=("{by} mentioned you", "{by} mentioned you in {place}.\n\n{excerpt}"),
        words={
            "place": {
                "note": ("einer Notiz", "a note"),
                "visit_report": ("einem Besuchsbericht", "a visit report"),
                "message": ("einer Nachricht zu diesem Datensatz", "a message about this record"),
            }
        },
    ),
    "job_done": Texts(
        de=("{job}: {outcome}", "Ihr Auftrag „{job}“ ist beendet: {outcome}."),
        en=("{job}: {outcome}", "The job “{job}” that you asked for has ended: {outcome}."),
        words={
            "job": {"duplicate_scan": ("Dublettensuche", "Duplicate scan")},
            "outcome": {"done": ("fertig", "done"), "failed": ("gescheitert", "failed")},
        },
    ),
    "follow_up_due": Texts(
        de=("Wiedervorlage fällig: {name}", "Die Wiedervorlage zu „{name}“ ist fällig.\n\n{note}"),
        en=("Follow-up due: {name}", "The follow-up on “{name}” is due.\n\n{note}"),
    ),
    "follow_up_handed_over": Texts(
        de=("Wiedervorlage für Sie: {name}", "{by} hat Ihnen die Wiedervorlage zu „{name}“ übergeben.\n\n{note}"),
        en=("Follow-up for you: {name}", "{by} handed the follow-up on “{name}” over to you.\n\n{note}"),
    ),
    "meeting_invited": Texts(
        de=(
            "Einladung: {name}, {day}",
            "{by} lädt Sie zu der Besprechung „{name}“ ein.\n\nTag: {day}\nUhrzeit: {time}\nOrt: {location}",
        ),
        en=(
            "Invitation: {name}, {day}",
            "{by} invites you to the meeting “{name}”.\n\nDay: {day}\nTime: {time}\nPlace: {location}",
        ),
    ),
    "meeting_changed": Texts(
        de=(
            "Geändert: {name}, {day}",
            "{by} hat die Besprechung „{name}“ geändert.\n\nTag: {day}\nUhrzeit: {time}\nOrt: {location}",
        ),
        en=(
            "Changed: {name}, {day}",
            "{by} changed the meeting “{name}”.\n\nDay: {day}\nTime: {time}\nPlace: {location}",
        ),
    ),
    "meeting_cancelled": Texts(
        de=("Abgesagt: {name}, {day}", "{by} hat die Besprechung „{name}“ am {day} abgesagt."),
        en=("Cancelled: {name}, {day}", "{by} cancelled the meeting “{name}” on {day}."),
    ),
    "calendar_shared": Texts(
        de=("{by} teilt einen Kalender mit Ihnen", "Sie dürfen den Kalender von {by} {mode}."),
        en=("{by} shares a calendar with you", "You may {mode} the calendar of {by}."),
        words={"mode": {"read": ("lesen", "read"), "write": ("lesen und ändern", "read and change")}},
    ),
    "task_reminder": Texts(
        de=("Erinnerung: {name}", "Die Aufgabe „{name}“ ({about}) ist fällig: {day}."),
        en=("Reminder: {name}", "The task “{name}” ({about}) is due: {day}."),
    ),
    "call_reminder": Texts(
        de=("Erinnerung: {name}", "Der Anruf „{name}“ ({about}) ist für {day} um {time} geplant."),
        en=("Reminder: {name}", "The call “{name}” ({about}) is planned for {day} at {time}."),
    ),
    "meeting_reminder": Texts(
        de=("Erinnerung: {name}", "Die Besprechung „{name}“ ({about}) beginnt am {day} um {time}."),
        en=("Reminder: {name}", "The meeting “{name}” ({about}) begins on {day} at {time}."),
    ),
}
assert set(TABLE) == set(get_args(Kind))

ALWAYS: Mapping[str, tuple[str, ...]] = {
    "clearance_requested": ("in_app",),
    "clearance_decided": ("in_app",),
    "cross_sell_found": ("in_app", "email"),
}
"""What nobody can switch off: a request for clearance waits for its decision and the developer for the answer (LOCK-4), and
what a technician finds for the centre is told its manager by e-mail at once (VISIT-2)."""

_LANGUAGES: tuple[Language, Language] = ("de", "en")


def render(kind: str, data: Mapping[str, Any]) -> dict[Language, dict[str, str]]:
    """The kind's title and body in every language. KeyError when `data` lacks something that the text names.

    Dates are written as readers write them; money is `{"amount", "currency"}`; a missing value (None) is a dash.
    """
    texts = TABLE[kind]
    out = {}
    for index, language in enumerate(_LANGUAGES):
        values = {name: _written(texts, name, data[name], index) for name in _named(kind)}
        title, body = texts.de if language == "de" else texts.en
        out[language] = {"title": " ".join(title.format_map(values).split())[:200], "body": body.format_map(values)}
    return out


@cache
def _named(kind: str) -> frozenset[str]:
    texts = TABLE[kind]
    return frozenset(name for part in (*texts.de, *texts.en) for _, name, _, _ in Formatter().parse(part) if name)


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
