"""Invented companies in the manner of Austrian and German trade registers. The same seed gives the same companies."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Town, state, first postal code, how many postal codes it has; the bigger towns come up more often.
TOWNS = {
    "AT": """Wien|Wien|1010|23 Graz|Steiermark|8010|9 Linz|Oberösterreich|4020|4 Salzburg|Salzburg|5020|4
        Innsbruck|Tirol|6020|2 Klagenfurt|Kärnten|9020|2 Villach|Kärnten|9500|4 Wels|Oberösterreich|4600|2
        Dornbirn|Vorarlberg|6850|2 Steyr|Oberösterreich|4400|2 Feldkirch|Vorarlberg|6800|2 Bregenz|Vorarlberg|6900|2
        Leoben|Steiermark|8700|2 Krems|Niederösterreich|3500|2 Traun|Oberösterreich|4050|2 Amstetten|Niederösterreich|3300|1
        Kapfenberg|Steiermark|8605|1 Mödling|Niederösterreich|2340|2 Hallein|Salzburg|5400|2 Kufstein|Tirol|6330|2
        Schwechat|Niederösterreich|2320|2 Braunau|Oberösterreich|5280|1 Spittal|Kärnten|9800|1 Gmunden|Oberösterreich|4810|2""",
    "DE": """Berlin|Berlin|10115|60 Hamburg|Hamburg|20095|50 München|Bayern|80331|50 Köln|Nordrhein-Westfalen|50667|40
        Frankfurt|Hessen|60306|30 Stuttgart|Baden-Württemberg|70173|30 Düsseldorf|Nordrhein-Westfalen|40210|30
        Leipzig|Sachsen|4103|25 Dortmund|Nordrhein-Westfalen|44135|25 Essen|Nordrhein-Westfalen|45127|25
        Bremen|Bremen|28195|25 Dresden|Sachsen|1067|20 Hannover|Niedersachsen|30159|20 Nürnberg|Bayern|90402|20
        Duisburg|Nordrhein-Westfalen|47051|15 Bochum|Nordrhein-Westfalen|44787|15 Wuppertal|Nordrhein-Westfalen|42103|12
        Bielefeld|Nordrhein-Westfalen|33602|12 Mannheim|Baden-Württemberg|68159|12 Karlsruhe|Baden-Württemberg|76131|12
        Augsburg|Bayern|86150|10 Wiesbaden|Hessen|65183|10 Kiel|Schleswig-Holstein|24103|10 Aachen|Nordrhein-Westfalen|52062|8
        Freiburg|Baden-Württemberg|79098|8 Erfurt|Thüringen|99084|8 Rostock|Mecklenburg-Vorpommern|18055|8
        Kassel|Hessen|34117|8 Ulm|Baden-Württemberg|89073|6 Passau|Bayern|94032|4 Rosenheim|Bayern|83022|4""",
}
FAMILIES = _words(
    """Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Gruber Huber Bauer Steiner Moser Mayer
    Hofer Leitner Berger Fuchs Eder Schwarz Pichler Winkler Reiter Maier Koch Lang Baumgartner Auer Binder Lechner Wallner
    Aigner Wolf Ebner Koller Lehner Haas Schuster Egger Kaiser Brunner Strasser Wimmer Holzer Wieser Stadler Kern Haider
    Riegler Böhm König Krenn Graf Schwaiger Hofmann Seidl Mayr Fink Kainz Zauner Rainer Posch Brandstätter Hauser Wurm
    Köhler Krause Lehmann Köhn Richter Klein Schröder Neumann Zimmermann Braun Krüger Hartmann Lange Werner Schmitz Krämer
    Vogel Friedrich Keller Günther Frank Roth Beck Lorenz Albrecht Ludwig Winter Kraus Martin Schumacher Vogt Jäger Sommer
    Groß Seidel Heinrich Brandt Schreiber Dietrich Ziegler Kuhn Pohl Engel Horn Busch Bergmann Thomas Voigt Sauer Arnold
    Pfeiffer Kowalski Novak Horvath Kovac Yilmaz Petrovic Nowak Jansen Petersen Hansen Thiel Ahrens Osterloh Tiedemann"""
)
GIVEN = _words(
    """Franz Josef Johann Karl Anton Georg Peter Hans Michael Thomas Andreas Stefan Martin Alois Ferdinand Heinrich Otto
    Maria Anna Eva Elisabeth Sabine Monika Claudia Ursula Karin Renate Birgit Petra"""
)
TRADES = _words(
    """Maschinenbau Metallbau Elektrotechnik Tischlerei Installationen Bau Hochbau Tiefbau Transporte Spedition Logistik
    Software Datentechnik IT-Systeme Werbung Druck Gastronomie Hotel Bäckerei Fleischerei Autohaus KFZ-Technik Immobilien
    Hausverwaltung Steuerberatung Unternehmensberatung Gebäudereinigung Gartenbau Dachdeckerei Malerei Bodenbeläge Fenster
    Heizungstechnik Sanitär Kältetechnik Solar Energietechnik Kunststofftechnik Werkzeugbau Anlagenbau Stahlbau Holzbau
    Zimmerei Möbel Küchen Optik Apotheke Medizintechnik Pharma Textil Schuhe Handel Großhandel Lebensmittel Getränke Weinbau
    Landtechnik Baustoffe Fliesen Glas Verpackung Papier Personalservice Sicherheitsdienst Versicherungsmakler Planung"""
)
FORMS = {
    "AT": ("GmbH", "GmbH", "GmbH", "GmbH & Co KG", "e.U.", "KG", "OG", "AG"),
    "DE": ("GmbH", "GmbH", "GmbH", "GmbH & Co. KG", "e.K.", "KG", "OHG", "UG (haftungsbeschränkt)", "AG"),
}
_HEADS = _words(
    "b br bl d dr f fl fr g gl gr h j k kl kn kr l m n p pf pl qu r s sch schl schn sp st str t tr v w z zw"
)
_TAILS = _words(
    """ab ach ag al alt am an ank ar arf as at au eb eck eg el elm em en enz er erk es et ib ick ig il im in ind ir irl is
    it ob och of ol olm om on onk or orn os ot ub uck uf ul um un und ur urz us ut"""
)


@dataclass(frozen=True, slots=True)
class Company:
    """As it stands on a lead: `name` is the legal wording, `company` what people say."""

    name: str
    company: str
    postal_code: str
    city: str
    state: str
    country: str


def _towns(country: str) -> list[tuple[str, str, int, int]]:
    parts = (entry.split("|") for entry in TOWNS[country].split())
    return [(town, state, int(first), int(codes)) for town, state, first, codes in parts]


_TOWNS = {country: _towns(country) for country in TOWNS}
_WEIGHTS = {country: [codes for *_, codes in _TOWNS[country]] for country in TOWNS}


def _place(random: Random) -> tuple[str, str, str, str]:
    country = "AT" if random.random() < 0.6 else "DE"
    town, state, first, codes = random.choices(_TOWNS[country], _WEIGHTS[country])[0]
    step = 10 if country == "AT" else 2
    return f"{first + step * random.randrange(codes):0{4 if country == 'AT' else 5}d}", town, state, country


def companies(number: int, seed: int) -> Iterator[Company]:
    """So many companies, no two with one name at one postal code; many share a family name, a trade or both."""
    random = Random(seed)
    seen: set[tuple[str, str]] = set()
    while len(seen) < number:
        postal_code, city, state, country = _place(random)
        family, trade = random.choice(FAMILIES), random.choice(TRADES)
        kind = random.random()
        if kind < 0.45:
            company = f"{family} {trade}"
        elif kind < 0.65:
            company = f"{trade} {random.choice(GIVEN)} {family}"
        elif kind < 0.8:
            company = f"{random.choice(GIVEN)} {family} {trade}"
        elif kind < 0.9:
            company = f"{family} & {random.choice(FAMILIES)} {trade}"
        else:
            company = f"{invented_word(random).title()} {trade}"
        name = f"{company} {random.choice(FORMS[country])}"
        if (name, postal_code) not in seen:
            seen.add((name, postal_code))
            yield Company(name, company, postal_code, city, state, country)


def unheard_of(random: Random) -> Company:
    """A company that no other is like: two invented words and a trade."""
    postal_code, city, state, country = _place(random)
    words = f"{invented_word(random)} {invented_word(random)}".title()
    company = f"{words} {random.choice(TRADES)}"
    return Company(f"{company} {random.choice(FORMS[country])}", company, postal_code, city, state, country)


def invented_word(random: Random) -> str:
    """A word of three syllables that sounds German and means nothing."""
    return "".join(random.choice(_HEADS) + random.choice(_TAILS) for _ in range(3))


def as_people_type_it(company: Company, random: Random) -> str:
    """The company's name without legal form, umlauts spelt out or its words in another order."""
    text = company.company
    way = random.randrange(3)
    if way == 0:
        for umlaut, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
            text = text.replace(umlaut, letters)
    elif way == 1:
        words = text.split()
        text = " ".join(words[1:] + words[:1])
    return text.lower()
