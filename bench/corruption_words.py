"""What the corruptor exchanges for what: keys, sounds, shapes, legal forms, abbreviations, nicknames.

Drawn up for the bench alone. The matcher's own vocabulary is not used: it would only find what it knows.
"""

import re

from bench.population_words import each, lines

_ROWS = ("qwertzuiopü", "asdfghjklöä", "yxcvbnm", "1234567890ß")
NEIGHBOURS: dict[str, str] = {}
"""The keys around a key of a German keyboard."""
for _row, _below in zip(_ROWS, (*_ROWS[1:3], "", ""), strict=True):
    for _at, _key in enumerate(_row):
        _near = _row[max(0, _at - 1) : _at] + _row[_at + 1 : _at + 2] + _below[max(0, _at - 1) : _at + 1]
        NEIGHBOURS[_key] = NEIGHBOURS.get(_key, "") + _near
        for _other in _below[max(0, _at - 1) : _at + 1]:
            NEIGHBOURS[_other] = NEIGHBOURS.get(_other, "") + _key


def _pairs(entries: list[str]) -> list[tuple[str, str]]:
    return [(old, new) for old, _, new in (entry.partition(":") for entry in entries)]


SOUNDS = _pairs(
    each("""ph:f f:ph ck:k k:ck tz:z z:tz dt:t t:th th:t ai:ei ei:ai ey:ei ei:ey ay:ai ie:i i:ie v:f w:v c:k k:c ä:e e:ä äu:eu eu:äu
    mm:m m:mm nn:n n:nn ll:l l:ll ss:s s:ss ff:f rr:r tt:t t:tt pp:p b:p d:t g:k ks:x x:chs chs:ks qu:kw y:i i:y j:y ah:a eh:e
    oh:o uh:u ih:i a:ah o:oh sch:sh ou:u oo:o ee:e r:rh rh:r z:s""")
)
SCANS = _pairs(
    each("""rn:m m:rn l:1 1:l I:l l:I i:l l:i O:0 0:O o:0 c:e e:c s:f f:s ſ:f ü:ii ü:u ö:o ä:a u:ii ii:ü h:b b:h n:u u:n B:8 8:B S:5
    5:S ß:B ß:fs cl:d d:cl vv:w w:vv a:o t:l tt:ll g:q q:g Z:2 2:Z 6:b G:6 E:F F:P K:R V:Y ri:n nn:nm fi:h k:lt 3:8 7:1 é:e
    R:B C:G D:O""")
)
SPELT = _pairs(each("ä:ae ö:oe ü:ue Ä:Ae Ö:Oe Ü:Ue ß:ss"))

_FORMS = {
    "UG (haftungsbeschränkt)": "UG|UG haftungsbeschränkt|UG (haftungsbeschraenkt)"
    "|Unternehmergesellschaft (haftungsbeschränkt)|UG (hb)|UG mbH",
    "GmbH & Co. KG": "GmbH & Co KG|GmbH u. Co. KG|GmbH und Co. KG|GmbH & Co.KG|GmbH + Co. KG"
    "|GmbH & Co. Kommanditgesellschaft|G.m.b.H. & Co. K.G.|GmbH&CoKG|KG",
    "GmbH & Co KG": "GmbH & Co. KG|GmbH u Co KG|Ges.m.b.H. & Co KG|GesmbH & Co KG|GmbH & Co. Kommanditgesellschaft",
    "GmbH & Co. OHG": "GmbH & Co OHG|GmbH und Co. oHG",
    "Gesellschaft mit beschränkter Haftung": "GmbH|G.m.b.H.|Ges. mit beschr. Haftung|Gesellschaft m.b.H.",
    "gGmbH": "gemeinnützige GmbH|GmbH|gemeinnützige Gesellschaft mit beschränkter Haftung",
    "gesellschaft mbH": "ges. mbH|gesellschaft m.b.H.|ges.m.b.H.|gesellschaft mit beschränkter Haftung| GmbH",
    "Ges.m.b.H.": "GmbH|GesmbH|Gesellschaft mbH|Ges. m. b. H.|GESMBH",
    "PartG mbB": "Partnerschaft mbB|Partnerschaftsgesellschaft mbB|PartGmbB|Partnerschaft",
    "GmbH": "G.m.b.H.|GMBH|gmbh|Ges.m.b.H.|Gesellschaft mit beschränkter Haftung|mbH"
    "|GesmbH|Gmbh|G. m. b. H.|Gesellschaft mbH|GmbH.",
    "Aktiengesellschaft": "AG",
    "Kommanditgesellschaft": "KG",
    "e.K.": "e. K.|eK|e.Kfm.|eingetragener Kaufmann|Einzelunternehmen|e.Kfr.",
    "e.U.": "eU|e. U.|Einzelunternehmen|eingetragener Unternehmer",
    "OHG": "oHG|O.H.G.|offene Handelsgesellschaft",
    "GbR": "GdbR|G.b.R.|Gesellschaft bürgerlichen Rechts|BGB-Gesellschaft",
    "eG": "e.G.|eingetragene Genossenschaft|e. G.",
    "AG": "A.G.|Aktiengesellschaft|Aktienges.",
    "KG": "K.G.|Kommanditgesellschaft|Kommanditges.",
    "OG": "O.G.|Offene Gesellschaft",
    "Ltd.": "Limited|Ltd|LTD",
    "SE": "Societas Europaea",
    "SA": "S.A.",
    "KlG": "Kollektivgesellschaft",
}
FORMS = [(form, ways.split("|")) for form, ways in sorted(_FORMS.items(), key=lambda item: -len(item[0]))]
"""Longest first, as an ending can be part of another."""

SHORT = _pairs(
    lines("""Maschinenbau:Masch.bau|Maschinen:Masch.|Gebrüder:Gebr.|Gebr.:Gebrüder|Gesellschaft:Ges.|gesellschaft:ges.
    |Verwaltungs:Verw.|Verwaltung:Verw.|Beteiligungs:Bet.|Beteiligungs:Beteil.|und:&|und:u.|und:+|&:und|&:u.|+:&|&:+
    |Vertriebs:Vertr.|Handels:Hdls.|Großhandel:Großhdl.|Großhandel:GH|Immobilien:Immo|Immobilien:Immob.|Elektrotechnik:Elektro
    |Ingenieurbüro:Ing.-Büro|Ingenieurbüro:IB|Unternehmensberatung:Unternehmensber.|Steuerberatung:StB
    |Steuerberatung:Steuerberater|Bauunternehmung:Bauuntern.|Bauunternehmung:BU|Dienstleistungen:Dienstl.|Dienstleistungen:DL
    |Transporte:Transp.|Spedition:Sped.|Heizung und Sanitär:Heizung/Sanitär|Heizung:Hzg.|Sanitär:San.|Deutschland:Dtschl.
    |Deutschland:D|International:Int.|International:Intl.|Management:Mgmt.|Grundstücks:Grundst.
    |Vermögensverwaltung:Vermögensverw.|Vermögensverwaltungs:Vermögensverw.|Hausverwaltung:HV|Hausverwaltung:Hausverw.
    |Automobile:Automob.|Consulting:Cons.|Partner:Part.|Landschaftsbau:Landschaftsb.|technik:techn.|Kunststoff:Kunstst.
    |Metall:Met.|Service:Serv.|Autohaus:AH|Dr.:Doktor|Nr.:No.""")
)
ADDED = ("Inh. {}", "Filiale {}", "Niederlassung {}", "{}", "vorm. {}", "Herr {}", "z. Hd. {}")
PARTS = re.compile(
    r"(?<=[a-zäöüß]{4})(bau|technik|handel|service|systeme|vertrieb|verwaltung|beratung|reinigung|haus|werk|park)\b"
)
"""Where a compound can be written apart."""

_NICKNAMES = each("""Johannes:Hans,Johann,Hannes Johann:Hans,Hannes Hans:Johannes Josef:Sepp,Joseph,Jupp Michael:Michi,Michel,Mike
    Wolfgang:Wolf Günter:Günther Günther:Günter Stefan:Stephan,Steffen Stephan:Stefan Thomas:Tom,Tommy Andreas:Andi,Andy,Andre
    Matthias:Mathias,Matze Mathias:Matthias Christian:Chris,Christan Alexander:Alex,Sascha Maximilian:Max Max:Maximilian
    Friedrich:Fritz,Frieder Fritz:Friedrich Heinrich:Heinz,Heiner Wilhelm:Willi,Willy,Helmut Karl:Carl Carl:Karl
    Klaus:Claus,Nikolaus Claus:Klaus Manfred:Manni,Fred Helmut:Hellmut,Helmuth Gerhard:Gerd,Gerhart Bernhard:Bernd,Berni
    Bernd:Bernhard,Berndt Joachim:Jochen,Achim Jochen:Joachim Jürgen:Jurgen,Georg Georg:Schorsch,Jörg Rudolf:Rudi,Rolf
    Siegfried:Sigi Walter:Walther Dieter:Dietrich,Dietmar Norbert:Nobby Robert:Rob,Bob Daniel:Dani Sebastian:Basti,Bastian
    Tobias:Tobi Florian:Flo Philipp:Phillip,Philip Lukas:Lucas Lucas:Lukas Markus:Marcus Marcus:Markus Peter:Pit,Pete
    Ralf:Ralph Ralph:Ralf Torsten:Thorsten Thorsten:Torsten Uwe:Uve Volker:Folker Rainer:Reiner Reiner:Rainer Harald:Harry
    Alfred:Fredi Anton:Toni Franz:Francis Benjamin:Ben Christoph:Christof,Chris Erich:Eric Jonas:Jona
    Katharina:Kathi,Katja,Käthe,Catharina Elisabeth:Lisa,Elli,Lisbeth,Elsbeth,Sissi Margarete:Grete,Gretel,Margarethe,Marga
    Maria:Mia,Marie,Mizzi Christine:Christina,Chris,Tina Christina:Christine,Tina Susanne:Susi,Susan,Sanne
    Gabriele:Gabi,Gaby,Gabriela Brigitte:Gitte,Gitta,Birgit Ursula:Uschi,Ulla Monika:Moni,Monica Barbara:Bärbel,Babsi,Bärbl
    Angelika:Angie,Geli Helga:Helgard Renate:Rena Karin:Carin,Karen Ingrid:Inge Inge:Ingeborg,Ingrid Ingeborg:Inge
    Hildegard:Hilde Gertrud:Traudl,Trude Johanna:Hanna,Hanne Stefanie:Stephanie,Steffi Stephanie:Stefanie,Steffi
    Nicole:Nicki,Nikole Melanie:Melli Sandra:Alexandra Anna:Anni,Anne,Ana Anne:Anna Andrea:Andi Sabine:Bine,Sabina
    Claudia:Klaudia Petra:Pedra Heike:Haike Kerstin:Kirstin Katrin:Kathrin,Catrin Kathrin:Katrin Theresa:Theresia,Resi
    Magdalena:Leni,Lena,Magda Franziska:Franzi,Fanny Sophie:Sofie,Sophia Sarah:Sara Hannah:Hanna Ulrike:Ulli,Rike
    Cornelia:Conny,Nelly Jutta:Juta Eva:Evi Beate:Bea Irmgard:Irmi Edith:Edit Julia:Jule,Julie Angela:Angi Rosemarie:Rosi,Rosa
    Annemarie:Anne,Annemie Marianne:Janne Erika:Erica Doris:Dorit""")
NICKNAMES = {name: ways.split(",") for name, ways in _pairs(_NICKNAMES)}
TITLES = (
    "Dr. {}",
    "Dr. {}",
    "Prof. {}",
    "Dipl.-Ing. {}",
    "Ing. {}",
    "Mag. {}",
    "Herr {}",
    "Frau {}",
    "Prof. Dr. {}",
    "{} jun.",
    "{} sen.",
)
STREET = re.compile(r"(?P<type>straße|Straße|strasse|Strasse)(?=\W|$)")
PLACE_ENDS = re.compile(r"(?: am | an der | im | vor der | in der | bei |/| \().*$")
DISTRICTS = ("Mitte", "Nord", "Süd", "Ost", "West", "Altstadt", "Neustadt", "Zentrum")
