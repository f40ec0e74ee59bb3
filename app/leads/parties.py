"""Leads as the matcher reads them."""

from app.indexing import Source
from app.leads.models import Lead

LEAD = Source(
    "lead",
    Lead,
    kind=None,
    fields=(
        *("name", "company", "first_name", "last_name", "street", "postal_code", "city", "state", "country", "phone"),
        *("email", "website", "vat_id", "birth_date"),
    ),
)

values_of = LEAD.values
