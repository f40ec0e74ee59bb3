"""Real towns with their postal codes, states and area codes; invented streets, and phone numbers that nobody has."""

from typing import NamedTuple


class Town(NamedTuple):
    """A town, or a part of one with its own postal code."""

    postal_code: str
    name: str
    state: str
    country: str
    area_code: str


_TOWNS = {
    "AT": {
        "Oberösterreich": """4020 Linz 732|4030 Linz 732|4600 Wels 7242|4400 Steyr 7252|4910 Ried im Innkreis 7752|5280 Braunau am Inn 7722
            |4810 Gmunden 7612|4240 Freistadt 7942|4063 Hörsching 7221|4840 Vöcklabruck 7672|4320 Perg 7262|4070 Eferding 7272""",
        "Wien": "1030 Wien 1|1100 Wien 1|1150 Wien 1|1210 Wien 1|1220 Wien 1|1230 Wien 1",
        "Niederösterreich": """3100 St. Pölten 2742|3500 Krems an der Donau 2732|2700 Wiener Neustadt 2622|3300 Amstetten 7472
            |2340 Mödling 2236|2100 Korneuburg 2262|3430 Tulln an der Donau 2272|3910 Zwettl 2822|2460 Bruck an der Leitha 2162""",
        "Steiermark": """8010 Graz 316|8020 Graz 316|8700 Leoben 3842|8600 Bruck an der Mur 3862|8430 Leibnitz 3452|8940 Liezen 3612
            |8160 Weiz 3172""",
        "Salzburg": "5020 Salzburg 662|5400 Hallein 6245|5600 St. Johann im Pongau 6412|5700 Zell am See 6542",
        "Tirol": "6020 Innsbruck 512|6300 Wörgl 5332|6330 Kufstein 5372|6460 Imst 5412|6130 Schwaz 5242|9900 Lienz 4852",
        "Vorarlberg": "6900 Bregenz 5574|6850 Dornbirn 5572|6800 Feldkirch 5522|6700 Bludenz 5552",
        "Kärnten": "9020 Klagenfurt am Wörthersee 463|9500 Villach 4242|9800 Spittal an der Drau 4762|9400 Wolfsberg 4352",
        "Burgenland": "7000 Eisenstadt 2682|7400 Oberwart 3352|7100 Neusiedl am See 2167",
    },
    "DE": {
        "Bayern": """80331 München 89|81379 München 89|90402 Nürnberg 911|86150 Augsburg 821|93047 Regensburg 941|94032 Passau 851
            |83022 Rosenheim 8031|85049 Ingolstadt 841|97070 Würzburg 931|87435 Kempten (Allgäu) 831|84028 Landshut 871""",
        "Baden-Württemberg": """70173 Stuttgart 711|70565 Stuttgart 711|76131 Karlsruhe 721|68159 Mannheim 621
            |79098 Freiburg im Breisgau 761|89073 Ulm 731|74072 Heilbronn 7131|72764 Reutlingen 7121
            |78462 Konstanz 7531|88212 Ravensburg 751|73430 Aalen 7361""",
        "Hessen": "60311 Frankfurt am Main 69|34117 Kassel 561|65183 Wiesbaden 611|64283 Darmstadt 6151|35390 Gießen 641|36037 Fulda 661",
        "Nordrhein-Westfalen": """50667 Köln 221|40213 Düsseldorf 211|44135 Dortmund 231|45127 Essen 201|33602 Bielefeld 521
            |48143 Münster 251|52062 Aachen 241|42103 Wuppertal 202|57072 Siegen 271|33098 Paderborn 5251""",
        "Hamburg": "20095 Hamburg 40|22761 Hamburg 40|21073 Hamburg 40",
        "Schleswig-Holstein": "24103 Kiel 431|23552 Lübeck 451",
        "Bremen": "28195 Bremen 421",
        "Niedersachsen": "30159 Hannover 511|38100 Braunschweig 531|49074 Osnabrück 541|26122 Oldenburg 441|37073 Göttingen 551",
        "Berlin": "10115 Berlin 30|12099 Berlin 30|13353 Berlin 30",
        "Brandenburg": "14467 Potsdam 331|03046 Cottbus 355",
        "Sachsen": "04109 Leipzig 341|01067 Dresden 351|09111 Chemnitz 371",
        "Sachsen-Anhalt": "39104 Magdeburg 391|06108 Halle (Saale) 345",
        "Thüringen": "99084 Erfurt 361|07743 Jena 3641",
        "Mecklenburg-Vorpommern": "18055 Rostock 381|19053 Schwerin 385",
        "Rheinland-Pfalz": "55116 Mainz 6131|56068 Koblenz 261|54290 Trier 651|67059 Ludwigshafen am Rhein 621",
        "Saarland": "66111 Saarbrücken 681",
    },
    "CH": {
        "Zürich": "8005 Zürich 44|8050 Zürich 44|8400 Winterthur 52",
        "Bern": "3011 Bern 31|3600 Thun 33",
        "Basel-Stadt": "4051 Basel 61",
        "Luzern": "6003 Luzern 41",
        "St. Gallen": "9000 St. Gallen 71",
        "Aargau": "5000 Aarau 62",
        "Graubünden": "7000 Chur 81",
        "Thurgau": "8500 Frauenfeld 52",
    },
}

TOWNS: dict[str, list[Town]] = {country: [] for country in _TOWNS}
for _country, _states in _TOWNS.items():
    for _state, _entries in _states.items():
        for _entry in _entries.split("|"):
            _code, _, _rest = _entry.strip().partition(" ")
            _name, _, _area = _rest.rpartition(" ")
            TOWNS[_country].append(Town(_code, _name, _state, _country, _area))

_STREETS = """Industriestraße Gewerbestraße Bahnhofstraße Hauptstraße Ringstraße Werkstraße Hafenstraße Handelsstraße Mühlweg
    Lindenweg Birkenweg Feldstraße Gartenstraße Schulstraße Kirchenplatz Bundesstraße Technologiestraße Messestraße Uferweg
    Dorfplatz Ziegelweg Steinbruchweg Eisenstraße Wasserwerkstraße Parkallee Marktplatz Amselweg Gerbergasse"""
STREETS = _STREETS.split()

_PREFIX = {"AT": "+43", "DE": "+49", "CH": "+41"}
_FILM_NUMBERS = {"30": "23125", "69": "90009", "40": "66969", "221": "4710", "89": "99998"}
"""Blocks of a thousand that the Bundesnetzagentur keeps free for films and books."""


def street(name: str, number: int, country: str) -> str:
    """Like `Industriestraße 12`; the Swiss write no ß."""
    text = f"{name} {number}"
    return text.replace("ß", "ss") if country == "CH" else text


def phone(town: Town, number: int) -> str:
    """A number of that town that cannot be anybody's: kept free for fiction or, elsewhere, beginning with a 0.

    Each `number` below 100,000 gives another one.
    """
    more = 3 if town.country == "CH" else 2  # Swiss numbers all have seven digits
    block = _FILM_NUMBERS.get(town.area_code) if town.country == "DE" and number < 1000 else None
    return f"{_PREFIX[town.country]} {town.area_code} {block or f'0{number // 1000:0{more}d}'} {number % 1000:03d}"


def vat_id(country: str, number: int) -> str:
    """A VAT id in the country's form that is not given out: it begins with zeros."""
    return {"AT": f"ATU00{number:06d}", "DE": f"DE000{number:06d}", "CH": f"CHE000{number:06d}"}[country]
