"""Mailboxes that are nobody's own, such as info@ or office@: not a person's address, and not one that campaigns may write to.

The one list of them. Migration 0015 has given the database the same one (`has_generic_mailbox`); a test compares the two.
"""

_WORDS = """
abuse accounting admin administrator anfrage anfragen angebot angebote auftrag auftraege backoffice bestellung bestellungen
bewerbung bewerbungen billing buchhaltung buero büro career careers company contact datenschutz direktion disposition
donotreply edv einkauf email empfang enquiries finance firma geschaeftsfuehrung geschaeftsleitung gf hallo hello help
hilfe hostmaster hr info information invoice invoices it jobs karriere kontakt kundendienst kundenservice lager logistik
mail marketing mailbox newsletter no-reply noreply office order orders personal post postmaster pr presse press privacy
produktion purchasing rechnung rechnungen reception reklamation rezeption sales sekretariat service shop support team
technik verkauf vertrieb verwaltung webmaster webshop welcome werkstatt zentrale
"""

GENERIC = frozenset(_WORDS.split())


def is_generic(address: str) -> bool:
    """Whether the mailbox is nobody's own; what follows a plus sign doesn't matter."""
    return address.lower().partition("@")[0].partition("+")[0] in GENERIC
