"""Accounts as the matcher reads them."""

from app.accounts.models import Account
from app.accounts.reach import EMAILS, PHONES
from app.indexing import Entries, Source

LISTS = tuple(Entries(reach.name, reach.flat[0], reach.parts[0]) for reach in (EMAILS, PHONES))
"""Somebody who knows only a customer's second mailbox or phone finds them too (ACC-9)."""

ACCOUNT = Source(
    "account",
    Account,
    kind="company",
    fields=(*("name", "street", "postal_code", "city", "state", "country", "phone", "email", "website", "vat_id"),),
    lists=LISTS,
)

values_of = ACCOUNT.values
