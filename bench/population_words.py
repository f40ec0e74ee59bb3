"""What invented people and companies are made of: names, trades, towns with true postal and area codes, streets.

Drawn up for the bench alone. The matcher's own vocabulary is not used: a set made from it would only show that the matcher
knows its own words.
"""

from typing import NamedTuple


def each(text: str) -> list[str]:
    return text.split()


def lines(text: str) -> list[str]:
    return [part.strip() for part in text.split("|")]


# Most frequent first.
SURNAMES = each("""Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Bauer Koch Richter Klein Wolf
    Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Schmitz Krause Meier
    Lehmann Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters Lang Scholz Möller
    Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck Lorenz Baumann Franke
    Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt Stein Jäger Otto Sommer Groß
    Seidel Heinrich Brandt Haas Schreiber Graf Schulte Dietrich Ziegler Kuhn Kühn Pohl Engel Horn Busch Bergmann
    Thomas Voigt Sauer Arnold Wolff Pfeiffer Ernst Lindner Hübner Franz Beyer Seifert Bayer Kramer Ritter Barth
    Riedel Wenzel Haupt Kruse Kolb Nowak Yilmaz Petersen Hansen Jansen Thiel Ahrens Paul Fiedler Reuter Böttcher
    Schwab Stahl Ulrich Eckert Hein Bachmann Kern Dietz Moser Gruber Steiner Hofer Leitner Egger Pichler Wimmer
    Brunner Aigner Eder Stadler Auer Wieser Haider Reiter Lechner Wallner Zauner Rainer Binder Strobl Maurer Heuer
    Timm Lüders Behrens Harms Janßen Meinhardt Köster Sievers Rohde Brinkmann Nolte Hesse Noack Lehnert Kunz Götz
    Bock Renner Blank Öztürk Kaya Demir Kowalski Nguyen Popović Horvath Novak Rossi Ferrari Schütz Fröhlich Großmann
    Weißenberger Häußler Döring Büttner Körner Röder Stöhr Grünewald Hönig Strauß Preuß Füssel Heß Buß Klöckner
    Mühlbauer Späth Völker Zöller Überschär""")
SURNAME_FRONTS = each("""Ober Unter Nieder Stein Wald Berg Bach Kirch Linden Eichen Buchen Hoch Lang Neu Alt Schön Hinter Rauch Kranz
    Feld Wiesen Moos Roden Breit Kalten Grün Roth Sand Brunn Hirsch Silber Kupfer Gold Winter Sommer Rosen Birk
    Apfel Heiden""")
SURNAME_BACKS = each("""bichler huber leitner moser hofer mayr bauer hammer berger gruber lehner hauser ecker dorfer felder kamp mann
    thaler stätter kirchner grabner rainer heimer bach burg stein müller schmidt meier feld hoff brink haus wald
    rath""")
WOMEN = each("""Maria Ursula Monika Petra Elisabeth Sabine Renate Helga Karin Brigitte Ingrid Erika Andrea Gisela Claudia
    Susanne Gabriele Christa Christine Hildegard Anna Birgit Barbara Gerda Martina Julia Katharina Stefanie Nicole
    Anja Melanie Sandra Heike Angelika Kerstin Katrin Christina Marion Anke Sarah Laura Lisa Lena Hannah Sophie
    Johanna Franziska Theresa Magdalena Ulrike Cornelia Silke Tanja Bettina Doris Manuela Elke Jutta Eva Beate
    Irmgard Ilse Margarete Ruth Edith Ayşe Fatma Olga""")
MEN = each("""Peter Wolfgang Michael Werner Klaus Thomas Manfred Helmut Jürgen Heinz Gerhard Hans Andreas Günter Dieter Horst
    Bernd Walter Frank Stefan Uwe Christian Karl Martin Josef Markus Matthias Rainer Alexander Wilhelm Norbert
    Heinrich Joachim Rudolf Siegfried Franz Harald Georg Johann Daniel Sebastian Florian Tobias Jan Lukas Felix
    Maximilian Philipp Paul Jonas Christoph Ralf Jörg Torsten Dirk Olaf Sven Holger Volker Herbert Kurt Alfred Otto
    Ernst Friedrich Mehmet Ali Mustafa Luca Noah Elias""")

TRADE_HEADS = each("""Maschinen Metall Stahl Holz Kunststoff Elektro Kälte Klima Heizungs Sanitär Umwelt Energie Solar Wind Wasser
    Gebäude Industrie Anlagen Werkzeug Fahrzeug Nutzfahrzeug Landmaschinen Fenster Treppen Möbel Küchen Innen Garten
    Forst Agrar Tier Lebensmittel Getränke Wein Textil Leder Papier Druck Verpackungs Medien Daten Netzwerk Mess
    Regel Sicherheits Medizin Dental Labor Pharma Pflege Senioren Reise Event Film Ton Licht Schiffs Hafen Straßen
    Tief Hoch Beton Ziegel Natur Fliesen Estrich Dach Fassaden Gerüst Abbruch Rohr Kanal Brunnen Förder Antriebs
    Hydraulik Präzisions Oberflächen Blech Draht Feder Schrauben Guss Form Modell Prüf Laser Optik Kabel Glas
    Spezial Bio Öko Handels Verkehrs Grundstücks Wohnungs""")
TRADE_TAILS = each("""bau bau bau technik technik technik handel handel service service systeme vertrieb verarbeitung verwaltung
    beratung planung montage anlagen produkte reinigung entwicklung fertigung vermietung logistik transporte
    dienstleistungen""")
TRADES = lines("""Bau|Bauunternehmung|Hochbau|Tiefbau|Metallbau|Stahlbau|Holzbau|Zimmerei|Tischlerei|Schreinerei|Dachdeckerei|Bedachungen
    |Malerbetrieb|Bauelemente|Baustoffe|Trockenbau|Fliesen|Haustechnik|Elektrotechnik|Elektroinstallation
    |Heizung und Sanitär|Heizung-Sanitär-Lüftung|Gebäudereinigung|Hausverwaltung|Immobilien|Immobilien|Wohnbau|Bauträger
    |Projektentwicklung|Grundbesitz|Vermögensverwaltung|Unternehmensberatung|Steuerberatung|Ingenieurbüro|Architekten
    |Software|Datentechnik|IT-Service|Consulting|Consulting|Management|Marketing|Werbeagentur|Medien|Media|Verlag|Druck
    |Druckerei|Spedition|Transporte|Logistik|Reisen|Omnibusbetrieb|Autohaus|Automobile|Kfz-Technik|Landtechnik|Maschinenbau
    |Maschinenfabrik|Werkzeugbau|Anlagenbau|Formenbau|Kunststofftechnik|Oberflächentechnik|Antriebstechnik|Automation
    |Electronic|Medizintechnik|Dentallabor|Apotheke|Pflegedienst|Gastronomie|Gastro|Hotel|Restaurant|Bäckerei|Metzgerei
    |Feinkost|Getränke|Weinhandel|Brauerei|Agrar|Bioenergie|Biogas|Solar|Photovoltaik|Energie|Windkraft|Umwelttechnik
    |Entsorgung|Recycling|Containerdienst|Gartenbau|Landschaftsbau|Floristik|Möbel|Küchen|Textil|Mode|Schuhe|Optik|Akustik
    |Personalservice|Zeitarbeit|Sicherheitsdienst|Versicherungsmakler|Finanzberatung|Handel|Großhandel|Import-Export|Trading
    |Vertrieb|Service|Dienstleistungen|Systems|Solutions|Engineering|Sport|Fitness|Fahrschule|Bildung|Akademie|Institut
    |Veranstaltungstechnik|Verpackungen|Papier|Schweißtechnik|Gerüstbau|Stuckateur|Parkett|Fenster und Türen|Rollladen
    |Sonnenschutz|Garten- und Landschaftsbau|Hoch- und Tiefbau|Sanitär- und Heizungstechnik|Kältetechnik""")
HOLDINGS = lines("""Verwaltungs|Verwaltungs|Verwaltungs|Beteiligungs|Beteiligungs|Immobilien|Vermögensverwaltungs|Grundstücks|Holding|Besitz
    |Vertriebs|Service|Handels|Logistik|Geschäftsführungs|Management|Bau|Projekt|Invest""")
COINED = each("""Nova Terra Alpin Danu Vento Luma Hydra Ferro Quanta Silva Kona Tempra Vira Orbis Zenta Rhena Solva Mera Taura
    Enza Civa Prima Nexa Borea Kelta Dora Fenna Garda Ilma Jura Poly Inno Multi Euro Trans Inter Medi Bio Eco Opti
    Uni Pro Maxi Vari Syn""")
COINED_ENDS = each(
    "tec tech therm plan dur flex form lift press mont bit lux san vent pack drive con line med trans fix data plast cor net"
)
SYLLABLES = each(
    """ba be bo da de di do fa fe fi ga ge ha he ka ke ki ko la le li lo ma me mi mo na ne ni no pa pe ra re ri ro sa se si so ta te
    ti to va ve vi wa we za ze"""
)
ENGLISH = each("""Growing Blue Green Smart First Next Global Urban Digital Creative Golden Silver North South Central United
    Modern Active Clean Fresh Perfect Royal Solid True Bright Rapid Open Power Value Vision Concept Future Market
    Media Energy Capital Sun""")
ENGLISH_ENDS = each(
    "Markets Solutions Systems Group Trading Consulting Partners Capital Invest Ventures Logistics Media Works Lab Networks Estate"
)
SIGNS = each(
    "Löwen Adler Hirsch Engel Sonnen Rosen Stern Linden Marien Rathaus Markt Stadt Kronen Bären Schwanen Einhorn Burg Schloss Park"
)
HOUSES = [
    "Apotheke",
    "Apotheke",
    "Hotel",
    "Gasthof",
    "Brauerei",
    "Bäckerei",
    "Drogerie",
    "Klinik",
    "Praxis",
    "Kino",
    "Passage",
]
LANDSCAPES = each("""Schwarzwald Bodensee Allgäu Neckar Rhein Mosel Eifel Taunus Spessart Harz Heide Nordsee Ostsee Elbe Weser
    Lausitz Erzgebirge Vogtland Oberland Chiemgau Franken Schwaben Pfalz Hunsrück Sauerland Münsterland Ruhr Saar
    Main Donau Isar Inn Spree""")
PARKS = each(
    "Windpark Windpark Solarpark Bürgerwindpark Windfeld Bioenergie Biogas Wohnpark Gewerbepark Ärztehaus Seniorenzentrum Objekt"
)

FORMS = (
    ("GmbH", 52), ("GmbH & Co. KG", 22), ("UG (haftungsbeschränkt)", 8), ("Gesellschaft mit beschränkter Haftung", 4), ("mbH", 0),
    ("KG", 3), ("OHG", 3), ("e.K.", 4), ("AG", 2), ("eG", 1), ("gGmbH", 1), ("GbR", 1), ("GmbH & Co. OHG", 0.2), ("PartG mbB", 0.5),
    ("Ltd.", 0.5), ("SE", 0.1),
)  # fmt: skip
FORMS_AT = (("GmbH", 60), ("GmbH & Co KG", 12), ("KG", 8), ("OG", 8), ("e.U.", 8), ("AG", 3), ("Ges.m.b.H.", 3))
FORMS_CH = (("AG", 52), ("GmbH", 44), ("KlG", 2), ("SA", 2))

STREETS = lines("""Hauptstraße|Bahnhofstraße|Industriestraße|Dorfstraße|Gewerbestraße|Robert-Bosch-Straße|Friedrichstraße|Siemensstraße
    |Daimlerstraße|Bismarckstraße|Schulstraße|Mühlenstraße|Lindenstraße|Waldstraße|Raiffeisenstraße|Rudolf-Diesel-Straße
    |Berliner Straße|Schillerstraße|Römerstraße|Dieselstraße|Goethestraße|Marktplatz|Gartenstraße|Zeppelinstraße|Hafenstraße
    |Wilhelmstraße|Lange Straße|Gutenbergstraße|Talstraße|Bergstraße|Max-Planck-Straße|Rheinstraße|Frankfurter Straße
    |Marktstraße|Carl-Benz-Straße|Steinstraße|Otto-Hahn-Straße|Ringstraße|Königstraße|Brunnenstraße|Poststraße|Am Markt
    |Karlstraße|Benzstraße|Schützenstraße|Kirchstraße|Kaiserstraße|Eichenweg|Marienstraße|Am Bahnhof|Schloßstraße
    |Hindenburgstraße|Seestraße|Friedrich-Ebert-Straße|Birkenweg|Marie-Curie-Straße|Röntgenstraße|Rosenweg|Luisenstraße
    |Blumenstraße|Gewerbering|Jahnstraße|Uhlandstraße|Wiesenstraße|Liebigstraße|Friedensstraße|Rathausstraße|Bachstraße
    |Grüner Weg|Beethovenstraße|Ahornweg|Parkstraße|Rathausplatz|Mozartstraße|Fabrikstraße|Werkstraße|Am Sportplatz
    |Tannenweg|Friedhofstraße|Breite Straße|Feldstraße|Neue Straße|Steinweg|Theodor-Heuss-Straße|Richard-Wagner-Straße
    |Industriepark|Lindenallee|Brückenstraße|Ludwigstraße|Burgstraße|Haydnstraße|Im Gewerbegebiet|An der Autobahn|Amselweg
    |Drosselweg|Finkenweg|Meisenweg|Fasanenweg|Buchenweg|Erlenweg|Fliederweg|Tulpenweg|Nelkenweg|Sonnenstraße|Mittelstraße
    |Nordstraße|Südstraße|Oststraße|Weststraße|Am Mühlbach|An der Kirche|Kirchplatz|Kirchgasse|Schulgasse|Obere Gasse
    |Untere Gasse|Hintergasse|Am Hang|Am Anger|Auf der Höhe|Im Tal|Zum Stadion|Hohe Straße|Alte Landstraße|Kapellenweg
    |Klosterstraße|Mühlweg|Ziegelhütte|Weinbergstraße|Kastanienallee|Ernst-Thälmann-Straße|Karl-Marx-Straße
    |Platz der Freiheit|August-Bebel-Straße|Adenauerallee|Stresemannstraße|Kantstraße|Lessingstraße|Heinrich-Heine-Straße
    |Geschwister-Scholl-Straße|Albert-Einstein-Straße|Heinrich-Hertz-Straße|Hermannstraße""")
STREET_TYPES = each("straße straße straße straße straße weg weg gasse platz allee ring")

PROVIDERS = (("gmx.de", 20), ("web.de", 20), ("gmail.com", 26), ("t-online.de", 12), ("gmx.net", 5),
             ("yahoo.de", 4), ("freenet.de", 4), ("outlook.de", 4), ("icloud.com", 4), ("posteo.de", 1))  # fmt: skip
PROVIDERS_AT = (("gmx.at", 40), ("gmail.com", 30), ("aon.at", 15), ("chello.at", 10), ("outlook.at", 5))
PROVIDERS_CH = (("bluewin.ch", 35), ("gmail.com", 35), ("gmx.ch", 20), ("hispeed.ch", 10))
MOBILE = {
    "DE": each("151 1520 157 159 160 162 163 170 171 172 173 174 175 176 177 178 179"),
    "AT": each("664 676 650 699 660"),
    "CH": each("76 77 78 79"),
}

# State: name, area code, weight (thousands of inhabitants), some of its postal codes.
_TOWNS = {
    "DE": """Berlin: Berlin 30 3600 10115 10117 10119 10178 10179 10243 10245 10247 10315 10318 10365 10405 10435 10551 10585
    10623 10707 10777 10827 10961 10997 12043 12099 12107 12163 12203 12305 12435 12459 12555 12619 12681 13055
    13086 13125 13187 13347 13353 13403 13507 13581 13593 14050 14109 14163 14193|Hamburg: Hamburg 40 1850 20095
    20097 20144 20249 20253 20354 20457 20535 21029 21073 21107 21129 22041 22047 22083 22111 22147 22159 22297
    22305 22335 22339 22415 22525 22529 22547 22559 22587 22763 22767 |Bayern: München 89 1480 80331 80333 80335
    80337 80469 80538 80634 80686 80796 80807 80939 80992 81241 81369 81379 81539 81667 81677 81735 81829
    81925;Nürnberg 911 515 90402 90403 90408 90411 90425 90429 90443 90451 90459 90471 90480;Augsburg 821 300 86150
    86152 86156 86159 86161 86165 86199;Regensburg 941 153 93047 93049 93051 93053 93055 93059;Ingolstadt 841 138
    85049 85051 85053 85055 85057;Würzburg 931 128 97070 97072 97074 97076 97078 97080 97082;Fürth 911 129 90762
    90763 90765 90766;Erlangen 9131 113 91052 91054 91056 91058;Bamberg 951 77 96047 96049 96050 96052;Bayreuth 921
    74 95444 95445 95447 95448;Landshut 871 73 84028 84030 84032 84034 84036;Kempten (Allgäu) 831 69 87435 87437
    87439;Rosenheim 8031 63 83022 83024 83026;Passau 851 53 94032 94034 94036;Weiden in der Oberpfalz 961 43
    92637;Deggendorf 991 34 94469;Straubing 9421 48 94315;Memmingen 8331 44 87700;Kaufbeuren 8341 45 87600;Dachau
    8131 47 85221;Freising 8161 49 85354 85356;Garmisch-Partenkirchen 8821 28 82467;Traunstein 861 21 83278;Mühldorf
    am Inn 8631 21 84453;Neumarkt in der Oberpfalz 9181 41 92318;Dinkelsbühl 9851 12 91550;Hof 9281 46 95028 95030
    95032;Schweinfurt 9721 54 97421 97422 97424;Aschaffenburg 6021 71 63739 63741 63743 |Baden-Württemberg:
    Stuttgart 711 630 70173 70174 70176 70178 70182 70190 70191 70327 70372 70376 70435 70469 70499 70563 70565
    70567 70597 70619;Karlsruhe 721 308 76131 76133 76135 76137 76139 76149 76185 76187 76199 76227 76229;Mannheim
    621 310 68159 68161 68163 68165 68167 68169 68199 68219 68229 68239 68305 68309;Freiburg im Breisgau 761 231
    79098 79100 79102 79104 79106 79108 79110 79111 79114 79115 79117;Heidelberg 6221 159 69115 69117 69120 69121
    69123 69124 69126;Ulm 731 126 89073 89075 89077 89079 89081;Heilbronn 7131 126 74072 74074 74076 74078 74080
    74081;Pforzheim 7231 125 75172 75173 75175 75177 75179 75180;Reutlingen 7121 116 72760 72762 72764 72766 72768
    72770;Ludwigsburg 7141 93 71634 71636 71638 71640;Esslingen am Neckar 711 93 73728 73730 73732 73733
    73734;Tübingen 7071 91 72070 72072 72074 72076;Villingen-Schwenningen 7721 85 78048 78050 78052 78054
    78056;Konstanz 7531 84 78462 78464 78465 78467;Aalen 7361 68 73430 73431 73432 73433 73434;Sindelfingen 7031 64
    71063 71065 71067 71069;Offenburg 781 60 77652 77654 77656;Singen (Hohentwiel) 7731 48 78224;Ravensburg 751 50
    88212 88213 88214;Lörrach 7621 49 79539 79540 79541;Rottweil 741 25 78628;Tuttlingen 7461 36 78532;Balingen 7433
    34 72336;Biberach an der Riß 7351 33 88400;Bruchsal 7251 45 76646;Rastatt 7222 50 76437;Backnang 7191 37
    71522;Göppingen 7161 58 73033 73035 73037;Schwäbisch Gmünd 7171 61 73525 73527 73529;Weinheim 6201 45 69469
    |Hessen: Frankfurt am Main 69 760 60306 60311 60313 60314 60316 60318 60322 60325 60326 60327 60385 60386 60388
    60431 60437 60486 60488 60528 60594 60596 60598;Wiesbaden 611 278 65183 65185 65187 65189 65191 65193 65195
    65197 65199 65203;Kassel 561 201 34117 34119 34121 34123 34125 34127 34128 34130 34131 34132 34134;Darmstadt
    6151 159 64283 64285 64287 64289 64291 64293 64295 64297;Offenbach am Main 69 130 63065 63067 63069 63071 63073
    63075;Hanau 6181 97 63450 63452 63454 63456 63457;Gießen 641 90 35390 35392 35394 35396 35398;Marburg 6421 77
    35037 35039 35041 35043;Fulda 661 68 36037 36039 36041 36043;Bad Homburg vor der Höhe 6172 54 61348 61350
    61352;Wetzlar 6441 53 35576 35578 35579 35580 35581 35583 35584 35585 35586;Limburg an der Lahn 6431 35 65549
    65550 65551 65552 65553 65554 65555 65556;Bensheim 6251 41 64625;Bad Hersfeld 6621 30 36251
    |Nordrhein-Westfalen: Köln 221 1080 50667 50668 50670 50672 50674 50676 50677 50733 50737 50823 50825 50827
    50858 50931 50937 50968 50996 51061 51063 51065 51103 51105 51143 51149;Düsseldorf 211 620 40210 40211 40212
    40213 40215 40217 40219 40221 40223 40225 40227 40231 40235 40237 40468 40470 40472 40474 40476 40489 40545
    40547 40549 40589 40591 40593 40595 40597 40599 40625 40627 40629;Dortmund 231 588 44135 44137 44139 44141 44143
    44145 44147 44149 44225 44227 44229 44263 44265 44287 44309 44319 44328 44339 44357 44369 44379 44388;Essen 201
    582 45127 45128 45130 45131 45133 45134 45136 45138 45139 45141 45143 45144 45145 45147 45149 45219 45239 45257
    45259 45276 45277 45279 45289 45307 45309 45326 45327 45329 45355 45356 45357 45359;Duisburg 203 498 47051 47053
    47055 47057 47058 47119 47137 47138 47139 47166 47167 47169 47178 47179 47198 47199 47226 47228 47229 47239
    47249 47259 47269 47279;Bochum 234 364 44787 44789 44791 44793 44795 44797 44799 44801 44803 44805 44807 44809
    44866 44867 44869 44879 44892 44894;Wuppertal 202 355 42103 42105 42107 42109 42111 42113 42115 42117 42119
    42275 42277 42279 42281 42283 42285 42287 42289 42327 42329 42349 42369 42389 42399;Bielefeld 521 334 33602
    33604 33605 33607 33609 33611 33613 33615 33617 33619 33647 33649 33659 33689 33699 33719 33729 33739;Bonn 228
    329 53111 53113 53115 53117 53119 53121 53123 53125 53127 53129 53173 53175 53177 53179 53225 53227
    53229;Münster 251 315 48143 48145 48147 48149 48151 48153 48155 48157 48159 48161 48163 48165
    48167;Mönchengladbach 2161 261 41061 41063 41065 41066 41068 41069 41169 41179 41189 41199 41236 41238
    41239;Gelsenkirchen 209 260 45879 45881 45883 45884 45886 45888 45889 45891 45892 45894 45896 45897 45899;Aachen
    241 248 52062 52064 52066 52068 52070 52072 52074 52076 52078 52080;Krefeld 2151 227 47798 47799 47800 47802
    47803 47804 47805 47807 47809 47829 47839;Hagen 2331 189 58089 58091 58093 58095 58097 58099 58119 58135;Hamm
    2381 179 59063 59065 59067 59069 59071 59073 59075 59077;Paderborn 5251 151 33098 33100 33102 33104 33106;Neuss
    2131 153 41460 41462 41464 41466 41468 41469 41470 41472;Siegen 271 102 57072 57074 57076 57078 57080;Gütersloh
    5241 100 33330 33332 33334 33335;Düren 2421 91 52349 52351 52353 52355;Minden 571 81 32423 32425 32427
    32429;Rheine 5971 76 48429 48431 48432;Lippstadt 2941 67 59555 59556 59557 59558;Arnsberg 2931 73 59755 59757
    59759 59821 59823;Soest 2921 47 59494;Ibbenbüren 5451 51 49477 49479;Bocholt 2871 71 46395 46397
    46399;Euskirchen 2251 58 53879 53881;Meschede 291 30 59872;Warendorf 2581 37 48231 |Niedersachsen: Hannover 511
    535 30159 30161 30163 30165 30167 30169 30171 30173 30175 30177 30179 30419 30449 30451 30453 30455 30457 30459
    30519 30521 30539 30559 30625 30627 30655 30657 30659 30669;Braunschweig 531 248 38100 38102 38104 38106 38108
    38110 38112 38114 38116 38118 38120 38122 38124 38126;Oldenburg 441 169 26121 26122 26123 26125 26127 26129
    26131 26133 26135;Osnabrück 541 165 49074 49076 49078 49080 49082 49084 49086 49088 49090;Wolfsburg 5361 124
    38440 38442 38444 38446 38448;Göttingen 551 117 37073 37075 37077 37079 37081 37083 37085;Hildesheim 5121 101
    31134 31135 31137 31139 31141;Lüneburg 4131 76 21335 21337 21339;Celle 5141 69 29221 29223 29225 29227
    29229;Emden 4921 50 26721 26723 26725;Cuxhaven 4721 48 27472 27474 27476 27478;Nordhorn 5921 54 48527 48529
    48531;Vechta 4441 33 49377;Cloppenburg 4471 36 49661;Hameln 5151 57 31785 31787 31789;Leer (Ostfriesland) 491 35
    26789;Stade 4141 48 21680 21682 21683 21684 |Bremen: Bremen 421 566 28195 28197 28199 28201 28203 28205 28207
    28209 28211 28213 28215 28217 28219 28237 28239 28259 28277 28279 28307 28309 28325 28327 28329 28355 28357
    28359 28717 28755 28757 28759 28777 28779;Bremerhaven 471 114 27568 27570 27572 27574 27576 27578
    27580|Schleswig-Holstein: Kiel 431 247 24103 24105 24106 24107 24109 24111 24113 24114 24116 24118 24143 24145
    24146 24147 24148 24149 24159;Lübeck 451 217 23552 23554 23556 23558 23560 23562 23564 23566 23568 23569
    23570;Flensburg 461 91 24937 24939 24941 24943 24944;Neumünster 4321 79 24534 24536 24537 24539;Norderstedt 40
    80 22844 22846 22848 22850 22851;Elmshorn 4121 50 25335 25336 25337;Husum 4841 23 25813;Bad Schwartau 451 20
    23611;Eutin 4521 17 23701;Heide 481 22 25746|Sachsen: Leipzig 341 600 04103 04105 04107 04109 04129 04155 04157
    04159 04177 04179 04207 04209 04229 04249 04275 04277 04279 04289 04299 04315 04317 04318 04328 04347
    04357;Dresden 351 560 01067 01069 01097 01099 01109 01127 01129 01139 01157 01159 01169 01187 01189 01217 01219
    01237 01239 01257 01277 01279 01307 01309 01324;Chemnitz 371 246 09111 09112 09113 09114 09116 09117 09119 09120
    09122 09123 09125 09126 09127 09128 09130 09131;Zwickau 375 88 08056 08058 08060 08062 08064 08066;Görlitz 3581
    56 02826 02827 02828;Plauen 3741 64 08523 08525 08527 08529;Bautzen 3591 38 02625;Freiberg 3731 41 09599;Pirna
    3501 38 01796;Eilenburg 3423 16 04838|Thüringen: Erfurt 361 214 99084 99085 99086 99087 99089 99091 99092 99094
    99096 99097 99099;Jena 3641 111 07743 07745 07747 07749;Gera 365 93 07545 07546 07548 07549 07551 07552;Weimar
    3643 65 99423 99425 99427;Gotha 3621 46 99867;Eisenach 3691 42 99817;Suhl 3681 37 98527 98528 98529
    |Sachsen-Anhalt: Magdeburg 391 238 39104 39106 39108 39110 39112 39114 39116 39118 39120 39122 39124 39126 39128
    39130;Halle (Saale) 345 239 06108 06110 06112 06114 06116 06118 06120 06122 06124 06126 06128 06130
    06132;Dessau-Roßlau 340 79 06842 06844 06846 06847 06849 06861 06862;Wittenberg 3491 45 06886;Stendal 3931 39
    39576;Halberstadt 3941 40 38820;Braunsbedra 34633 11 06242|Brandenburg: Potsdam 331 183 14467 14469 14471 14473
    14476 14478 14480 14482;Cottbus 355 98 03042 03044 03046 03048 03050 03051 03052 03053 03054 03055;Brandenburg
    an der Havel 3381 72 14770 14772 14774 14776;Frankfurt (Oder) 335 57 15230 15232 15234 15236;Oranienburg 3301 46
    16515;Eberswalde 3334 41 16225 16227;Bernau bei Berlin 3338 42 16321;Schwedt/Oder 3332 30
    16303|Mecklenburg-Vorpommern: Rostock 381 209 18055 18057 18059 18069 18106 18107 18109 18119 18146
    18147;Schwerin 385 96 19053 19055 19057 19059 19061 19063;Neubrandenburg 395 63 17033 17034 17036;Stralsund 3831
    59 18435 18437 18439;Greifswald 3834 59 17489 17491 17493;Wismar 3841 43 23966 23968 23970;Güstrow 3843 29
    18273;Parchim 3871 18 19370 |Rheinland-Pfalz: Mainz 6131 218 55116 55118 55120 55122 55124 55126 55127 55128
    55129 55130 55131;Ludwigshafen am Rhein 621 172 67059 67061 67063 67065 67067 67069 67071;Koblenz 261 114 56068
    56070 56072 56073 56075 56076 56077;Trier 651 111 54290 54292 54293 54294 54295 54296;Kaiserslautern 631 100
    67655 67657 67659 67661 67663;Worms 6241 83 67547 67549 67550 67551;Neuwied 2631 65 56564 56566 56567;Speyer
    6232 51 67346;Bad Kreuznach 671 51 55543 55545;Idar-Oberstein 6781 28 55743|Saarland: Saarbrücken 681 180 66111
    66113 66115 66117 66119 66121 66123 66125 66126 66127 66128 66129 66130 66131 66132 66133;Neunkirchen 6821 46
    66538 66539 66540;Homburg 6841 42 66424;Saarlouis 6831 35 66740;Merzig 6861 30 66663""",
    "AT": """Wien: Wien 1 1900 1010 1020 1030 1040 1050 1060 1070 1080 1090 1100 1110 1120 1130 1140 1150 1160 1170 1180 1190
    1200 1210 1220 1230 |Steiermark: Graz 316 290 8010 8020 8036 8041 8042 8043 8044 8045 8046 8047 8051 8052 8053
    8054 8055;Leoben 3842 25 8700;Kapfenberg 3862 23 8605;Leibnitz 3452 12 8430;Weiz 3172 12 8160|Oberösterreich:
    Linz 732 207 4020 4030 4040;Wels 7242 62 4600;Steyr 7252 38 4400;Traun 7229 25 4050;Braunau am Inn 7722 17
    5280;Ried im Innkreis 7752 12 4910;Gmunden 7612 13 4810;Vöcklabruck 7672 12 4840|Salzburg: Salzburg 662 155 5020
    5023 5026;Hallein 6245 21 5400;Zell am See 6542 10 5700|Tirol: Innsbruck 512 132 6020;Kufstein 5372 19
    6330;Wörgl 5332 14 6300;Lienz 4852 12 9900;Schwaz 5242 14 6130 |Kärnten: Klagenfurt am Wörthersee 463 101
    9020;Villach 4242 63 9500 9504;Wolfsberg 4352 25 9400;Spittal an der Drau 4762 15 9800 |Niederösterreich: St.
    Pölten 2742 55 3100;Wiener Neustadt 2622 46 2700;Krems an der Donau 2732 25 3500;Amstetten 7472 24 3300;Mödling
    2236 21 2340;Baden 2252 26 2500;Tulln an der Donau 2272 16 3430|Vorarlberg: Dornbirn 5572 50 6850;Feldkirch 5522
    34 6800;Bregenz 5574 29 6900;Bludenz 5552 15 6700 |Burgenland: Eisenstadt 2682 15 7000;Oberwart 3352 8 7400""",
    "CH": """Zürich: Zürich 44 430 8001 8002 8003 8004 8005 8006 8008 8032 8037 8044 8045 8046 8048 8049 8050 8051 8052 8055
    8057 8064;Winterthur 52 115 8400 8404 8405 8406|Bern: Bern 31 134 3004 3005 3006 3007 3008 3011 3012 3013 3014
    3018 3027;Thun 33 44 3600 3604;Biel/Bienne 32 55 2502 2503 2504 |Basel-Stadt: Basel 61 173 4051 4052 4053 4054
    4055 4056 4057 4058|Luzern: Luzern 41 82 6003 6004 6005 6006|St. Gallen: St. Gallen 71 76 9000 9008 9010 9011
    9012 9014 9015|Aargau: Aarau 62 21 5000 5004;Baden 56 22 5400|Graubünden: Chur 81 38 7000|Thurgau: Frauenfeld 52
    26 8500""",
}  # fmt: skip


class Town(NamedTuple):
    name: str
    state: str
    country: str
    area_code: str
    weight: float
    postal_codes: tuple[str, ...]


def _town(country: str, state: str, entry: str) -> Town:
    words = entry.split()
    at = next(at for at, word in enumerate(words) if word.isdigit())
    return Town(" ".join(words[:at]), state, country, words[at], float(words[at + 1]), tuple(words[at + 2 :]))


TOWNS: dict[str, list[Town]] = {
    country: [
        _town(country, state.strip(), entry)
        for part in text.split("|")
        for state, _, entries in [part.partition(":")]
        for entry in entries.split(";")
    ]
    for country, text in _TOWNS.items()
}
