"""How custom fields are read."""

from app.core.expressions import plain, record
from app.core.filters import any_of, equals
from app.core.resource import Resource
from app.custom_fields.models import CustomField
from app.custom_fields.schemas import CustomFieldRead

CUSTOM_FIELD = Resource(
    CustomField,
    CustomFieldRead,
    {
        **record(CustomField),
        **plain(CustomField, "record_type", "key", "kind", "link_to", "label_de", "label_en", "help_de", "help_en"),
        **plain(CustomField, "required", "position", "choices", "minimum", "maximum", "max_length", "decimals"),
        **plain(CustomField, "maps_to_id"),
        "retired": CustomField.retired_at.is_not(None),
    },
    joins=lambda s: s.where(CustomField.deleted_at.is_(None)),
    filters={
        "record_type": any_of(CustomField.record_type),
        "kind": any_of(CustomField.kind),
        "retired": equals(CustomField.retired_at.is_not(None)),
    },
    sorts={"position": CustomField.position, "created_at": CustomField.created_at},
    default_sort="position",
    is_owned=False,
)
