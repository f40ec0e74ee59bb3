"""Given names that one person goes by: short forms, pet names, and the same name in other languages and older spellings.

Written by hand from general knowledge. A line ("+" continues one) is one name's family, the full form first; a name may stand
in several (Toni is Anton or Antonia). Names that merely look alike are not here: `people.py` sees those by itself.
"""

from app.matching.text import fold

_FAMILIES = """
johannes johann hans hannes hanns johan jan john jack johnny jon ian jean giovanni gianni juan ivan hansi joh jno janos
josef joseph sepp seppl josi joschi joe joey jos pepi peppi beppo jupp giuseppe jose
georg george jorg schorsch geo georgie jiri girgl
wilhelm willi willy wilh william will bill billy willie wm liam guillaume wim
friedrich fritz fred frederick frederic friedhelm frederik freddy freddie frdr fridrich
heinrich heinz heiner hein henrik hendrik henry harry hank hal heinr henri enrico henryk
karl carl carlo charles chas charlie charly chuck karel carlos
ludwig lutz louis luis lewis lou wiggerl luigi
franz franzl francesco francois ferenc frans
michael michel michi mike mick mickey micha miguel michele mikael
matthias mathias matthew matt matze hias hiasl matthaus mats matteo mathew
andreas andre andrew andy andi anderl drew andrej anders
alexander alex alexandre alec sascha sasha xander alessandro alexej sandy lex
anton toni tony anthony antonio antoine antonius
thomas tom tommy thom tomas tommaso thos
robert rob bob bobby robbie robin bert roberto robt
richard rick dick ricky rich richie ricardo
rudolf rudi rudolph rolf ralf rudy
peter pete pit peer petrus pierre pietro pedro piet petr
paul paulus paolo pablo pavel
stefan stephan steffen stephen steven steve stevie etienne stefano
francis frank frankie fran franz
christian chris christ kristian
christoph christopher chris kit stoffel toffi christof kristof cristoforo topher
nikolaus klaus claus niklas nicolas nicholas nick nicky niko nico niclas nicklas nicola
maximilian max maxi maxl maxim
leonhard leonard leo lenny hartl leon len
leopold leo poldi
benedikt benedict ben beni bene
benjamin ben benny benni
daniel dan danny dani
david dave davy davie
samuel sam sammy
ulrich uli ulli udo
eduard edward ed eddie eddy edi ted teddy ned edouard eduardo edw
edmund ed eddie ned ted
albert bert berti albrecht adalbert alberto
alfred fred alf freddy fredi alfredo
bernhard bernd bernard bert berndt hartl
norbert bert
herbert bert herb
hubert hubertus bert hugh
gerhard gerd gert gerard gerhardt hardy
gunter gunther guenter
dieter dietrich diederich
eberhard ebbo
wolfgang wolf wolfi wolferl
konrad conrad kurt curt conny konny
emmanuel emanuel manuel manu immanuel
manfred fred manni manny
siegfried sigi siggi
sebastian basti bastian seb wastl
florian flo flori
tobias tobi toby
jakob jacob jakobus jackl jacques james jim jimmy jamie jas giacomo jaap
martin martl marty maarten martino
markus marcus mark marc marco
lukas lucas luke luca luc
philipp philip phil philippe lipp felipe
simon sim simeon
gregor gregory greg grigori
laurenz lorenz laurentius larry lars lawrence laurence lenz laurent lorenzo
valentin valtl
vinzenz vincent vinz vince vincenzo
ignaz ignatius naz nazi
xaver franzxaver
alois aloys aloisius lois loisl luis
joachim achim jochen jochem jo
timothy tim timmy timotheus
walter walther wally walt
roger rodger hodge
ronald ron ronnie ronny
donald don donnie
kenneth ken kenny
gerald gerry jerry gerard gerold
jeremy jerry jeremiah
jeffrey jeff geoffrey geoff
joshua josh
nathaniel nathan nat nate
patrick pat paddy patrik
raimund raymond ray raymund
reginald reg reggie
reinhard reinhardt
stanislaus stan stanley stanislaw
theodor theodore theo ted teddy
zacharias zach zachary zack
oliver ollie olli
oskar oscar ossi
otto otmar ottmar
erich eric erik
ernst ernest ernie
viktor victor vic
eugen eugene gene
abraham abe bram
archibald archie
augustus august gustl gus augustin
gustav gus gustl gustave
bartholomaus bart bartl barthel bartholomew
caspar kaspar jasper casper
clemens klemens
cornelius kornelius cor
emil emile
moritz maurice morris moriz
hugo hugh hughie
humphrey humph
isaac ike zac isaak
lionel leo
frederica friederike rike frieda fritzi freddie
maria marie mary mia mitzi mizzi ria mariechen mimi marija moll polly molly may
margarete margarethe margaretha margareta grete gretel greta gretl gretchen margret margit margot rita marga margaret
+ maggie meg peggy madge marge margery grethe margherita
magdalena magdalene lena leni magda lenchen madeleine
helene helena lena leni helen ellen elena nell nelly hella ella
katharina katharine katarina catharina kathi kati katja kathe trina rina kathrin katrin katinka catherine katherine kate
+ katie kathy cathy kitty cathrin catrin catharine katy kat
elisabeth elisabetha elizabeth liesl lisl lisa lise liese elise else elsa elsbeth betty bettina lisbeth sissi sisi beth
+ liz lizzie eliza bess bessie betsy babette isabel isabella isabelle ella lilli lily libby liesel lieselotte elli
anna anne ann annie anni anny nanni nannerl nancy nan hannah hanna anneliese annemarie
johanna hanna hanne hannah joan jane jean janet jenny hannerl jana
theresia therese theresa teresa resi thea tess tessa terry tracy
franziska franzi fanny fanni francisca ziska sissi frances fran francesca fannie
barbara babs barbel babette betty wetti vevi barb bobbie
christina christine christel tina christa kristin chris stine kristina chrissie tine christiane
susanne susanna susi susan sue suzanne susie sanna suzy
josefine josephine josefa josepha fini pepi peppi josie
gertrud gertrude trude traudl gerti trudi gerta gertraud trudy
rosina rosa rosalia rosi rosl rose rosemarie rosalie rosie
veronika vroni veronica vera
walburga burgi wally burga
eva evi eve evelyn
sophia sophie sofie sofia
emilie emilia emma emmi emily milly em mila emmy
wilhelmine minna mina helma wilma minnie willa vilma
karoline caroline lina line karolina carolin caro carrie carolina lotte
charlotte lotte lotti charlie lottie carlotta
luise louise luisa louisa lou
henriette jette harriet hattie henrietta
amalie amalia malchen mali amelie amelia
mathilde hilde tilda tilly thilde mathilda matilda tillie
hildegard hilde hilda
adelheid heidi adele heide adelaide addie
alexandra alex sandra sascha sandy
andrea andi
angelika angela geli angie angelica
antonia toni tonia antonie antoinette
daniela dani daniele daniella
gabriele gabi gabriela gabriella gaby
jessica jess jessie
judith judy
manuela manu ela
martina tina
melanie mel melly
michaela michi ela michelle
monika moni monica
nicole nicki nikki nicola niki
patricia pat patsy patty trish tricia
petra petronella
regina regine gina
renate rena nate
sabine bine biene sabina
sandra alexandra
silvia sylvia silvie sylvie
simone simona
stefanie stephanie steffi stefania steph
ulrike ulla uli rike ulli
ursula ulla uschi ursel ursl
valentina valerie vally
victoria viktoria vicky vicki
brigitte gitta gitte bridget brigitta
agnes agi agnete agnese
cacilia cacilie cilli cecilia celia zazilie cissy
dorothea dorothee dora doris dorle dorothy dot dolly dorle
eleonore leonore lore nora eleonora eleanor ellie nell leonora
georgina georgine gina georgiana
hedwig hedi hedy hede
irmgard irma irmi
julia julie juliane jule juliana gill
konstanze constanze constance connie conny
leonie leni
lydia lidia
martha marta mattie patty
natalie natalia natascha nathalie
pauline paula pauly
philippine philippa pippa
rebecca rebekka becky becca
roswitha rosi
sara sarah sally sadie
abigail abby gail
deborah deborah debbie deb
jacqueline jackie
kimberly kim
pamela pam
samantha sam
virginia ginny ginger
winifred winnie freda
"""

_OF: dict[str, frozenset[int]] = {}
_HEADS: list[str] = []
for _line in _FAMILIES.replace("\n+", "").split("\n"):
    _names = _line.split()
    if _names:
        for _name in _names:
            _OF[fold(_name)] = _OF.get(fold(_name), frozenset()) | {len(_HEADS)}
        _HEADS.append(fold(_names[0]))
_NOBODY: frozenset[int] = frozenset()


def same_given_name(a: str, b: str) -> bool:
    """True when one person may go by both: Hans and Johannes, Bill and William. A name and itself, too."""
    return a == b or not _OF.get(a, _NOBODY).isdisjoint(_OF.get(b, _NOBODY))


def full_form(name: str) -> str:
    """One name for its whole family, to look records up by ("johannes" for Hans); an unknown name is its own."""
    families = _OF.get(name)
    return _HEADS[min(families)] if families else name


def known(name: str) -> bool:
    """True for the given names in the table."""
    return name in _OF
