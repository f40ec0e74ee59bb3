"""What can go wrong with scanning the stock."""

from uuid import UUID

from app.core.problems import Problem


class ScanRunning(Problem):
    """One scan at a time. `scan_id` names the one that runs."""

    status = 409
    code = "scan_running"
    title = {"de": "Suchlauf läuft schon", "en": "A scan is running"}
    detail = {
        "de": "Der Bestand wird gerade durchsucht. Warten Sie das Ergebnis ab, oder brechen Sie den Suchlauf ab.",
        "en": "The stock is being scanned. Wait for the result, or cancel the scan.",
    }
    members = {"scan_id": UUID}


class NothingToDismiss(Problem):
    """Fewer than two of the cluster's records are left for the asker."""

    status = 409
    code = "nothing_to_dismiss"
    title = {"de": "Nichts zu verwerfen", "en": "Nothing to dismiss"}
    detail = {
        "de": "Von diesen Datensätzen gibt es keine zwei mehr, die verschieden sein könnten.",
        "en": "No two of these records are left that could be different.",
    }
