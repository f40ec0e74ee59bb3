"""What goes on besides customer protection: the leads of a trade fair, and messages among the users."""

from app.demo.companies import spelt_otherwise
from app.demo.draft import Draft
from app.demo.leads import convert, register, send
from app.demo.protection import Held
from app.opportunities.models import Stage
from app.projects.rules import Rules
from app.projects.schemas import ProjectCreate, StatusBody

FAIR = ProjectCreate(
    key="herbstmesse",
    name="Herbstmesse",
    required_fields=["status", "name", "last_name", "assignee_id"],
    statuses=[
        StatusBody(
            key="visited", label_de="Am Stand gewesen", label_en="Came to the stand", category="open", color="#2f6feb"
        ),
        StatusBody(key="called", label_de="Angerufen", label_en="Called", category="working", color="#8250df"),
        StatusBody(key="appointment", label_de="Termin", label_en="Appointment", category="working", color="#bf8700"),
        StatusBody(key="customer", label_de="Kunde", label_en="Customer", category="converted", color="#1a7f37"),
        StatusBody(key="not_interested", label_de="Kein Interesse", label_en="Not interested", category="discarded"),
    ],
)
"""A project whose leads hold a person and all else from the start, and lock nothing."""

_VISITORS, _KNOWN = 85, 8
_MESSAGES = [
    ("Wer übernimmt?", "Der Kunde hat bei mir angerufen, gehört aber zu dir. Bitte melde dich heute noch bei ihm."),
    ("Bitte um kurze Abstimmung", "Vor dem nächsten Termin sollten wir die Konditionen besprechen."),
    ("Neue Ansprechperson", "Die Leitung der Werkstatt hat gewechselt; bitte die Daten nachtragen."),
    ("Danke", "Das Angebot ist angekommen und wird geprüft. Danke für die rasche Hilfe!"),
    ("Termin verschoben", "Der Termin ist auf nächste Woche verschoben, gleiche Zeit."),
]


def fair(draft: Draft, rules: Rules, stages: list[Stage], standing: list[Held]) -> None:
    """Visitors of the fair; some work for companies that a developer has under protection."""
    companies = [draft.company() for _ in range(_VISITORS)]
    companies += [held.case.company for held in draft.random.sample(standing[1:], _KNOWN)]
    for at, company in enumerate(companies):
        person = draft.inventor.person(company)
        holder = draft.random.choice(draft.staff.of("adm", "fn", "bdm", country=company.town.country))
        category = draft.random.choices(["open", "working", "discarded"], [50, 35, 15])[0]
        case = register(
            draft,
            rules,
            company,
            holder,
            draft.during(draft.day(60, 5)),
            category=category,
            source="fair",
            source_detail="Herbstmesse, Stand 14",
            person=person,
            name=company.name if at < _VISITORS else spelt_otherwise(draft.random, company),
        )
        if category == "working" and at < _VISITORS and draft.chance(0.3):
            convert(draft, rules, case, draft.later(case.lead.created_at, 20), stages[0], ask=False)


def messages(draft: Draft, standing: list[Held]) -> None:
    """Users write to each other about customers."""
    for held in draft.random.sample(standing, 24):
        colleagues = draft.staff.of("developer", "ks", "country_head", "bdm", country=held.case.lead.country)
        sender = draft.random.choice([user for user in colleagues if user is not held.case.holder])
        subject, body = draft.random.choice(_MESSAGES)
        at = draft.during(draft.day(40, 1))
        send(draft, sender, [held.case.holder], at, subject=subject, body=body, about=("lead", held.case.lead.id))
