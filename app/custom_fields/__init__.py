"""Fields that an installation adds to leads, accounts, contacts and opportunities (ACC-10)."""

from app.custom_fields.checking import checked
from app.custom_fields.conversion import carried, carried_from
from app.custom_fields.definitions import Choice, Definition, definitions

__all__ = ["Choice", "Definition", "carried", "carried_from", "checked", "definitions"]
