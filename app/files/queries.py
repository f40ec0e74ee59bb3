"""How attachments are read."""

from typing import Any

from sqlalchemy import ARRAY, Select, Text, Uuid, bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from app.core.expressions import link, plain, record
from app.core.filters import equals
from app.core.principal import Reach
from app.core.resource import Resource
from app.core.statements import Statement, prepared
from app.core.visibility import scope, unscoped
from app.files.models import Attachment, ObjectRemoval, Photo
from app.files.schemas import AttachmentRead
from app.identity.models import User

ATTACHMENT = Resource(
    Attachment,
    AttachmentRead,
    {
        **record(Attachment),
        "record": func.json_build_object("type", Attachment.record_type, "id", Attachment.record_id),
        **plain(Attachment, "name", "content_type", "size"),
        "sha256": func.encode(Attachment.sha256, "hex"),
        "created_by": link(Attachment.created_by, User.name),
    },
    joins=lambda s: s.outerjoin(User, User.id == Attachment.created_by),
    filters={"record_id": equals(Attachment.record_id)},
    sorts={
        "created_at": Attachment.created_at,
        "name": func.sort_key(Attachment.name, type_=Text),
        "size": Attachment.size,
    },
)

AT_ONCE = 200
"""Overdue files that one job removes."""

_id = bindparam("id", type_=Uuid, required=True)
_key = bindparam("key", type_=Text, required=True)

COUNT = Statement(
    unscoped(
        select(func.count().label("count")).where(Attachment.record_id == _id), reason="how many there are, seen or not"
    )
)
UPLOAD_BEGINS = Statement(
    insert(ObjectRemoval).values(object_key=_key, due_at=func.clock_timestamp() + text("interval '1 day'"))
)
"""Written before the object: should the upload come to no end, it is removed a day later."""
UPLOAD_ENDS = Statement(
    delete(ObjectRemoval).where(ObjectRemoval.object_key == _key).returning(ObjectRemoval.object_key)
)
REMOVED = Statement(
    delete(ObjectRemoval).where(
        ObjectRemoval.object_key == func.any(bindparam("keys", type_=ARRAY(Text), required=True))
    )
)
OVERDUE = Statement(
    select(ObjectRemoval.object_key)
    .where(ObjectRemoval.due_at <= func.clock_timestamp())
    .order_by(ObjectRemoval.due_at)
    .limit(AT_ONCE)
)


@prepared
def place_of(how_far: Reach) -> Select[Any]:
    """On which record a visible attachment is, and what its content is."""
    columns = (
        *(Attachment.record_type, Attachment.record_id, Attachment.name, Attachment.content_type, Attachment.size),
        *(Attachment.sha256, Attachment.object_key),
    )
    found: Any = select(*columns).where(Attachment.id == _id)
    return scope(found, Attachment, how_far)


# --- photos -----------------------------------------------------------------------------------------------------------


@prepared
def photo_of(model: Any, how_far: Reach) -> Select[Any]:
    """The picture of a visible record."""
    found: Any = select(Photo.id, Photo.content_type, Photo.data).join(model, model.photo_id == Photo.id)
    return scope(found.where(model.id == _id), model, how_far)


@prepared
def photo_id_of(model: Any, how_far: Reach) -> Select[Any]:
    """Which picture a visible record has; the picture itself stays where it is."""
    return scope(select(model.photo_id).where(model.id == _id), model, how_far)


FORGET_PHOTO = Statement(delete(Photo).where(Photo.id == _id))
FORGET_UNUSED_PHOTOS = Statement(
    text(
        "DELETE FROM photos AS p WHERE created_at < now() - interval '1 day' "
        "AND NOT EXISTS (SELECT FROM accounts WHERE photo_id = p.id) "
        "AND NOT EXISTS (SELECT FROM contacts WHERE photo_id = p.id) "
        "AND NOT EXISTS (SELECT FROM merges AS m, jsonb_array_elements(m.undo -> 'losers') AS l "
        "WHERE m.undo IS NOT NULL AND l ->> 'photo_id' = p.id::text)"
    )
)
"""Pictures that no record shows, nor one that the undoing of a merge would bring back."""
