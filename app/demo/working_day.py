"""The demo's working days: calls with their follow-ups, meetings, visit reports, tasks and notes on customers."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.accounts.models import Account
from app.activities.models import Activity
from app.contacts.models import Contact
from app.core.db import new_id
from app.demo.draft import Draft
from app.follow_ups.due import on_day
from app.follow_ups.models import FollowUp
from app.identity.models import User
from app.reminders.models import Reminder

_ACTIVITIES = 900
_TASKS = ["Angebot nachfassen", "Termin vereinbaren", "Unterlagen schicken", "Flatrate vorstellen", "Rückruf"]
_NOTES = [
    "Zuständigkeit hat gewechselt, neue Ansprechperson vormerken.",
    "Werkstatt wird im Frühjahr umgebaut, danach höherer Bedarf.",
    "Rechnungen bitte künftig nur per E-Mail.",
    "Zweiter Standort ist geplant; nach dem Sommer nachfragen.",
    "Lobt die kurze Anfahrt der Techniker.",
    "Vergleicht derzeit mit einem Mitbewerber.",
]
_CALLS = ["Erstgespräch", "Bedarf besprochen", "Rückfrage zum Angebot", "Zufriedenheit nach Auftrag"]
_RESULTS = [
    "Will ein Angebot.",
    "Derzeit kein Bedarf, im Frühjahr wieder melden.",
    "Empfiehlt uns weiter.",
    "Nicht erreicht.",
]
_MEETINGS = ["Jahresgespräch", "Werkstattrundgang", "Konditionen besprechen"]
_VISITS = [
    "Ölfiltration vorgestellt",
    "Schläuche an der Presse getauscht",
    "Neue Halle besichtigt",
    "Wartung besprochen",
]
_CROSS_SELL = "Zweite Presse braucht neue Schläuche; steht nicht auf dem Lieferschein."
_ACTIONS = ["Muster der Filterpatrone schicken", "Angebot für Wartungsvertrag", "Ansprechpartner für Einkauf klären"]
_RHYTHM = 60
_FOLLOW_UPS = 120
_LATER = [
    "Wegen Umbau nachfragen",
    "Vertrag läuft aus",
    "Budget im neuen Jahr",
    "Nach dem Urlaub anrufen",
    "Muster zurückholen",
]


def activities(draft: Draft, accounts: list[Account]) -> None:
    """What was done and is to be done with these customers."""
    people: dict[Any, list[Contact]] = {}
    for contact in draft.all(Contact):
        people.setdefault(contact.account_id, []).append(contact)
    kinds = ("call", "task", "note", "visit_report", "meeting")
    for account in draft.random.choices(accounts, k=_ACTIVITIES):
        contacts = people.get(account.id, [])
        person = draft.random.choice(contacts) if contacts else None
        kind = draft.random.choices(kinds, [38, 22, 16, 16, 8])[0]
        {"call": _call, "task": _task, "note": _note, "visit_report": _visit, "meeting": _meeting}[kind](
            draft, account, person
        )


def follow_ups(draft: Draft, accounts: list[Account]) -> None:
    """What is to be come back to: done, due and coming."""
    for account in draft.random.sample(accounts, _FOLLOW_UPS):
        made = draft.during(draft.day(60, 2))
        zone = _zone(draft, account.assignee_id)
        day = draft.today + timedelta(days=draft.random.randint(-20, 60))
        done = day < draft.today and draft.chance(0.85)
        due = on_day(day, zone.key).at
        follow_up = draft.add(
            FollowUp(
                id=new_id(),
                account_id=account.id,
                note=draft.random.choice(_LATER),
                assignee_id=account.assignee_id,
                due_on=day,
                due_at=due,
                status="done" if done else "open",
                done_at=draft.later(made, 10) if done else None,
                done_by=account.assignee_id if done else None,
                created_by=account.assignee_id,
                created_at=made,
                updated_at=made,
            )
        )
        if not done and day >= draft.today:
            draft.add(
                Reminder(
                    id=new_id(),
                    user_id=account.assignee_id,
                    record_type="follow_up",
                    record_id=follow_up.id,
                    kind="follow_up_due",
                    due_at=due,
                )
            )


def _on(draft: Draft, account: Account, contact: Contact | None, at: datetime, **values: Any) -> Activity:
    return draft.add(
        Activity(
            **{
                "id": new_id(),
                "account_id": account.id,
                "contact_id": contact.id if contact else None,
                "team_ids": account.team_ids,
                "teams_follow": True,
                "assignee_id": account.assignee_id,
                "created_by": account.assignee_id,
                "created_at": at,
                "updated_at": at,
                **values,
            }
        )
    )


def _zone(draft: Draft, user_id: Any) -> ZoneInfo:
    return ZoneInfo(next(user.time_zone for user in draft.staff.users if user.id == user_id))


def _call(draft: Draft, account: Account, contact: Contact | None) -> None:
    """A held call and, for most, the next one after the recommended sixty days, at the same clock time."""
    zone = _zone(draft, account.assignee_id)
    at = draft.during(draft.day(150, 1)).astimezone(zone)
    call = _on(
        draft,
        account,
        contact,
        at,
        type="call",
        status="held",
        subject=draft.random.choice(_CALLS),
        result=draft.random.choice(_RESULTS),
        direction="inbound" if draft.chance(0.15) else "outbound",
        starts_at=at,
        ends_at=at + timedelta(minutes=draft.random.randint(3, 25)),
        time_zone=zone.key,
    )
    if contact is None or draft.chance(0.25):
        return
    due = datetime.combine(at.date() + timedelta(days=_RHYTHM), at.time(), zone)
    held = due < draft.start_of(draft.today) and draft.chance(0.85)
    _on(
        draft,
        account,
        contact,
        at,
        type="call",
        status="held" if held else "planned",
        subject="Nachverfolgen",
        result=draft.random.choice(_RESULTS) if held else None,
        direction="outbound",
        starts_at=due,
        time_zone=zone.key,
        follows_id=call.id,
    )


def _task(draft: Draft, account: Account, contact: Contact | None) -> None:
    """A task that is done, due or overdue."""
    at = draft.during(draft.day(90, 1))
    due = draft.start_of(at.date() + timedelta(days=draft.random.randint(2, 40))) + timedelta(hours=9)
    done = draft.chance(0.85 if due < draft.start_of(draft.today) else 0.1)
    _on(
        draft,
        account,
        contact,
        at,
        type="task",
        status="done" if done else "open",
        subject=draft.random.choice(_TASKS),
        due_at=due,
        done_at=draft.later(at, 20) if done else None,
    )


def _note(draft: Draft, account: Account, contact: Contact | None) -> None:
    at = draft.during(draft.day(90, 1))
    text = draft.random.choice(_NOTES)
    _on(
        draft,
        account,
        contact,
        at,
        type="note",
        status="done",
        subject=text,
        description=text,
        assignee_id=None,
        done_at=at,
    )


def _visit(draft: Draft, account: Account, contact: Contact | None) -> None:
    """A technician of the customer's centre was there; the newer reports wait for their review."""
    here = [u for u in draft.staff.of("mst", country=account.country) if _centre(draft, u) == account.centre_id]
    if not here:
        return
    technician = draft.random.choice(here)
    at = draft.during(draft.day(120, 1))
    reviewed = draft.chance(0.95 if at < draft.start_of(draft.today) - timedelta(days=14) else 0.2)
    cross_sell = draft.chance(0.2)
    actions = [
        {"id": str(new_id()), "text": text, "due_on": None, "task_id": None, "dismissed": False, "reason": None}
        for text in draft.random.sample(_ACTIONS, 0 if reviewed else draft.random.choice((0, 0, 1, 2)))
    ]
    account.last_visit_on = max(at.date(), account.last_visit_on or at.date())
    _on(
        draft,
        account,
        contact if draft.chance(0.8) else None,
        at,
        type="visit_report",
        status="reviewed" if reviewed else "submitted",
        subject=draft.random.choice(_VISITS),
        description=draft.random.choice(_NOTES),
        starts_at=at,
        time_zone=technician.time_zone,
        assignee_id=technician.id,
        created_by=technician.id,
        cross_sell=cross_sell and not reviewed,
        cross_sell_note=_CROSS_SELL if cross_sell and not reviewed else None,
        follow_up_actions=actions,
        reviewed_at=draft.later(at, 5) if reviewed else None,
        reviewed_by=account.assignee_id if reviewed else None,
    )


def _centre(draft: Draft, user: User) -> Any:
    return draft.staff.centre_ids.get(draft.staff.centres.get(user.id, ""))


def _meeting(draft: Draft, account: Account, contact: Contact | None) -> None:
    """A meeting, held or in the coming weeks."""
    zone = _zone(draft, account.assignee_id)
    planned = draft.chance(0.5)
    day = draft.today + timedelta(days=draft.random.randint(0, 25)) if planned else draft.day(120, 1)
    starts = datetime.combine(day, time(draft.random.randint(8, 16), draft.random.choice((0, 30))), zone)
    made = draft.during(draft.day(30, 1)) if planned else starts - timedelta(days=7)
    _on(
        draft,
        account,
        contact,
        made,
        type="meeting",
        status="planned" if planned else "held",
        subject=draft.random.choice(_MEETINGS),
        location=account.city,
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        time_zone=zone.key,
        result=None if planned else draft.random.choice(_RESULTS),
    )
