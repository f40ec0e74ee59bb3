"""The explanation in words: of each step the answer when it passed and when it did not, in German and English."""

from collections.abc import Mapping

Both = tuple[str, str]
"""German, English. `{user}`, `{permission}`, `{roles}`, `{team}` and `{value}` are filled in."""

TEXTS: Mapping[str, tuple[Both, Both]] = {
    # code: (passed, not passed)
    "active": (
        ("Das Benutzerkonto von {user} ist aktiv.", "The user account of {user} is active."),
        ("Das Benutzerkonto von {user} ist gesperrt.", "The user account of {user} is blocked."),
    ),
    "permission": (
        (
            "{user} hat das Recht „{permission}“ durch: {roles}.",
            "{user} has the permission “{permission}” through: {roles}.",
        ),
        (
            "Keine Rolle von {user} gibt das Recht „{permission}“.",
            "No role of {user} gives the permission “{permission}”.",
        ),
    ),
    "sees_all": (
        ("{user} sieht alle Datensätze, durch: {roles}.", "{user} sees all records, through: {roles}."),
        ("Keine Rolle von {user} zeigt alle Datensätze.", "No role of {user} shows all records."),
    ),
    "open_to_all": (
        ("Der Datensatz ist für alle Benutzer lesbar ({value}).", "Every user may read the record ({value})."),
        (
            "Der Datensatz ist nicht für alle Benutzer lesbar ({value}).",
            "Not every user may read the record ({value}).",
        ),
    ),
    "open_to_change": (
        (
            "Das darf jeder ändern, der den Datensatz sieht ({value}).",
            "Whoever sees the record may change this ({value}).",
        ),
        (
            "Das dürfen nur seine Betreuer und Teams ändern ({value}).",
            "Only its managers and teams may change this ({value}).",
        ),
    ),
    "assignee": (
        ("{user} ist zuständig.", "{user} is the assignee."),
        ("{user} ist nicht zuständig.", "{user} is not the assignee."),
    ),
    "manager": (
        ("{user} ist einer der Betreuer.", "{user} is one of the managers."),
        ("{user} ist keiner der Betreuer.", "{user} is none of the managers."),
    ),
    "creator": (
        ("{user} hat den Datensatz angelegt.", "{user} created the record."),
        ("{user} hat den Datensatz nicht angelegt.", "{user} did not create the record."),
    ),
    "participant": (
        ("{user} nimmt teil.", "{user} takes part."),
        ("{user} nimmt nicht teil.", "{user} does not take part."),
    ),
    "calendar_share": (
        (
            "Jemand, in dessen Kalender das steht, teilt ihn mit {user}.",
            "Somebody in whose calendar this stands shares it with {user}.",
        ),
        (
            "Niemand, in dessen Kalender das steht, teilt ihn mit {user}.",
            "Nobody in whose calendar this stands shares it with {user}.",
        ),
    ),
    "team": (
        ("{user} gehört zum Team „{team}“ des Datensatzes.", "{user} belongs to the record's team “{team}”."),
        (
            "{user} gehört nicht zum Team „{team}“ des Datensatzes.",
            "{user} does not belong to the record's team “{team}”.",
        ),
    ),
    "no_team": (
        ("", ""),
        ("Der Datensatz hat kein Team.", "The record has no team."),
    ),
    "country_head": (
        ("{user} leitet das Land des Interessenten.", "{user} heads the lead's country."),
        ("{user} leitet das Land des Interessenten nicht.", "{user} does not head the lead's country."),
    ),
    "administrator": (
        ("{user} verwaltet Benutzer, durch: {roles}.", "{user} manages users, through: {roles}."),
        ("{user} ist kein Administrator.", "{user} is no administrator."),
    ),
    "may_write": (
        (
            "{user} hat das Recht „{permission}“ durch: {roles}.",
            "{user} has the permission “{permission}” through: {roles}.",
        ),
        (
            "{user} fehlt das Recht „{permission}“, oder es steht für {user} nur in einem geteilten Kalender.",
            "{user} lacks the permission “{permission}”, or sees this only in a shared calendar.",
        ),
    ),
    "calendar_write": (
        (
            "Der Zuständige lässt {user} in seinem Kalender schreiben.",
            "The assignee lets {user} write in their calendar.",
        ),
        (
            "Kein Zuständiger lässt {user} hier in seinem Kalender schreiben.",
            "No assignee lets {user} write in their calendar here.",
        ),
    ),
    "own_task": (
        ("{user} darf den Status der eigenen Aufgabe setzen.", "{user} may set the status of their own task."),
        (
            "Es geht nicht um den Status einer eigenen Aufgabe von {user}.",
            "This is not about the status of a task of {user}'s own.",
        ),
    ),
    "own_report": (
        ("{user} darf den eigenen Besuchsbericht ergänzen.", "{user} may add to their own visit report."),
        ("Es ist kein Besuchsbericht von {user}.", "This is not a visit report of {user}'s own."),
    ),
    "reviewer": (
        (
            "{user} prüft Besuchsberichte: das Recht „{permission}“ haben: {roles}.",
            "{user} reviews visit reports: the permission “{permission}” comes with: {roles}.",
        ),
        (
            "Es ist kein Besuchsbericht, oder keine Rolle von {user} gibt das Recht „{permission}“.",
            "This is not a visit report, or no role of {user} gives the permission “{permission}”.",
        ),
    ),
    "visible": (
        ("{user} erreicht den Datensatz (siehe oben).", "{user} reaches the record (see above)."),
        ("{user} erreicht den Datensatz nicht (siehe oben).", "{user} does not reach the record (see above)."),
    ),
    "lead_open": (
        ("Der Interessent ist offen.", "The lead is open."),
        ("Der Interessent ist abgeschlossen ({value}).", "The lead is closed ({value})."),
    ),
    "not_from_erp": (
        ("Das ERP-System kennt den Datensatz nicht.", "The ERP does not know the record."),
        ("Das ERP-System kennt den Datensatz ({value}).", "The ERP knows the record ({value})."),
    ),
    "of_its_type": (
        ("Aktivitäten dieser Art haben das Feld.", "Activities of this type have the field."),
        ("Aktivitäten dieser Art ({value}) haben das Feld nicht.", "Activities of this type ({value}) lack the field."),
    ),
    "settable": (
        ("Das Feld lässt sich setzen.", "The field can be set."),
        ("Das Feld lässt sich nicht setzen: {value}", "The field cannot be set: {value}"),
    ),
    "lean": (
        ("Das Projekt des Interessenten erlaubt das Feld.", "The lead's project allows the field."),
        (
            "Ein geschützter Interessent enthält nur, was zur Prüfung nötig ist.",
            "A protected lead holds only what a check needs.",
        ),
    ),
}

READ_ONLY: Both = ("Das setzt nur das Produkt.", "Only the product sets it.")
NOBODY: Both = ("keine Rolle", "no role")
