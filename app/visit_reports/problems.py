"""What can go wrong with visit reports."""

from app.core.problems import Problem


class AmendInstead(Problem):
    """What was submitted stays as it was said; whatever is new is added to it (VISIT-1)."""

    status = 409
    code = "amend_instead"
    title = {"de": "Bericht ist eingereicht", "en": "Report is submitted"}
    detail = {
        "de": "Ein eingereichter Besuchsbericht wird nicht geändert, sondern ergänzt: POST /v1/activities/{id}/amendments.",
        "en": "A submitted visit report is not changed but amended: POST /v1/activities/{id}/amendments.",
    }


class OpportunityNotYours(Problem):
    """Who reviews need not be allowed to make opportunities: then the centre manager gets a task."""

    status = 403
    code = "opportunity_not_yours"
    title = {"de": "Keine Verkaufschance möglich", "en": "No opportunity possible"}
    detail = {
        "de": "Ihnen fehlt das Recht „{permission}“. Geben Sie das Cross-Selling als Aufgabe weiter („task“).",
        "en": "You lack the permission “{permission}”. Hand the cross-sell on as a task (“task”).",
    }
