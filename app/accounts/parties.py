"""Accounts as the matcher reads them."""

from app.accounts.models import Account
from app.indexing import Source

ACCOUNT = Source(
    "account",
    Account,
    kind="company",
    fields=(*("name", "street", "postal_code", "city", "state", "country", "phone", "email", "website", "vat_id"),),
)

values_of = ACCOUNT.values
