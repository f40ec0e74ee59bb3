"""What can go wrong with activities."""

from app.core.problems import Problem


class ConvertFirst(Problem):
    """A lead of a lean project holds only what another developer needs to check the customer (LEAD-2)."""

    status = 409
    code = "convert_first"
    title = {"de": "Erst konvertieren", "en": "Convert first"}
    detail = {
        "de": "An diesem Interessenten sind keine Notizen und Aufgaben möglich. Konvertieren Sie ihn zuerst zum Kunden.",
        "en": "This lead takes no notes and tasks. Convert it to a customer first.",
    }
