"""What can go wrong with opportunities."""

from uuid import UUID

from app.core.problems import Problem


class AlreadyCreated(Problem):
    """A request becomes one opportunity only (CONV-4)."""

    status = 409
    code = "already_created"
    title = {"de": "Schon angelegt", "en": "Created already"}
    detail = {
        "de": "Aus dieser Nachricht wurde schon eine Verkaufschance; „opportunity_id“ nennt sie.",
        "en": "An opportunity was made from this message already; “opportunity_id” names it.",
    }
    members = {"opportunity_id": UUID}


class CustomerGone(Problem):
    """The request's customer was deleted meanwhile."""

    status = 409
    code = "customer_gone"
    title = {"de": "Kunde gelöscht", "en": "Customer deleted"}
    detail = {
        "de": "Den Kunden, um den es in dieser Nachricht geht, gibt es nicht mehr.",
        "en": "The customer that this message is about exists no more.",
    }


class StageInUse(Problem):
    """A stage with opportunities can neither be removed nor change its category."""

    status = 409
    code = "stage_in_use"
    title = {"de": "Phase in Gebrauch", "en": "Stage in use"}
    detail = {
        "de": "In der Phase „{key}“ sind Verkaufschancen. Verschieben Sie diese zuerst.",
        "en": "There are opportunities in the stage “{key}”. Move them first.",
    }
