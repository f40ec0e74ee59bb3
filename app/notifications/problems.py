"""What can be wrong with notifications."""

from app.core.problems import Problem


class TooManyStreams(Problem):
    """One user listens too often at a time."""

    status = 429
    code = "too_many_streams"
    title = {"de": "Zu viele Live-Verbindungen", "en": "Too many live streams"}
    detail = {
        "de": "Sie haben schon {most} offene Live-Verbindungen. Bitte schließen Sie eine davon.",
        "en": "You have {most} open live streams already. Close one of them.",
    }
