"""How much a word tells: rarity in bits (−log2 of its share among names), from coarse, hand-made classes.

Provenance: written by hand from general knowledge of German business and personal names; no data set was copied. It is a
stand-in until frequencies are counted in the installation's own stock; `rarity` is the only door to it.
"""

import re
from functools import lru_cache

from app.matching.text import fold, word_set

# Words of company names by class; the figure is the rarity in bits.
_COMPANY: dict[float, str] = {
    4.5: "verwaltung verwaltungs beteiligung beteiligungs gesellschaft",
    5.5: "immobilien holding service bau handel handels deutschland",
    6.5: """management consulting group gruppe technik systeme systems solutions projekt grundstucks vermogens
        vermogensverwaltung verwaltungen dienstleistungen dienstleistung beratung vertrieb vertriebs transporte logistik
        international haus energie gebruder sohne sohn invest capital media it bauunternehmung bautrager hausverwaltung""",
    7.5: """industrie elektro elektrotechnik maschinenbau metallbau holzbau gartenbau landschaftsbau hochbau tiefbau stahlbau
        software datentechnik medien marketing werbung design druck verlag reisen touristik hotel restaurant gastronomie
        catering cafe pizzeria bar gaststatte spedition transport automobile auto autohaus kfz fahrzeuge fahrzeugtechnik
        heizung sanitar haustechnik klima solar solarpark windpark windkraft wind energy power biogas photovoltaik
        wohnungsbau wohnbau bauprojekt projektentwicklung entwicklung entwicklungs ingenieurburo ingenieure ingenieur
        planung planungs architekten steuerberatung wirtschaftsprufung unternehmensberatung treuhand finanz finanzen
        versicherung versicherungen versicherungsmakler assekuranz vermittlung makler immobilienverwaltung
        personal zeitarbeit personalservice gebaudereinigung reinigung facility sicherheit sicherheitsdienst
        medizintechnik medical pharma apotheke praxis klinik pflege pflegedienst ambulante senioren gesundheit
        zentrum center centrum betriebs betrieb besitz anlagen anlagenbau vermietung vermietungs leasing
        import export grosshandel einzelhandel markt shop store mode textil moden fashion schuhe mobel
        kuchen einrichtung wohnen baustoffe holz metall stahl kunststoff kunststofftechnik werkzeugbau werkzeuge
        fenster turen glas fliesen maler malerbetrieb dach dachdecker bedachungen zimmerei tischlerei schreinerei
        backerei metzgerei fleischerei getranke lebensmittel food foods wein weine brauerei obst gemuse
        land agrar landwirtschaft landhandel hof gut forst garten blumen tier zoo pferde
        sport fitness event events veranstaltungs musik film kunst kultur akademie bildung schule fahrschule
        neue erste zweite dritte deutsche europa europe german germany bayern sachsen hessen rhein ruhr main nord sud ost
        west berlin hamburg munchen koln frankfurt stuttgart dusseldorf leipzig dresden hannover nurnberg bremen essen
        dortmund wien osterreich schweiz zurich team partner profi plus pro express direkt digital online web net
        network netzwerk computer electronic electronics elektronik automation automatisierung steuerungstechnik mess
        umwelt umwelttechnik entsorgung recycling wasser labor chemie beauty kosmetik friseur wellness
        bau- objekt objekte grundbesitz grund boden kapital vermogen fonds equity ventures venture real estate asset
        property properties trading trade global world euro concept konzept kontor werk werke fabrik manufaktur
        produktion produktions fertigung montage montagebau innenausbau ausbau trockenbau sanierung renovierung abbruch
        strassenbau rohrleitungsbau brunnenbau gerustbau apparatebau stadt regional gemeinnutzig verein forderverein
        park wohnpark burgerwindpark komplementar geschaftsfuhrung services company gesellschaften unternehmen
        unternehmens firma buro office""",
    9.0: """bad alt stein berg feld tal see wald hirsch adler krone sonne stern lowe post linde rose phoenix
        delta alpha beta gamma omega sigma city star first top best premium select prime smart green blue red black white
        life living home care vital natur bio eco oko art kreativ mobil mobile car cars bike rad boot yacht
        nova novum terra aqua vita optik foto photo video print pack verpackung papier buch bucher spiel spiele""",
}
# Words that a name may have or lack.
STOP = word_set(
    """und u der die das des den dem fur von vom zu zum zur am im in an auf bei beim mit the and of fa firma gesellschaft"""
)
# Sister firms differ by such a word alone: "X GmbH & Co. KG" and its general partner "X Verwaltungs GmbH".
SISTER = word_set(
    """verwaltung verwaltungs beteiligung beteiligungs beteiligungen holding vermogensverwaltung immobilien
    immobilienverwaltung grundstucks grundstucksverwaltung grundbesitz besitz management geschaftsfuhrung geschaftsfuhrungs
    komplementar service services vertrieb vertriebs vermietung vermietungs betrieb betriebs produktion produktions
    logistik invest capital consulting international deutschland osterreich schweiz stiftung treuhand objekt projekt
    handel handels verpachtung verpachtungs leasing hausverwaltung vermogens grundstucksgesellschaft solar energie
    software akademie transport transporte export import austria germany switzerland europe europa beratung
    unternehmensberatung finanz assekuranz versicherungsmakler personal personalservice forderverein bautrager
    wohnbau projektentwicklung entwicklung entwicklungs anlagen haustechnik elektrotechnik technik systeme solutions
    gastronomie hotel gruppe group"""
)

# Family names, most frequent first, in three classes.
_LAST: dict[float, str] = {
    7.0: "muller schmidt schneider fischer weber meyer wagner becker schulz hoffmann",
    8.0: """schafer koch bauer richter klein wolf schroder neumann schwarz zimmermann braun kruger hofmann hartmann lange
        schmitt werner schmitz krause meier lehmann schmid schulze maier kohler herrmann konig walter mayer huber
        kaiser fuchs peters lang scholz moller weiss jung hahn schubert vogel friedrich keller gunther frank berger
        winkler roth beck lorenz baumann franke albrecht schuster simon ludwig bohm winter kraus martin schumacher
        kramer vogt stein jager otto sommer gross seidel heinrich brandt haas schreiber graf schulte dietrich ziegler
        kuhn kuhn pohl engel horn busch bergmann thomas voigt sauer arnold wolff pfeiffer gruber steiner""",
    9.5: """ernst hubner kuhn lindner paul jansen hansen petersen seifert riedel barth kluge ritter wenzel ott haupt
        fiedler moser wagner egger pichler eder hofer leitner wallner reiter schwarz lechner wimmer brunner aigner
        frei gerber meister zimmer kunz kern bachmann forster schenk heinz hermann beyer krug stark
        nguyen yilmaz kaya demir novak nowak kowalski popovic horvath kovac jovanovic petrovic
        gunter franz michel adam witt bender stahl rose raab metzger ebert marx thiel kirchner rau maurer hein
        gebhardt reinhardt gerlach blum nagel behrens wirth jahn hess schilling bock buchner moritz zimmerman schramm
        noack pfeifer reuter steffen geiger hirsch rudolph wild eckert fink schiller schutz weidner brand bach heller
        abel ackermann ahrens altmann arndt auer bartels barthel bauermeister baum becher behrendt benz bernhardt bernhard
        bischoff block blume bohme born brinkmann bruckner brunner budde burkhardt busse christ conrad dahl dahm decker
        dietz dorn drews ehlers eichhorn eisele erdmann ewald falk feldmann fleischer forster fritsch fritzsche funk gabriel
        gartner geisler georg gerhardt giese gobel gotz grimm grote grunwald gunter haase hagen hammer hanke hansmann harder
        hauser heck heine heinemann heise held hempel henke hennig henning hensel herbst herold hildebrand hildebrandt hiller
        hinz hirt hoppe humbert jacob jacobs jakob janke janzen jost jung kaminski karl kasper kellermann kessler kirsch klaus
        kling klose knoll kohl kolb kopp korner korte krebs kremer krieger kroger kropp kruse kunze kurth lauer lemke liebig
        linke link loffler lohmann lorenzen lowe ludwig maas mack mann marquardt matthes mertens metz mohr muhlbauer nickel
        niemann nitsche nolte opitz pape paulus philipp pietsch pohlmann popp preuss rademacher radtke reich reichel reimann
        reimer reinhard renner rieger riemer rohde rosch rother rothe ruf runge sachs sander schade scheffler schenk scherer
        schick schilling schindler schlegel schlosser schlueter schmidtke schott schramm schreiner schroter schuler schultz
        schumann schutte schwab schwabe schweizer seitz siebert sievers simon sonntag specht stadler steinbach stephan stock
        stoll straub strauss stumpf teichmann thoma timm trautmann uhlig ullrich unterberger urban veit volk vollmer voss
        wacker walz weigel weigl weis wendt wetzel wiegand wieland wiese wilhelm wilke will wille winkelmann witte wittmann
        wunderlich zander zeller zink zorn kraft ulrich walther bruns harms janssen cordes evers lutz naumann wegner freitag
        dittrich menzel berg merkel
        may mai fritz kurz lenz sturm unger zeller stadler auer bayer bader burger binder dorfer""",
}
_FIRST: dict[float, str] = {
    6.0: """peter michael thomas andreas wolfgang klaus stefan christian hans maria ursula andrea martin sabine petra
        monika jurgen frank""",
    7.0: """alexander markus matthias daniel uwe bernd helmut werner gunter gerhard manfred dieter heinz karl josef
        walter anna elisabeth renate karin brigitte susanne birgit claudia nicole stefanie kathrin gabriele heike
        angelika christine barbara helga ingrid sandra julia katharina martina anja silke tanja bettina simone
        thorsten torsten jens jorg ralf rainer sven dirk joachim johannes robert paul max lukas felix jan tobias florian
        sebastian philipp patrick marco mario oliver marcel kevin dennis holger volker georg franz herbert horst rolf
        kurt norbert reinhard gerd guido heiko lars nils tim jonas david benjamin simon fabian rudolf erika christa gisela
        marion ute cornelia doris silvia anke katja sonja ines jutta melanie jana lisa laura sarah lena sophie marie
        anne eva ruth irmgard gertrud hannelore roswitha regina ilse edith elke jessica vanessa jennifer nadine""",
    8.5: """adam adrian albert alfons alfred alois anton armin arne arno arthur august axel bastian benedikt benno berthold
        bjorn bodo boris bruno burkhard carl carsten clemens daniela dominik edgar eduard egon elias emil enno erhard eric
        erich erik ernst erwin eugen ewald ferdinand finn friedhelm friedrich fritz gernot gottfried gregor gustav hannes
        harald hartmut heinrich henning henrik hermann hubert hugo ingo jakob jannik johann jonathan jorn josua julian julius
        justin kai karsten kaspar kilian klemens knut konrad konstantin kristian kuno lennart leo leon leonhard levin linus
        lorenz lothar ludwig luis luka lutz magnus malte manuel marc marcus marius mark marten marvin mathias maurice
        maximilian mehmet mirko moritz mustafa nico niklas nils noah olaf ole oskar otmar otto pascal patrik paulus philip
        pirmin raimund ralph reiner reinhold rene richard robin rocco roger roland roman ronald ruben rudiger rupert samuel
        sandro sascha severin siegbert siegfried sigmar sigmund silvio sonke steffen stephan sven theo theodor thilo thorben
        tilo timo tobias tom toni torben udo ulf ullrich ulrich urs valentin veit viktor vincent vinzenz waldemar wendelin
        werther wilfried wilhelm willi willy winfried wladimir xaver yannick ahmet ali hasan hussein ibrahim ivan
        adelheid agnes alexandra alina almut amelie andrea angela anita annegret annelie anneliese annemarie annette annika
        antje antonia astrid augusta beate bianca bianka birte brunhilde carina carla carmen carola carolin caroline cathrin
        charlotte christiane christina constanze dagmar daniela denise diana dora doreen dorothea dorothee edeltraud elena
        elfriede elisa elli elsa emilia emily emma erna esther evelyn fatma franziska frauke frieda friederike gerda gerlinde
        gesa grete gudrun hanna hannah hedwig heide heidemarie heidi helene hella helena henriette herta hilde hildegard
        hilda inga inge ingeborg inka irene iris irma isabel isabell isabella janine jasmin jeannette jenny johanna jolanta
        judith juliane karla karolin karoline katarina katharina kathrin katrin kerstin kirsten klara klaudia konstanze
        kristin kristina larissa leonie liane liesel lieselotte lilli linda lore lotte louisa louise lucia luisa luise lydia
        lynn madeleine magda magdalena maike manuela mareike margarete margarethe margit margot margret margrit mariana
        marianne marie marina marita marlene marlies marta martha mathilde maya mechthild meike melissa mia michaela mina
        mira miriam mirjam mona nadja natalie natascha nele nicola nina nora olga patricia paula pauline pia rebecca regine
        renata ricarda rita rosa rosemarie rosi rosina rosmarie saskia sibylle sieglinde sigrid sina sofia stefania
        stephanie susanna svenja svetlana sybille tamara tatjana teresa thea theresa theresia therese tina traute
        trude ulla ulrike ursel uschi uta valerie vera verena veronika viktoria viola waltraud walburga wanda wiebke wilma
        yvonne zoe ayse""",
}


def _table(classes: dict[float, str]) -> dict[str, float]:
    table: dict[str, float] = {}
    for bits, words in classes.items():
        for word in words.split():
            table.setdefault(fold(word.strip("-")), bits)
    return table


_COMPANY_BITS = _table(_COMPANY)
_LAST_BITS = _table(_LAST)
_FIRST_BITS = _table(_FIRST)
_ENDINGS = re.compile(
    r"(bau|technik|handel|handels|service|verwaltung|beteiligung|systeme|beratung|planung|betrieb|vertrieb|immobilien|transporte"
    r"|verarbeitung|werke|haus|park|markt|makler|dienst|dienste|entwicklung|vermietung|gesellschaft|industrie|anlagen)$"
)


@lru_cache(maxsize=1 << 16)
def rarity(word: str) -> float:
    """Bits that agreeing on this word of a company name is worth: 4.5 (Verwaltung) to 14 (a coined word)."""
    bits = _COMPANY_BITS.get(word)
    if bits is None:
        bits = _LAST_BITS.get(word)
        if bits is not None:
            bits += 1.5
        elif word in _FIRST_BITS:
            bits = 9.5
        elif len(word) <= 2:
            bits = 8.0 if len(word) == 1 else 10.0
        elif _ENDINGS.search(word):
            bits = 10.0
        elif len(word) == 3:
            bits = 11.5
        else:
            bits = 13.5
    return bits


def last_name_bits(name: str) -> float:
    return _LAST_BITS.get(name, 11.0)


def first_name_bits(name: str) -> float:
    return _FIRST_BITS.get(name, 9.0)


def known_first_name(name: str) -> bool:
    return name in _FIRST_BITS
