"""Words to make people and companies of: common German and Austrian names, trades, and pieces of coined company names.

Written by hand for the demo; whoever bears one of the names that come out does so by chance.
"""

from typing import NamedTuple


def _each(text: str) -> list[str]:
    return text.split()


WOMEN = _each("""Anna Maria Elisabeth Katharina Barbara Sabine Petra Monika Andrea Claudia Julia Sandra Nicole Stefanie Melanie
    Birgit Martina Karin Ursula Ulrike Christina Eva Lisa Laura Sarah Johanna Theresa Magdalena Verena Daniela Silvia
    Manuela Bettina Doris Gabriele Heike Tanja Susanne Cornelia Simone Miriam Nadine Franziska Hanna Lena Sophie Marlene
    Judith Astrid Carina Bianca Helena Kerstin Ines""")
MEN = _each("""Johann Josef Franz Karl Stefan Thomas Michael Markus Andreas Martin Peter Wolfgang Gerhard Helmut Manfred Christian
    Alexander Florian Daniel Lukas Tobias Sebastian Matthias Philipp Bernhard Christoph Georg Robert Jürgen Klaus Dieter
    Rainer Uwe Bernd Holger Jens Sven Dirk Torsten Frank Oliver Patrick Dominik Fabian Simon Jakob Paul Felix Maximilian
    Roland Erwin Günter Hubert Alois Reinhard""")

SURNAMES = _each("""Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter Klein
    Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Werner Krause Lehmann Maier Köhler Herrmann
    König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller Weiß Jung Hahn Vogel Friedrich Keller Günther Berger
    Winkler Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Schumacher Krämer Vogt Stein
    Jäger Sommer Groß Seidel Heinrich Brandt Haas Schreiber Graf Dietrich Ziegler Kuhn Pohl Engel Horn Busch Bergmann Voigt
    Sauer Arnold Wolff Pfeiffer Gruber Steiner Hofer Leitner Wallner Reiter Lechner Wimmer Brunner Aigner Pichler Moser Egger
    Fiedler Lindner Seifert Riedel Barth Ritter Wenzel Haupt Hübner Eder Fink Stadler Auer Wieser Haider Kainz Zauner Pfeffer
    Schober Kogler Resch Tischler Wolfram Strobl Prantl Gasser Hutter Rainer Wurm Ebner Maurer Plank Mader Kern Traxler""")
"""The first are the most frequent ones."""

FRONTS = _each("""Ober Unter Nieder Stein Wald Berg Bach Kalten Breiten Kirch Linden Eichen Buchen Hoch Lang Neu Alt Schön Hinter
    Mitter Rauch Kranz Feld Wiesen Moos Kogl Schwarz Weiß Rosen Birn Apfel Hasel Kron Sand Brunn Hirsch Edl Silber""")
BACKS = _each("""bichler huber leitner moser egger hofer mayr bauer reiter hammer brunner berger gruber lehner hauser steiner ecker
    dorfer felder kofler thaler wimmer stätter kirchner grabner edler rainer""")
"""Together they are family names of the Alpine lands: Steinbichler, Oberleitner."""

COINED_FRONTS = _each("""Nova Terra Alpin Danu Vento Luma Hydra Ferro Quanta Silva Kona Tempra Vira Orbis Zenta Rhena Solva Mera Taura
    Enza Civa Prima Nexa Borea Kelta Dora Fenna Garda Ilma Jura""")
COINED_BACKS = _each("tec therm plan dur flex form lift press mont bit lux san vent pack drive con line gard trans fix")
"""Together they are invented company words: Novatherm, Hydralift."""

REGIONS = {
    "Oberösterreich": "Mühlviertler Innviertler Hausruck Donautal",
    "Niederösterreich": "Waldviertler Weinviertler Mostviertler Wachauer",
    "Wien": "Wiener Vindobona",
    "Steiermark": "Murtal Ennstal Weststeirische Grazer",
    "Salzburg": "Pongauer Pinzgauer Salzach",
    "Tirol": "Inntal Oberländer Zillertal",
    "Vorarlberg": "Rheintal Walgau",
    "Kärnten": "Drautal Lavanttal Gailtal",
    "Burgenland": "Seewinkel Südburgenland",
    "Bayern": "Isartal Allgäuer Chiemgau Altmühl Franken",
    "Baden-Württemberg": "Neckar Schwarzwald Bodensee Schwaben",
    "Hessen": "Taunus Rhön Mainland",
    "Nordrhein-Westfalen": "Ruhrland Sauerland Niederrhein Münsterland",
    "Hamburg": "Alster Elbufer",
    "Schleswig-Holstein": "Ostsee Förde",
    "Bremen": "Weser Hanse",
    "Niedersachsen": "Heide Harz Leine",
    "Berlin": "Spree Havel",
    "Brandenburg": "Lausitz Märkische",
    "Sachsen": "Elbtal Erzgebirge Vogtland",
    "Sachsen-Anhalt": "Saaletal Börde",
    "Thüringen": "Thüringer Rennsteig",
    "Mecklenburg-Vorpommern": "Warnow Mecklenburger",
    "Rheinland-Pfalz": "Pfälzer Mosel Eifel",
    "Saarland": "Saar",
    "Zürich": "Limmat Zürichsee",
    "Bern": "Aare Seeland",
    "Basel-Stadt": "Rheinknie",
    "Luzern": "Pilatus",
    "St. Gallen": "Säntis",
    "Aargau": "Reuss",
    "Graubünden": "Bündner",
    "Thurgau": "Thurtal",
}


class Trade(NamedTuple):
    """What a company does: the word in its name (or how it is called in Germany) and its industry."""

    name: str
    industry: str
    in_germany: str = ""


TRADES = [
    Trade(name, industry, *german)
    for industry, names in {
        "mechanical_engineering": "Maschinenbau Anlagenbau Werkzeugbau Apparatebau Fördertechnik Antriebstechnik Pumpen Zerspanung",
        "metal": "Metallbau Stahlbau Schlosserei Blechtechnik Schweißtechnik Gießerei Oberflächentechnik",
        "construction": "Bau Hochbau Tiefbau Erdbau Holzbau Trockenbau Straßenbau Betonwerk Baustoffe Kies Abbruch Fliesen Estrich",
        "building_services": "Haustechnik Heizung Kältetechnik Lüftungstechnik Elektrotechnik Installationen:Sanitär Photovoltaik",
        "crafts": "Tischlerei:Schreinerei Zimmerei Spenglerei:Klempnerei Dachdeckerei Malerei:Malerbetrieb Fensterbau Glaserei",
        "vehicles": "Autohaus Kfz-Technik Landtechnik Fahrzeugbau Baumaschinen Nutzfahrzeuge Kommunaltechnik Reifen",
        "lifting": "Hebetechnik Kranbetrieb Gabelstapler Arbeitsbühnen Hydraulik",
        "transport": "Transporte Spedition Logistik Möbeltransporte Busreisen Kühltransporte",
        "electronics": "Automation Steuerungstechnik Messtechnik Sensorik Sicherheitstechnik Datentechnik Software",
        "plastics_paper": "Kunststofftechnik Verpackungen Druck Papier Folien Etiketten",
        "food": "Bäckerei Fleischerei:Metzgerei Getränke Brauerei Mühle Molkerei Feinkost Fruchtsäfte",
        "agriculture_forestry": "Gartenbau Forst Sägewerk Saatzucht Baumschule Agrar",
        "environment": "Entsorgung Recycling Kanalservice Gebäudereinigung Umwelttechnik Containerdienst",
        "trade": "Eisenwaren Bürobedarf Arbeitsschutz Möbel Textil Großhandel Werkzeuge",
        "health": "Medizintechnik Orthopädie Labor Pflegedienst",
        "hospitality": "Hotel Gasthof Catering Gastronomie",
    }.items()
    for name, *german in (word.split(":") for word in names.split())
]

JOB_TITLES = [
    ("Geschäftsführer", "Geschäftsführerin"),
    ("Betriebsleiter", "Betriebsleiterin"),
    ("Leiter Einkauf", "Leiterin Einkauf"),
    ("Werkstattleiter", "Werkstattleiterin"),
    ("Leiter Instandhaltung", "Leiterin Instandhaltung"),
    ("Fuhrparkleiter", "Fuhrparkleiterin"),
    ("Prokurist", "Prokuristin"),
    ("Assistent der Geschäftsführung", "Assistentin der Geschäftsführung"),
]
TITLES = ["Ing.", "Dipl.-Ing.", "Mag.", "Dr."]
SOURCES = ["fair", "referral", "website", "cold_call", "event", "partner", "advertisement"]
LEVELS = ["A", "B", "B", "C", "C", "C"]
INTERESTS = [
    "Interesse an der Flatrate für {n} Standorte",
    "Fuhrpark mit {n} Fahrzeugen, derzeit ohne festen Partner",
    "Rahmenvertrag läuft aus, Entscheidung in {n} Wochen",
    "Möchte die Flatrate zuerst an {n} Maschinen erproben",
    "Wurde empfohlen; {n} Mitarbeiter in der Werkstatt",
    "Bittet um Rückruf; bisher etwa {n} Einsätze im Jahr",
]
"""What a developer notes of a lead; the expected revenue has its own field."""
