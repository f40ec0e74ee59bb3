"""What can go wrong with recurring meetings."""

from uuid import UUID

from app.core.problems import Problem


class NotRecurring(Problem):
    """A single meeting, or something else, has no occurrences."""

    status = 409
    code = "not_recurring"
    title = {"de": "Keine Serie", "en": "No series"}
    detail = {"de": "Diese Aktivität wiederholt sich nicht.", "en": "This activity does not recur."}


class OccurrenceChanged(Problem):
    """The occurrence is a meeting of its own already; that one is to be changed."""

    status = 409
    code = "occurrence_changed"
    title = {"de": "Schon geändert", "en": "Changed already"}
    detail = {
        "de": "Dieser Termin der Serie ist schon eine eigene Besprechung. Ändern Sie diese; „activity_id“ nennt sie.",
        "en": "This occurrence of the series is a meeting of its own already. Change that one; “activity_id” names it.",
    }
    members = {"activity_id": UUID}
