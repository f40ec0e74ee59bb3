"""How notifications are read: by nobody but the one they are for, in the reader's language."""

from sqlalchemy import Text, case, func

from app.core.expressions import asker, plain
from app.core.filters import any_of, equals
from app.core.problems import Language
from app.core.resource import Resource
from app.notifications.models import Notification
from app.notifications.schemas import NotificationRead


def _resource(language: Language) -> Resource:
    told = Notification.texts[language]
    return Resource(
        Notification,
        NotificationRead,
        {
            **plain(Notification, "id", "version", "kind", "data", "created_at", "read_at"),
            "title": told["title"].astext.cast(Text),
            "body": told["body"].astext.cast(Text),
            "record": case(
                (Notification.record_id.is_(None), None),
                else_=func.json_build_object("type", Notification.record_type, "id", Notification.record_id),
            ),
        },
        joins=lambda s: s.where(Notification.user_id == asker(), Notification.in_app),
        filters={
            "unread": equals(Notification.read_at.is_(None)),
            "kind": any_of(Notification.kind),
            "record_id": equals(Notification.record_id),
        },
        sorts={"created_at": Notification.created_at},
    )


NOTIFICATION: dict[Language, Resource] = {"de": _resource("de"), "en": _resource("en")}
