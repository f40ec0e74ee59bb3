"""What the index stores does not change unnoticed: another digest needs another INDEX_VERSION.

After a change that is meant: `python -m tests.matching.test_matching_version` raises the version and keeps the new digest.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

from app.matching import PartyValues, blocking_keys, normalise
from app.matching import version as version_file
from app.matching.version import INDEX_VERSION

KEPT = Path(__file__).with_name("index_version.json")
RENEW = "what the index stores has changed. If that is meant: python -m tests.matching.test_matching_version"


def each(text: str) -> list[str]:
    return [" ".join(part.split()) for part in text.split("|")]


FAMILIES = each("""Müller|Mueller|Schmidt|Groß|Gross|Jäger|Weiß|Köhler|Größl|Yılmaz|Özdemir|Meyer-Schulze|von-der-Heide|
    Šimek|O'Neill|Kranzbichler|Zwiesele|Qualmann|Nguyễn""")
GIVEN = each("""Hans-Peter|Ännchen|Jörg|Dr.Eva|Maximilian|H.|Björn|José|Thomas|Sepp""")
TRADES = each("""Maschinenbau|Masch.bau|Hoch-und-Tiefbau|Verwaltungs|Bau|Holzbau|IT-Systeme|Straßenbau|Wohnbauprojekt|
    Bäckerei|Solarpark|Handels|Beteiligungs|Kfz-Technik|24|Projekt|II|Immob.verw.""")
FORMS = each("""GmbH|GmbH & Co. KG|AG|e.K.|OHG|UG (haftungsbeschränkt)|mbH|Ges.m.b.H.|KG|eG|GesbR|e.U.|GmbH i.L.||
    Inh. Franz Huber|vormals Alt & Söhne""")
STREETS = each("""Hauptstraße 12|Haupt Str. 12 a|Am Markt 3-5|Kirchgasse 7/2/14|Königsallee|Straße des 17. Juni 135|Nr. 8|
    Platz 1|C 4, 12""")
TOWNS = each("""4020 Linz AT|70173 Stuttgart DE|01067 Dresden DE|8001 Zürich CH|60311 Frankfurt am Main DE|1010 Wien AT|
    13507 Berlin-Tegel DE|06108 Halle (Saale) DE|6850 Dornbirn AT""")
PHONES = each("""+43 732 123456|0711/1234-0|(0351) 99 88 77|+41 44 111 22 33|0049 69 5551|0660 1234567|12""")
HOSTS = each("""example.com|gmx.de|kranz-bau.at|web.de|zwiesele.co.at""")


def parties() -> Iterator[PartyValues]:
    """Some hundred made-up ones, in every kind of spelling."""
    random = Random(7)

    def maybe(value: str, share: float = 0.7) -> str | None:
        return value if random.random() < share else None

    for number in range(400):
        family, given, trade = random.choice(FAMILIES), random.choice(GIVEN), random.choice(TRADES)
        postal_code, *town, country = random.choice(TOWNS).split()
        firm = random.choice(
            (f"{family} {trade}", f"{given} {family} {trade}", f"{trade} {family}", f"{family} & {trade}")
        )
        name = f"{firm} {random.choice(FORMS)}".strip()
        kind = random.choice(("company", "person", None))
        person = kind == "person" or (kind is None and number % 2)
        yield PartyValues(
            kind=kind,  # type: ignore[arg-type]  # one of its literals
            name=None if kind == "person" else name,
            company=maybe(firm, 0.4),
            first_name=maybe(given) if person else None,
            last_name=family if person else None,
            street=maybe(random.choice(STREETS)),
            postal_code=maybe(postal_code),
            city=maybe(" ".join(town)),
            state=maybe("Bayern", 0.1),
            country=maybe(country),
            phone=maybe(random.choice(PHONES), 0.5),
            email=maybe(f"{given}.{family}@{random.choice(HOSTS)}", 0.5),
            website=maybe(f"https://www.{random.choice(HOSTS)}/kontakt", 0.2),
            vat_id=maybe(f"ATU{10000000 + number}", 0.2),
            birth_date=maybe(f"19{number % 90 + 10}-0{number % 9 + 1}-11", 0.4) if person else None,
            emails=(f"info@{HOSTS[number % 5]}", f"{given}@{HOSTS[number % 4]}") if number % 3 == 0 else (),
            phones=(PHONES[number % 7], PHONES[number % 5]) if number % 4 == 0 else (),
        )


def digest() -> str:
    stored = hashlib.sha256()
    for values in parties():
        party = normalise(values)
        stored.update(json.dumps([party.dump(), blocking_keys(party)]).encode())
    return stored.hexdigest()


def test_what_the_index_stores_changes_with_its_version_only() -> None:
    assert json.loads(KEPT.read_text()) == {"version": INDEX_VERSION, "digest": digest()}, RENEW


def renew() -> None:
    """Raise the version if the digest is another one, and keep both."""
    known, now = json.loads(KEPT.read_text()) if KEPT.exists() else {"digest": None, "version": 0}, digest()
    version = (
        max(INDEX_VERSION, known["version"]) if now == known["digest"] else max(INDEX_VERSION, known["version"] + 1)
    )
    path = Path(version_file.__file__)
    path.write_text(
        re.sub(r"^INDEX_VERSION = \d+$", f"INDEX_VERSION = {version}", path.read_text(), flags=re.MULTILINE)
    )
    KEPT.write_text(json.dumps({"version": version, "digest": now}) + "\n")
    print(f"INDEX_VERSION = {version}")


if __name__ == "__main__":
    renew()
