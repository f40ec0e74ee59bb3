"""Ways to reach and identify a party: phone, e-mail, domain, VAT id, birth date."""

import re
from datetime import date
from functools import lru_cache

import phonenumbers

from app.matching.text import fold, word_set

FREE_MAILERS = word_set(
    """gmail.com googlemail.com gmx.de gmx.net gmx.at gmx.ch gmx.com web.de t-online.de freenet.de arcor.de aol.com aol.de
    yahoo.com yahoo.de hotmail.com hotmail.de outlook.com outlook.de outlook.at outlook.ch
    hotmail.at hotmail.ch yahoo.at yahoo.ch yahoo.fr hotmail.fr live.at live.ch
    gmx.li web.at icloud.de ymail.com rocketmail.com live.com live.de msn.com icloud.com me.com mac.com
    posteo.de mailbox.org mail.de email.de online.de proton.me protonmail.com protonmail.ch bluewin.ch hispeed.ch sunrise.ch
    aon.at a1.net chello.at drei.at utanet.at liwest.at kabsi.at inode.at vol.at telering.at yandex.com mail.ru
    1und1.de kabelmail.de unitybox.de vodafone.de vodafonemail.de o2online.de alice-dsl.net alice.de ewetel.net
    ewe.net netcologne.de versanet.de osnanet.de htp-tel.de gmx.info gmx.eu gmx.org fastmail.com tutanota.com tutanota.de
    facebook.com instagram.com linkedin.com xing.com google.com youtube.com tiktok.com x.com twitter.com
    talktalk.net btinternet.com hotmail.co.uk yahoo.co.uk sky.com bigpond.com optusnet.com.au"""
)
# Below these everybody has a name of their own; the rest of the host is the party's.
_HOSTING = word_set(
    """wordpress.com wixsite.com jimdo.com jimdofree.com jimdosite.com blogspot.com business.site github.io webnode.com
    webnode.at weebly.com squarespace.com myshopify.com beepworld.de npage.de de.tl homepage.t-online.de web.app netlify.app"""
)
# Names of machines, not of parties.
_MACHINES = word_set(
    "www www2 ww m shop store mail webmail en de at ch blog info web portal online home kontakt cms my app"
)
_ROLES = word_set(
    """info office kontakt contact mail post service sales verkauf vertrieb buero buro zentrale sekretariat verwaltung
    rechnung rechnungen buchhaltung accounting einkauf bestellung bestellungen order orders support hallo hello anfrage
    anfragen shop team email welcome empfang reception bewerbung jobs karriere marketing presse pr admin webmaster
    noreply no-reply firma gmbh praxis kanzlei kundenservice service-center auftrag technik werkstatt lager versand
    geschaeftsfuehrung gf backoffice hotel reservierung reservation booking"""
)
_SECOND_LEVEL = word_set("co or gv ac com org net edu gov")
_NOT_DIGIT = re.compile(r"\D+")
_NOT_VAT = re.compile(r"[^A-Z0-9]+")
_VAT = re.compile(r"(?:[A-Z]{2})[A-Z0-9]{7,13}")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?$", re.DOTALL)
_GERMAN = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})(?:\D.*)?$", re.DOTALL)
_YEAR = re.compile(r"(\d{4})(?:-(\d\d))?()")


@lru_cache(maxsize=1 << 16)
def phone_number(text: str, country: str) -> str:
    """E.164 ("+4971112345"), read in the record's country, or Germany when that is unknown.

    What is no possible number is kept as its digits when there are at least six; else "".
    """
    text = text[:60]
    try:
        number = phonenumbers.parse(text, country if len(country) == 2 else "DE")
        if phonenumbers.is_possible_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    except phonenumbers.NumberParseException:
        pass
    digits = "".join(str(int(digit)) for digit in _NOT_DIGIT.sub("", text))
    return digits if len(digits) >= 6 else ""


def email_address(text: str) -> str:
    """Lower case, without "+tag"; googlemail.com is gmail.com. "" without exactly one "@" between two parts."""
    text = text[:320].strip().lower().removeprefix("mailto:")
    local, at, domain = text.partition("@")
    if not at or not local or not domain or "@" in domain or " " in text or "\0" in text:
        return ""
    local = local.partition("+")[0] or local
    domain = domain.rstrip(".")
    return f"{local}@{'gmail.com' if domain == 'googlemail.com' else domain}"


@lru_cache(maxsize=1 << 14)
def site_domain(text: str) -> str:
    """The party's part of an address or host: `https://www.shop.firma.co.at/x` gives `firma.co.at`.

    A name of its own before that stays ("ulm.firma.de"), since branches and the customers of a host are told apart by it.
    """
    host = text[:300].strip().lower()
    host = host.partition("://")[2] or host
    host = host.split("/", 1)[0].split("?", 1)[0].rpartition("@")[2].partition(":")[0].strip(".")
    labels = host.split(".")
    if len(labels) < 2 or not all(labels) or " " in host or "\0" in host:
        return ""
    own = _own_labels(labels)
    rest = labels[:-own]
    while rest and rest[0] in _MACHINES:
        del rest[0]
    return ".".join([*rest[-2:], *labels[-own:]])


def _own_labels(labels: list[str]) -> int:
    """How many labels at the end somebody registered."""
    return 3 if len(labels) > 2 and labels[-2] in _SECOND_LEVEL and len(labels[-1]) == 2 else 2


@lru_cache(maxsize=1 << 14)
def registered(host: str) -> str:
    """The registrable end of a host that `site_domain` gave; a customer of a web host keeps its own name."""
    labels = host.split(".")
    own = ".".join(labels[-_own_labels(labels) :])
    return host if own in _HOSTING else own


@lru_cache(maxsize=1 << 14)
def role_mailbox(email: str) -> bool:
    """True for the mailbox of a company or a department (info@, buchhaltung2@): it is not one person's."""
    return email.partition("@")[0].strip("0123456789._-") in _ROLES


def free_mailer(domain: str) -> bool:
    """True for hosts that many parties share: they are no evidence."""
    return domain in FREE_MAILERS or domain in _HOSTING


def vat_number(text: str, country: str) -> str:
    """Country letters and number ("ATU12345678"); the record's country completes bare digits. "" if it can't be one."""
    number = _NOT_VAT.sub("", fold(text[:60]).upper())
    if number[:1].isdigit() and country in ("DE", "AT"):
        number = ("DE" if country == "DE" else "ATU") + number
    elif number[:1] == "U" and country == "AT":
        number = "AT" + number
    elif number[:3] == "CHE":
        number = "CHE" + _NOT_DIGIT.sub("", number)
    return number if _VAT.fullmatch(number) else ""


def birth_date(text: str) -> str:
    """ISO 8601, from that or the German order; a year alone is its first of January. "" if it is no date.

    A separator in the wrong place is put right: "19921-1-08" is the eighth of November.
    """
    text = text[:40].strip()
    if (found := _ISO.match(text)) is not None or (found := _YEAR.fullmatch(text)) is not None:
        year, month, day = found[1], found[2], found[3]
    elif (found := _GERMAN.match(text)) is not None:
        year, month, day = found[3], found[2], found[1]
    else:
        digits = _NOT_DIGIT.sub("", text)
        if len(digits) != 8:
            return ""
        year, month, day = digits[:4], digits[4:6], digits[6:]
    try:
        return date(int(year), int(month or 1), int(day or 1)).isoformat()
    except ValueError:
        return ""
