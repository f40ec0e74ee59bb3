"""Contacts as the matcher reads them."""

from app.accounts.models import Account
from app.accounts.parties import LISTS
from app.contacts.models import Contact
from app.indexing import Source

CONTACT = Source(
    "contact",
    Contact,
    kind="person",
    fields=(
        *("first_name", "last_name", "street", "postal_code", "city", "state", "country", "phone", "email"),
        "birth_date",
    ),
    company=Account.name,
    company_of=Contact.account_id,
    lists=LISTS,
)

values_of = CONTACT.values
"""Of a contact and its account's name."""
