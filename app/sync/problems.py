"""What can go wrong with sync."""

from uuid import UUID

from app.core.problems import Problem


class SyncTokenExpired(Problem):
    status = 410
    code = "sync_token_expired"
    title = {"de": "Stand zu alt", "en": "Sync token expired"}
    detail = {
        "de": "An diesen Stand kann nicht angeknüpft werden: er ist älter als {days} Tage, gehört zu einem anderen Zugang, oder "
        "die Datenbank wurde zurückgesetzt. Beginnen Sie ohne „token“ von vorn; was Sie noch nicht gesendet haben, bleibt "
        "sendbar.",
        "en": "This state cannot be continued: it is older than {days} days, belongs to another user, or the database was put "
        "back. Start over without “token”; what you have not pushed yet can still be pushed.",
    }


class DependsOnRejected(Problem):
    """The operation names a record whose creation was refused in the same push."""

    status = 409
    code = "depends_on_rejected"
    title = {"de": "Hängt an Abgelehntem", "en": "Depends on what was rejected"}
    detail = {
        "de": "Das Anlegen von {id} wurde abgelehnt; was darauf verweist, kann nicht ausgeführt werden.",
        "en": "The creation of {id} was rejected; what names it cannot be done.",
    }
    members = {"record_id": UUID}
