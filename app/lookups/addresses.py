"""Addresses that come as one text: taken apart where the form is certain, left as they are where not."""

import re

_CODES = {
    **dict.fromkeys(("AT", "BE", "CH", "CY", "DK", "LI", "LU", "SI"), r"\d{4}"),
    **dict.fromkeys(("DE", "EE", "ES", "FI", "FR", "HR", "IT", "LT"), r"\d{5}"),
    **dict.fromkeys(("CZ", "GR", "SE", "SK"), r"\d{3} ?\d{2}"),
    "LV": r"\d{4}",
    "NL": r"\d{4} ?[A-Z]{2}",
    "PL": r"\d{2}-\d{3}",
    "PT": r"\d{4}-\d{3}",
}
_LETTERS = {"DE": "D|DE", "AT": "A|AT", "LU": "L|LU", "FI": "FI|FIN", "SE": "S|SE", "BE": "B|BE"}
_LONGEST = 300


def address_parts(text: str, country: str) -> dict[str, str]:
    """`street`, `postal_code`, `city` (and an Italian `state`) of an address of that country; empty when not certain.

    Certain is: the last line is a postal code and a town, and there is one line before it.
    """
    code = _CODES.get(country)
    if code is None or len(text) > _LONGEST:
        return {}
    lines = [" ".join(line.split()).strip(" ,") for line in text.splitlines()]
    lines = [line for line in lines if line]
    if len(lines) == 1:
        lines = [part for part in (part.strip() for part in lines[0].rsplit(",", 1)) if part]
    if len(lines) != 2:
        return {}
    letters = _LETTERS.get(country, country)
    town = re.fullmatch(
        rf"(?:(?:{letters})[- ]?)?(?P<code>{code})[ ,]+(?P<city>[^\d,]{{2,80}}(?: \d{{1,2}})?)", lines[1]
    )
    if town is None or re.search(rf"(?<!\d){code}(?!\d) +\D", lines[0]):
        return {}
    parts = {"street": lines[0], "postal_code": town["code"], "city": town["city"].strip()}
    if country == "IT" and (province := re.fullmatch(r"(.{2,}) ([A-Z]{2})", parts["city"])):
        parts["city"], parts["state"] = province[1], province[2]
    return parts
