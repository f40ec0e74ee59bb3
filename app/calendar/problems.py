"""What can go wrong with calendars."""

from app.core.problems import Problem


class TooManyEvents(Problem):
    """Rather than leaving some out unsaid."""

    status = 422
    code = "too_many_events"
    title = {"de": "Zu viele Termine", "en": "Too many events"}
    detail = {
        "de": "In dieser Zeit stehen mehr als {limit} Termine. Fragen Sie nach einer kürzeren.",
        "en": "More than {limit} events stand in this time. Ask for a shorter one.",
    }


class NotYourCalendar(Problem):
    """Only the owner decides how far a calendar is shared."""

    status = 403
    code = "not_your_calendar"
    title = {"de": "Nicht Ihr Kalender", "en": "Not your calendar"}
    detail = {
        "de": "Wie weit ein Kalender geteilt wird, entscheidet, wem er gehört.",
        "en": "How far a calendar is shared is for its owner to decide.",
    }
