"""From values as typed to a `Party`: names, and the one entry point `normalise`."""

import re

from app.matching.legalforms import strip_legal_forms
from app.matching.places import city_name, country_code, postal_code, street_and_house
from app.matching.reach import birth_date, email_address, free_mailer, phone_number, site_domain, vat_number
from app.matching.record import Party, PartyValues
from app.matching.text import fold, fold_name, word_set
from app.matching.vocabulary import STOP

_MOST_WORDS = 12
_MOST_FURTHER = 20
_TOKENS = re.compile(r"[a-z]+|[0-9]+")
# A digit amid letters is what a scanner made of one: "M1ller", "K0hler".
_SCANNED = re.compile(r"(?<=[a-z])[01](?=[a-z])")
_OWNER = re.compile(r"\b(?:inh|inhaber|inhaberin|e\.? ?k\.? inh)\b\s*[.:]?\s*(.+)$")
# What the company was called before: "Adlerwerke vorm. Heinrich Kleyer", "Qualmann GmbH (ehemals Zwiesele Bau)".
_FORMER = re.compile(
    r"\b(?:[vy]o[rv](?:m|rn)|vormals|yormals|ehem|ehemals|fruher|vorher|zuvor|bisher|formerly|previously|fka)\b\s*[.:]*\s*(.+)$"
)
# A dot inside a word ends an abbreviation that the next letters complete: "masch.bau", "hausverw.ges".
_INNER_DOT = re.compile(r"\b([a-z]{3,6})\.-?(?=[a-z]{3})")
# "Hoch- und Tiefbau" keeps its hyphen's word; a hyphen before "bau" is one word: "Maschinen-Bau".
_GLUED = re.compile(r"\b([a-z]{3,})-(?=(?:bau|technik|handel|service|verwaltung|beratung|haus|werk|werke)\b)")
_FORMER_HINT = re.compile(r"\b(?:[vy]o[rv]|ehem|fruh|zuv|bish|form|prev|fka)")
_SUFFIX = re.compile(r"(?<=[a-z]{4})(?:s?ges{1,2}el{1,2}schaft|sges)$")
_LINKING = ("ungs", "ions", "tats", "schafts", "heits", "keits")  # "Verwaltungs-GmbH" is "Verwaltung GmbH"

_ABBREVIATIONS: dict[str, str] = {
    "masch": "maschinen", "gebr": "gebruder", "gebrueder": "gebruder", "ges": "gesellschaft", "dt": "deutsche", "intl": "international",
    "ing": "ingenieur", "ingburo": "ingenieurburo", "verw": "verwaltung", "bet": "beteiligung", "beteil": "beteiligung",
    "vertr": "vertrieb", "untern": "unternehmen", "elektr": "elektro", "arch": "architekten", "aut": "automobile",
    "hausverw": "hausverwaltung", "immob": "immobilien", "immo": "immobilien", "handelsges": "handel", "transp": "transporte",
    "spedit": "spedition", "kunstst": "kunststoff", "landw": "landwirtschaft", "metallverarb": "metallverarbeitung",
    "stb": "steuerberatung", "wp": "wirtschaftsprufung", "mgmt": "management", "bros": "brothers", "st": "sankt",
    "dienstl": "dienstleistungen", "grosshdl": "grosshandel", "einzelhdl": "einzelhandel", "hdl": "handel",
    "industr": "industrie", "prod": "produktion", "techn": "technik", "verm": "vermietung", "vers": "versicherung",
    "bautr": "bautrager", "bauuntern": "bauunternehmung", "bauunternehmen": "bauunternehmung",
    "nachf": "nachfolger", "nachfg": "nachfolger",
    "wwe": "witwe", "fabr": "fabrik", "maschf": "maschinenfabrik", "maschfabr": "maschinenfabrik", "maschinenf": "maschinenfabrik",
    "frdr": "friedrich", "friedr": "friedrich", "heinr": "heinrich", "wilh": "wilhelm", "joh": "johann", "jos": "josef", "gust": "gustav",
    "ferd": "ferdinand", "herm": "hermann", "rud": "rudolf", "ludw": "ludwig", "ww": "witwe", "bauges": "bau", "baugesellschaft": "bau",
    "handels": "handel", "grundstucks": "grundstuck", "vermogens": "vermogen", "vertriebs": "vertrieb", "betriebs": "betrieb",
}  # fmt: skip
_ROMAN = {
    tens + ones: str(10 * ten + one)
    for ten, tens in enumerate(("", "x", "xx", "xxx"))
    for one, ones in enumerate(("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"))
    if tens + ones not in ("", "v", "x")  # single letters that are more often just that
}

_TITLES = word_set(
    """dr prof ing dipl mag di mba msc bsc ma ba phd herr frau hr fr mr mrs ms dipling dipl-ing dkfm kfm mmag ddr univ
    drs med jur rer nat phil habil hc ir bakk fh lic llm ddr oec pol iur vet dent theol techn dr-ing magister doktor
    professor familie eheleute jun sen jr sr junior senior"""
)
_PARTICLES = word_set("von van der den de zu zum zur vom del della di da dos du la le el al bin ben und ter ten")


def _letter(digit: re.Match[str]) -> str:
    return "o" if digit[0] == "0" else "l"


def _company_words(folded: str) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Content words, numbers and legal forms of a folded company name."""
    if "." in folded:
        folded = _INNER_DOT.sub(lambda match: _ABBREVIATIONS.get(match[1], match[1]), folded)
    if not folded.isalpha():
        folded = _SCANNED.sub(_letter, folded)
    if "-" in folded:
        folded = _GLUED.sub(r"\1", folded)
    tokens: list[str] = []
    joined: set[str] = set()
    letters: list[str] = []
    found = _TOKENS.findall(folded)
    for at, token in enumerate(found):
        if len(token) == 1 and token.isalpha():
            letters.append(token)
            continue
        if letters:
            # "A & B" is "ab"; "u" alone between words is "und".
            if token == "und" and at + 1 < len(found) and len(found[at + 1]) == 1 and found[at + 1].isalpha():
                continue
            one = "".join(letters)
            tokens.append(one)
            if len(one) > 1:
                joined.add(one)
            letters = []
        tokens.append(token)
    if letters:
        tokens.append("".join(letters))
        joined.add(tokens[-1])
    tokens = ["und" if token == "u" else token for token in tokens]
    kept, legal = strip_legal_forms(tokens)
    words: list[str] = []
    numbers: list[str] = []
    for at, token in enumerate(kept):
        if token.endswith("gmbh") and len(token) > 7:
            token, legal = token[:-4], legal or "gmbh"
        if token.isdigit():
            numbers.append(token.lstrip("0")[:20] or "0")
        elif token in _ROMAN and (len(token) > 1 or (words and at + 1 == len(kept))):
            numbers.append(_ROMAN[token])
        elif token not in STOP or token in joined:
            words.append(_word(token))
    if not words and not numbers:
        words = [token[:40] for token in kept]
    return tuple(words[:_MOST_WORDS]), tuple(sorted(numbers[:_MOST_WORDS])), legal


def _word(token: str) -> str:
    token = token[:40]
    if len(token) > 6:
        token = _SUFFIX.sub("", token)
        if token.endswith(_LINKING):
            token = token[:-1]
    return _ABBREVIATIONS.get(token, token)


def _person_words(text: str) -> str:
    """A folded given or family name without titles; particles go unless nothing else is left."""
    tokens = [token for token in _TOKENS.findall(text) if token not in _TITLES][:6]
    kept = [token[:40] for token in tokens if token not in _PARTICLES]
    return " ".join(kept or [token[:40] for token in tokens])


def _split_person(text: str) -> tuple[str, str]:
    """First and last name of a whole name: "Max Müller", "Dr. Müller, Max"."""
    before, comma, after = text.partition(",")
    if comma and _person_words(after):
        return _person_words(after), _person_words(before)
    tokens = _person_words(text).split()
    return " ".join(tokens[:-1]), tokens[-1] if tokens else ""


def _further(found: list[str], primary: str) -> tuple[str, ...]:
    return tuple(sorted({one for one in found if one and one != primary}))[:_MOST_FURTHER]


def normalise(values: PartyValues) -> Party:
    """The normal form of what was entered. Takes any text, never raises, and reads at most 500 characters of each value."""
    kind = values.kind or ""
    name = fold_name(values.name) if values.name else ""
    company = fold_name(values.company) if values.company else ""
    first = _person_words(fold(values.first_name)) if values.first_name else ""
    last = _person_words(fold(values.last_name)) if values.last_name else ""
    if kind == "person" and name:
        if not first and not last:
            first, last = _split_person(name)
            name = ""
        elif set(_person_words(name).split()) <= {*first.split(), *last.split()}:
            name = ""
    if "inh" in name:
        owner = _OWNER.search(name)
        if owner is not None and owner.start():
            if not first and not last:
                tokens, _ = strip_legal_forms(_TOKENS.findall(owner[1]))
                first, last = _split_person(" ".join(tokens))
            name = name[: owner.start()]
    former: tuple[str, ...] = ()
    if _FORMER_HINT.search(name) is not None and (before := _FORMER.search(name)) is not None and before.start():
        former = _company_words(before[1])[0]
        name = name[: before.start()]
    if not name:
        name, company = company, ""
    words, numbers, legal = _company_words(name) if name else ((), (), "")
    short: tuple[str, ...] = ()
    if company:
        other, more, _ = _company_words(company)
        if other != words and not more:
            short = other
    country = country_code(values.country)
    street, house = street_and_house(values.street) if values.street else ("", "")
    email = email_address(values.email) if values.email else ""
    phone = phone_number(values.phone, country) if values.phone else ""
    emails: tuple[str, ...] = ()
    if values.emails:
        emails = _further([email_address(one) for one in values.emails if one], email)
    phones: tuple[str, ...] = ()
    if values.phones:
        phones = _further([phone_number(one, country) for one in values.phones if one], phone)
    domains: tuple[str, ...] = ()
    if values.website or email or emails:
        hosts = {site_domain(values.website)} if values.website else set()
        for one in (email, *emails) if email else emails:
            hosts.add(site_domain(one.rpartition("@")[2]))
        domains = tuple(sorted(host for host in hosts if host and not free_mailer(host)))
    return Party(
        kind if kind in ("company", "person") else "",
        words,
        numbers,
        legal,
        short,
        first,
        last,
        street,
        house,
        postal_code(values.postal_code) if values.postal_code else "",
        city_name(values.city) if values.city else "",
        fold(values.state).strip() if values.state else "",
        country,
        phone,
        email,
        domains,
        vat_number(values.vat_id, country) if values.vat_id else "",
        birth_date(values.birth_date) if values.birth_date else "",
        former,
        emails,
        phones,
    )
