"""States, cantons, provinces and regions by ISO 3166-2: of the countries that the product works in, and their neighbours.

A state is taken by its code (`AT-4`), by its name in German, English or the country's own language, or by a usual short form
(`OÖ`, `NRW`, `ZH`), whatever its case and umlauts; kept is the German name, or the country's own where German has none in use. A country
that is not here takes any text.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Subdivision:
    """A part of a country. `also` are further names and short forms that it is known by."""

    code: str
    name_de: str
    name_en: str
    also: tuple[str, ...] = ()

    @property
    def country(self) -> str:
        """ISO 3166-1 alpha-2."""
        return self.code[:2]


_DATA = """
AT-1 Burgenland||Bgld,Bgl
AT-2 Kärnten|Carinthia|Ktn,Knt
AT-3 Niederösterreich|Lower Austria|NÖ
AT-4 Oberösterreich|Upper Austria|OÖ
AT-5 Salzburg||Sbg,Slbg,Land Salzburg
AT-6 Steiermark|Styria|Stmk,Stm
AT-7 Tirol|Tyrol|T
AT-8 Vorarlberg||Vbg,Vlbg
AT-9 Wien|Vienna|W
CH-AG Aargau||Argovie
CH-AI Appenzell Innerrhoden||Appenzell I. Rh.,Appenzell I.Rh.
CH-AR Appenzell Ausserrhoden||Appenzell A. Rh.,Appenzell A.Rh.,Appenzell Außerrhoden
CH-BE Bern||Berne
CH-BL Basel-Landschaft|Basel-Country|Baselland,Baselbiet,Bâle-Campagne
CH-BS Basel-Stadt|Basel-City|Bâle-Ville
CH-FR Freiburg|Fribourg|
CH-GE Genf|Geneva|Genève
CH-GL Glarus||Glaris
CH-GR Graubünden|Grisons|Grigioni,Grischun
CH-JU Jura||
CH-LU Luzern|Lucerne|
CH-NE Neuenburg|Neuchâtel|
CH-NW Nidwalden||Nidwald
CH-OW Obwalden||Obwald
CH-SG St. Gallen|St. Gallen|Sankt Gallen,St Gallen,Saint-Gall
CH-SH Schaffhausen||Schaffhouse
CH-SO Solothurn||Soleure
CH-SZ Schwyz||
CH-TG Thurgau||Thurgovie
CH-TI Tessin|Ticino|
CH-UR Uri||
CH-VD Waadt|Vaud|
CH-VS Wallis|Valais|
CH-ZG Zug||Zoug
CH-ZH Zürich|Zurich|
DE-BB Brandenburg||Bbg
DE-BE Berlin||Bln
DE-BW Baden-Württemberg||BaWü,Ba-Wü,Bad.-Württ.
DE-BY Bayern|Bavaria|Bay,Freistaat Bayern
DE-HB Bremen||Freie Hansestadt Bremen
DE-HE Hessen|Hesse|Hess
DE-HH Hamburg||Freie und Hansestadt Hamburg
DE-MV Mecklenburg-Vorpommern|Mecklenburg-Western Pomerania|MeckPomm,Meck-Pomm
DE-NI Niedersachsen|Lower Saxony|Nds
DE-NW Nordrhein-Westfalen|North Rhine-Westphalia|NRW
DE-RP Rheinland-Pfalz|Rhineland-Palatinate|RLP
DE-SH Schleswig-Holstein||
DE-SL Saarland||Saar
DE-SN Sachsen|Saxony|Freistaat Sachsen
DE-ST Sachsen-Anhalt|Saxony-Anhalt|LSA
DE-TH Thüringen|Thuringia|Thür,Freistaat Thüringen
LI-01 Balzers||
LI-02 Eschen||
LI-03 Gamprin||Gamprin-Bendern
LI-04 Mauren||
LI-05 Planken||
LI-06 Ruggell||
LI-07 Schaan||
LI-08 Schellenberg||
LI-09 Triesen||
LI-10 Triesenberg||
LI-11 Vaduz||
LU-CA Capellen||Kapellen
LU-CL Clerf|Clervaux|
LU-DI Diekirch||
LU-EC Echternach||
LU-ES Esch an der Alzette|Esch-sur-Alzette|Esch-Uelzecht
LU-GR Grevenmacher||
LU-LU Luxemburg|Luxembourg|Lëtzebuerg
LU-ME Mersch||
LU-RD Redingen|Redange|
LU-RM Remich||
LU-VD Vianden||
LU-WI Wiltz||
IT-21 Piemont|Piedmont|Piemonte
IT-23 Aostatal|Aosta Valley|Valle d'Aosta,AO
IT-25 Lombardei|Lombardy|Lombardia
IT-32 Trentino-Südtirol|Trentino-South Tyrol|Trentino-Alto Adige
IT-34 Venetien|Veneto|
IT-36 Friaul-Julisch Venetien|Friuli Venezia Giulia|Friuli-Venezia Giulia,Friaul
IT-42 Ligurien|Liguria|
IT-45 Emilia-Romagna||
IT-52 Toskana|Tuscany|Toscana
IT-55 Umbrien|Umbria|
IT-57 Marken|Marche|
IT-62 Latium|Lazio|
IT-65 Abruzzen|Abruzzo|
IT-67 Molise||
IT-72 Kampanien|Campania|
IT-75 Apulien|Apulia|Puglia
IT-77 Basilikata|Basilicata|
IT-78 Kalabrien|Calabria|
IT-82 Sizilien|Sicily|Sicilia
IT-88 Sardinien|Sardinia|Sardegna
IT-AG Agrigent|Agrigento|
IT-AL Alessandria||
IT-AN Ancona||
IT-AP Ascoli Piceno||
IT-AQ L'Aquila||
IT-AR Arezzo||
IT-AT Asti||
IT-AV Avellino||
IT-BA Bari||
IT-BG Bergamo||
IT-BI Biella||
IT-BL Belluno||
IT-BN Benevent|Benevento|
IT-BO Bologna||
IT-BR Brindisi||
IT-BS Brescia||
IT-BT Barletta-Andria-Trani||
IT-BZ Südtirol|South Tyrol|Bozen,Alto Adige,Bolzano,Südtirol-Alto Adige,Provinz Bozen
IT-CA Cagliari||
IT-CB Campobasso||
IT-CE Caserta||
IT-CH Chieti||
IT-CL Caltanissetta||
IT-CN Cuneo||
IT-CO Como||
IT-CR Cremona||
IT-CS Cosenza||
IT-CT Catania||
IT-CZ Catanzaro||
IT-EN Enna||
IT-FC Forlì-Cesena||
IT-FE Ferrara||
IT-FG Foggia||
IT-FI Florenz|Florence|Firenze
IT-FM Fermo||
IT-FR Frosinone||
IT-GE Genua|Genoa|Genova
IT-GO Görz|Gorizia|
IT-GR Grosseto||
IT-IM Imperia||
IT-IS Isernia||
IT-KR Crotone||
IT-LC Lecco||
IT-LE Lecce||
IT-LI Livorno||
IT-LO Lodi||
IT-LT Latina||
IT-LU Lucca||
IT-MB Monza und Brianza|Monza and Brianza|Monza e della Brianza,Monza e Brianza
IT-MC Macerata||
IT-ME Messina||
IT-MI Mailand|Milan|Milano
IT-MN Mantua|Mantova|
IT-MO Modena||
IT-MS Massa-Carrara||Massa e Carrara
IT-MT Matera||
IT-NA Neapel|Naples|Napoli
IT-NO Novara||
IT-NU Nuoro||
IT-OR Oristano||
IT-PA Palermo||
IT-PC Piacenza||
IT-PD Padua|Padova|
IT-PE Pescara||
IT-PG Perugia||
IT-PI Pisa||
IT-PN Pordenone||
IT-PO Prato||
IT-PR Parma||
IT-PT Pistoia||
IT-PU Pesaro und Urbino|Pesaro and Urbino|Pesaro e Urbino
IT-PV Pavia||
IT-PZ Potenza||
IT-RA Ravenna||
IT-RC Reggio Calabria||
IT-RE Reggio Emilia||
IT-RG Ragusa||
IT-RI Rieti||
IT-RM Rom|Rome|Roma
IT-RN Rimini||
IT-RO Rovigo||
IT-SA Salerno||
IT-SI Siena||
IT-SO Sondrio||
IT-SP La Spezia||
IT-SR Syrakus|Syracuse|Siracusa
IT-SS Sassari||
IT-SU Südsardinien|South Sardinia|Sud Sardegna
IT-SV Savona||
IT-TA Tarent|Taranto|
IT-TE Teramo||
IT-TN Trient|Trento|Trentino
IT-TO Turin|Turin|Torino
IT-TP Trapani||
IT-TR Terni||
IT-TS Triest|Trieste|
IT-TV Treviso||
IT-UD Udine||
IT-VA Varese||
IT-VB Verbano-Cusio-Ossola||
IT-VC Vercelli||
IT-VE Venedig|Venice|Venezia
IT-VI Vicenza||
IT-VR Verona||
IT-VT Viterbo||
IT-VV Vibo Valentia||
CZ-10 Praha|Prague|Prag,Hlavní město Praha
CZ-20 Středočeský kraj|Central Bohemia|Mittelböhmen
CZ-31 Jihočeský kraj|South Bohemia|Südböhmen
CZ-32 Plzeňský kraj|Plzeň|Pilsen
CZ-41 Karlovarský kraj|Karlovy Vary|Karlsbad
CZ-42 Ústecký kraj|Ústí nad Labem|Aussig
CZ-51 Liberecký kraj|Liberec|Reichenberg
CZ-52 Královéhradecký kraj|Hradec Králové|Königgrätz
CZ-53 Pardubický kraj|Pardubice|Pardubitz
CZ-63 Kraj Vysočina|Vysočina|Hochland
CZ-64 Jihomoravský kraj|South Moravia|Südmähren
CZ-71 Olomoucký kraj|Olomouc|Olmütz
CZ-72 Zlínský kraj|Zlín|Zlin
CZ-80 Moravskoslezský kraj|Moravia-Silesia|Mährisch-Schlesien
SK-BC Banskobystrický kraj|Banská Bystrica|Neusohl
SK-BL Bratislavský kraj|Bratislava|Pressburg
SK-KI Košický kraj|Košice|Kaschau
SK-NI Nitriansky kraj|Nitra|Neutra
SK-PV Prešovský kraj|Prešov|Eperies
SK-TA Trnavský kraj|Trnava|Tyrnau
SK-TC Trenčiansky kraj|Trenčín|Trentschin
SK-ZI Žilinský kraj|Žilina|Sillein
NL-DR Drenthe||
NL-FL Flevoland||
NL-FR Friesland||Fryslân
NL-GE Gelderland||
NL-GR Groningen||
NL-LI Limburg||
NL-NB Nordbrabant|North Brabant|Noord-Brabant
NL-NH Nordholland|North Holland|Noord-Holland
NL-OV Overijssel||
NL-UT Utrecht||
NL-ZE Seeland|Zeeland|
NL-ZH Südholland|South Holland|Zuid-Holland
BE-BRU Brüssel|Brussels|Bruxelles,Brussel,Brüssel-Hauptstadt
BE-VAN Antwerpen|Antwerp|Anvers
BE-VBR Flämisch-Brabant|Flemish Brabant|Vlaams-Brabant
BE-VLI Limburg||
BE-VOV Ostflandern|East Flanders|Oost-Vlaanderen
BE-VWV Westflandern|West Flanders|West-Vlaanderen
BE-WBR Wallonisch-Brabant|Walloon Brabant|Brabant wallon
BE-WHT Hennegau|Hainaut|
BE-WLG Lüttich|Liège|
BE-WLX Luxemburg|Luxembourg|
BE-WNA Namur||Namen
BE-VLG Flandern|Flanders|Vlaanderen
BE-WAL Wallonien|Wallonia|Wallonie
DK-81 Nordjütland|North Jutland|Nordjylland
DK-82 Mitteljütland|Central Jutland|Midtjylland
DK-83 Süddänemark|Southern Denmark|Syddanmark
DK-84 Hauptstadt|Capital Region|Hovedstaden
DK-85 Seeland|Zealand|Sjælland
FR-ARA Auvergne-Rhône-Alpes||
FR-BFC Burgund-Franche-Comté|Burgundy-Franche-Comté|Bourgogne-Franche-Comté
FR-BRE Bretagne|Brittany|
FR-COR Korsika|Corsica|Corse,FR-20R
FR-CVL Centre-Val de Loire||
FR-GES Grand Est||
FR-HDF Hauts-de-France||
FR-IDF Île-de-France||
FR-NAQ Nouvelle-Aquitaine||
FR-NOR Normandie|Normandy|
FR-OCC Okzitanien|Occitania|Occitanie
FR-PAC Provence-Alpes-Côte d'Azur||PACA
FR-PDL Pays de la Loire||
PL-02 Dolnośląskie|Lower Silesia|Niederschlesien
PL-04 Kujawsko-Pomorskie|Kuyavia-Pomerania|Kujawien-Pommern
PL-06 Lubelskie||Lublin
PL-08 Lubuskie|Lubusz|Lebus
PL-10 Łódzkie|Łódź|Lodsch,Lodz
PL-12 Małopolskie|Lesser Poland|Kleinpolen
PL-14 Mazowieckie|Masovia|Masowien
PL-16 Opolskie|Opole|Oppeln
PL-18 Podkarpackie|Subcarpathia|Karpatenvorland
PL-20 Podlaskie||Podlachien
PL-22 Pomorskie|Pomerania|Pommern
PL-24 Śląskie|Silesia|Schlesien
PL-26 Świętokrzyskie|Holy Cross|Heiligkreuz
PL-28 Warmińsko-Mazurskie|Warmia-Masuria|Ermland-Masuren
PL-30 Wielkopolskie|Greater Poland|Großpolen
PL-32 Zachodniopomorskie|West Pomerania|Westpommern
"""

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ł": "l", "ø": "o", "æ": "ae"})
_NOT_WORD = re.compile(r"[^a-z0-9]+")


def _read(line: str) -> Subdivision:
    code, _, rest = line.partition(" ")
    german, english, *also = rest.split("|")
    return Subdivision(code, german, english or german, tuple(a for part in also for a in part.split(",") if a))


SUBDIVISIONS: dict[str, tuple[Subdivision, ...]] = {}
"""By country, in the order of their codes."""
for _one in map(_read, _DATA.strip().splitlines()):
    SUBDIVISIONS[_one.country] = (*SUBDIVISIONS.get(_one.country, ()), _one)


def _spellings(text: str) -> tuple[str, str]:
    """The text without case, accents and punctuation: umlauts written out, and left out."""
    lower = unicodedata.normalize("NFC", text).lower()
    return tuple(
        _NOT_WORD.sub("", "".join(c for c in unicodedata.normalize("NFD", s) if not unicodedata.combining(c)))
        for s in (lower.translate(_UMLAUTS), lower.replace("ß", "ss").replace("ł", "l"))
    )  # type: ignore[return-value]  # two went in


@cache
def _known(country: str) -> dict[str, Subdivision]:
    """What the country's subdivisions are called. A short form never takes another one's name away."""
    found: dict[str, Subdivision] = {}
    ranks = (
        lambda s: (s.code, s.name_de, s.name_en),
        lambda s: s.also,
        lambda s: (s.code.partition("-")[2],) if s.code[-1].isalpha() else (),
    )
    for names in ranks:
        for one in SUBDIVISIONS.get(country, ()):
            for name in names(one):
                for spelling in _spellings(name):
                    found.setdefault(spelling, one)
    return found


def has_subdivisions(country: str | None) -> bool:
    """Whether the product knows this country's states."""
    return country in SUBDIVISIONS


def find(country: str, text: str) -> Subdivision | None:
    """The country's subdivision of this code, name or short form; None when there is none."""
    known = _known(country)
    return next((known[spelling] for spelling in _spellings(text) if spelling in known), None)
