"""What can go wrong with activities."""

from app.core.problems import Problem


class ConvertFirst(Problem):
    """A lead of a lean project holds only what another developer needs to check the customer (LEAD-2); calls are logged
    against customers (CALL-1).
    """

    status = 409
    code = "convert_first"
    title = {"de": "Erst konvertieren", "en": "Convert first"}
    detail = {
        "de": "An diesem Interessenten ist das nicht möglich. Konvertieren Sie ihn zuerst zum Kunden.",
        "en": "This lead does not take that. Convert it to a customer first.",
    }


class CalendarReadOnly(Problem):
    """The asker only takes part, or somebody shares this with them for reading only (ID-8)."""

    status = 403
    code = "calendar_read_only"
    title = {"de": "Nur zum Lesen", "en": "For reading only"}
    detail = {
        "de": "Sie nehmen nur teil, oder dieser Kalender ist mit Ihnen nur zum Lesen geteilt.",
        "en": "You only take part, or this calendar is shared with you for reading only.",
    }
