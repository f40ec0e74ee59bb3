"""Leads as the matcher reads them."""

from app.leads.models import Lead
from app.matching import PartyValues


def values_of(lead: Lead) -> PartyValues:
    """The lead as the matcher reads it."""
    return PartyValues(
        kind=None,
        name=lead.name,
        company=lead.company,
        first_name=lead.first_name,
        last_name=lead.last_name,
        street=lead.street,
        postal_code=lead.postal_code,
        city=lead.city,
        state=lead.state,
        country=lead.country,
        phone=lead.phone,
        email=lead.email,
        website=lead.website,
        vat_id=lead.vat_id,
        birth_date=lead.birth_date.isoformat() if lead.birth_date else None,
    )
