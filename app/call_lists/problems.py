"""What can go wrong with call lists."""

from app.core.problems import Problem


class EntryClaimed(Problem):
    """Somebody else is calling this company just now."""

    status = 409
    code = "entry_claimed"
    title = {"de": "Wird gerade angerufen", "en": "Being called just now"}
    detail = {
        "de": "Diese Firma wird gerade von jemand anderem angerufen.",
        "en": "Somebody else is calling this company just now.",
    }
