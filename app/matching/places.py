"""Addresses in normal form: street, house number, postal code, city, country."""

import re
from functools import lru_cache

from app.matching.text import fold, word_set

_HOUSE = re.compile(
    r"(?:^|(?<=[\s.,a-z]))\s*(?:nr\.?\s*|no\.?\s*)?(\d{1,5}\s?[a-z]?(?:\s*(?:[-/+]|bis|und|u\.)\s*\d{0,5}\s?[a-z]?)*)\s*$"
)
_HOUSE_FIRST = re.compile(r"^(\d{1,5}\s?[a-z]?(?:[-/]\d+)?)[\s,]+(?=\D{3})")
_SCANNED = re.compile(r"(?<=[a-z])([01])(?=[a-z]{2})")
_STREET_WORD = re.compile(r"(?:strasse|strase|street|str)\b\.?")
# A post office box stands in for the street: "Postfach 12 34", "Pf. 1234", "P.O. Box 1234".
_BOX = re.compile(r"^\s*(?:postfach|postf\.?|pf\.?|p\.?\s?o\.?\s?box|case postale)\s*(\d[\d\s]*)$")
_OTHER_WORDS = ((re.compile(r"(?:platz|pl)\b\.?"), "pl"), (re.compile(r"(?:gasse|g)\.(?=\W|$)|gasse\b"), "g"))
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_CITY_NOISE = word_set("a am an der d den dem i im in bei b v vor ob o unter u auf the of stadt")
_CITIES = {
    "st": "sankt", "gr": "gross", "kl": "klein", "wurtt": "wurttemberg", "westf": "westfalen", "thur": "thuringen",
    "bln": "berlin", "hbg": "hamburg", "mch": "munchen", "ffm": "frankfurt main",
    "munich": "munchen", "cologne": "koln", "vienna": "wien", "nuremberg": "nurnberg", "geneva": "genf", "geneve": "genf",
    "hanover": "hannover", "basle": "basel", "zuerich": "zurich", "brunswick": "braunschweig",
}  # fmt: skip
_COUNTRIES = {
    "deutschland": "DE", "germany": "DE", "d": "DE", "brd": "DE", "ger": "DE", "deu": "DE", "osterreich": "AT", "austria": "AT",
    "a": "AT", "aut": "AT", "schweiz": "CH", "switzerland": "CH", "suisse": "CH", "che": "CH", "liechtenstein": "LI",
}  # fmt: skip


BOX = "postfach"


@lru_cache(maxsize=1 << 14)
def street_and_house(text: str) -> tuple[str, str]:
    """Street without spaces ("carlzeissstr") and house number ("5a", "46-48"); either may be empty."""
    street = _SCANNED.sub(lambda digit: "o" if digit[1] == "0" else "l", fold(text).strip())
    house = ""
    if street[:1] in ("p", "c") and (box := _BOX.match(street)) is not None:
        return BOX, "".join(box[1].split())
    found = _HOUSE.search(street)
    if found is not None:
        house = found[1]
        street = street[: found.start()]
    elif (leading := _HOUSE_FIRST.match(street)) is not None:
        house = leading[1]
        street = street[leading.end() :]
    street = _STREET_WORD.sub("str", street)
    for pattern, short in _OTHER_WORDS:
        street = pattern.sub(short, street)
    house = house.replace(" ", "").replace("bis", "-").replace("und", "-").replace("u.", "-").rstrip("-/+")
    return _NOT_WORD.sub("", street)[:80], house


def postal_code(text: str) -> str:
    """Letters and digits, without a country prefix ("D-", "A-")."""
    code = _NOT_WORD.sub("", fold(text[:40]))[:12]
    if len(code) in (5, 6) and code[0] in "da" and code[1:].isdigit():
        code = code[1:]
    elif code[:2] in ("de", "at", "ch") and code[2:].isdigit():
        code = code[2:]
    return code


@lru_cache(maxsize=1 << 14)
def city_name(text: str) -> str:
    """The city's words without "am", "an der" and the like: `frankfurt main`."""
    words = [word for word in _NOT_WORD.split(fold(text)) if word]
    kept = [_CITIES.get(word, word) for word in words if word not in _CITY_NOISE]
    return " ".join(kept or words)[:60]


def country_code(text: str | None) -> str:
    """ISO alpha-2; a few names are understood, other text is ignored."""
    if not text:
        return ""
    if len(text) == 2 and text.isascii() and text.isalpha():
        return text.upper()
    return _COUNTRIES.get(fold(text).strip(), "")
