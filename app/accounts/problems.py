"""What can go wrong with accounts."""

from app.core.problems import Problem


class ErpRecord(Problem):
    """The ERP leads this account; it is deleted there."""

    status = 409
    code = "erp_record"
    title = {"de": "Kunde aus dem ERP", "en": "Account of the ERP"}
    detail = {
        "de": "Dieser Kunde hat eine ERP-Nummer ({erp_id}) und kann nur im ERP-System gelöscht werden.",
        "en": "This account has an ERP id ({erp_id}) and can be deleted in the ERP only.",
    }
