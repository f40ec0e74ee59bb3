"""How contact types are read."""

from app.contact_types.models import ContactType
from app.contact_types.schemas import ContactTypeRead
from app.core.expressions import plain, record
from app.core.filters import any_of, equals
from app.core.resource import Resource

CONTACT_TYPE = Resource(
    ContactType,
    ContactTypeRead,
    {**record(ContactType), **plain(ContactType, "key", "label_de", "label_en", "position", "active")},
    filters={"id": any_of(ContactType.id), "key": any_of(ContactType.key), "active": equals(ContactType.active)},
    sorts={"position": ContactType.position, "created_at": ContactType.created_at},
    default_sort="position",
    is_owned=False,
)
