"""What can go wrong with custom fields."""

from app.core.problems import Problem


class FieldInUse(Problem):
    """Records have values in the field: it can be retired, not deleted."""

    status = 409
    code = "field_in_use"
    title = {"de": "Feld wird benutzt", "en": "Field in use"}
    detail = {
        "de": "{count} Datensätze haben hier einen Wert. Legen Sie das Feld still, statt es zu löschen.",
        "en": "{count} records have a value here. Retire the field instead of deleting it.",
    }
    members = {"count": int}


class TooManyFields(Problem):
    status = 409
    code = "too_many_fields"
    title = {"de": "Zu viele Felder", "en": "Too many fields"}
    detail = {
        "de": "Höchstens {limit} Felder je Art von Datensatz; legen Sie eines still, das niemand mehr braucht.",
        "en": "At most {limit} fields for each kind of record; retire one that nobody needs any more.",
    }
