"""What can go wrong with merging."""

from datetime import datetime
from uuid import UUID

from app.core.problems import Problem


class MergeRefused(Problem):
    """A rule forbids the merge; `errors` names each. The same stand in the preview as `forbidden`."""

    status = 409
    code = "merge_refused"
    title = {"de": "Zusammenführen nicht möglich", "en": "Cannot be merged"}
    detail = {
        "de": "Diese Datensätze dürfen so nicht zusammengeführt werden; siehe „errors“.",
        "en": "These records may not be merged this way; see “errors”.",
    }


class MergeInProgress(Problem):
    """Somebody else merges one of the records at this moment."""

    status = 409
    code = "merge_in_progress"
    title = {"de": "Wird gerade zusammengeführt", "en": "Being merged"}
    detail = {
        "de": "Einer der Datensätze wird in diesem Augenblick zusammengeführt. Bitte gleich noch einmal ansehen.",
        "en": "One of the records is being merged at this moment. Look at them again shortly.",
    }


class MergedMeanwhile(Problem):
    """One of the records was merged since the preview was made. `merge_id` names that merge."""

    status = 409
    code = "merged_meanwhile"
    title = {"de": "Inzwischen zusammengeführt", "en": "Merged meanwhile"}
    detail = {
        "de": "Einer der Datensätze wurde inzwischen mit einem anderen zusammengeführt. Bitte neu vergleichen.",
        "en": "One of the records was merged with another meanwhile. Compare them anew.",
    }
    members = {"merge_id": UUID}


class StalePreview(Problem):
    """A record changed since the preview. `versions` are those of now."""

    status = 412
    code = "stale_preview"
    title = {"de": "Inzwischen geändert", "en": "Changed meanwhile"}
    detail = {
        "de": "Einer der Datensätze wurde seit der Vorschau geändert. Bitte neu vergleichen.",
        "en": "One of the records was changed since the preview. Compare them anew.",
    }
    members = {"versions": dict[str, int]}


class AlreadyUndone(Problem):
    status = 409
    code = "already_undone"
    title = {"de": "Schon rückgängig gemacht", "en": "Undone already"}
    detail = {
        "de": "Diese Zusammenführung wurde bereits rückgängig gemacht.",
        "en": "This merge has been undone already.",
    }


class UndoTooLate(Problem):
    """A merge can be undone for 30 days."""

    status = 409
    code = "undo_too_late"
    title = {"de": "Frist abgelaufen", "en": "Too late"}
    detail = {
        "de": "Rückgängig machen ließ sich diese Zusammenführung bis {until}.",
        "en": "This merge could be undone until {until}.",
    }
    members = {"until": datetime}


class LaterMerge(Problem):
    """A later merge stands on this one and is to be undone first. `merge_id` names it."""

    status = 409
    code = "later_merge"
    title = {"de": "Spätere Zusammenführung", "en": "Later merge"}
    detail = {
        "de": "Eine spätere Zusammenführung baut darauf auf; sie ist zuerst rückgängig zu machen.",
        "en": "A later merge builds upon this one and has to be undone first.",
    }
    members = {"merge_id": UUID}


class WinnerGone(Problem):
    """The winner was deleted since."""

    status = 409
    code = "winner_gone"
    title = {"de": "Datensatz gelöscht", "en": "Record deleted"}
    detail = {
        "de": "Der Datensatz, in den zusammengeführt wurde, ist inzwischen gelöscht.",
        "en": "The record that the others went into has been deleted since.",
    }


class TakenSince(Problem):
    """A record that would come back is another one's customer by now (LOCK-3)."""

    status = 409
    code = "taken_since"
    title = {"de": "Inzwischen vergeben", "en": "Taken meanwhile"}
    detail = {
        "de": "Einer der Datensätze käme mit einer Sperre zurück, doch seinen Kunden hält inzwischen jemand anderes.",
        "en": "One of the records would come back with a lock, but by now somebody else holds its customer.",
    }
