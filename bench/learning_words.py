"""Frequent names and towns that no counted list here covers, in classes of bits (−log2 of the share in their population).

Written by hand from general knowledge: English-speaking, Turkish and neighbouring countries' names, and the towns that many
records share. `learning.py` takes the smaller figure where a counted list has the name, too.
"""

LAST: dict[float, str] = {
    6.5: "smith jones",
    7.0: "williams taylor brown davies",
    8.0: """johnson evans wilson thomas roberts robinson thompson wright walker white edwards hughes green hall lewis harris clarke
        patel jackson wood turner martin cooper hill ward morris moore clark lee king baker harrison morgan allen james scott
        phillips watson davis parker price bennett young griffiths mitchell kelly cook carter richardson bailey collins bell shaw
        murphy miller cox richards khan marshall anderson simpson ellis adams singh begum wilkinson foster chapman powell webb
        rogers gray mason ali hunt hussain campbell matthews owen palmer holmes mills barnes knight lloyd butler russell barker
        fisher stevens jenkins murray dixon harvey ryan nguyen stewart macdonald mcdonald robertson reid ross obrien osullivan""",
    8.5: "yilmaz kaya demir celik sahin yildiz ozturk aydin arslan dogan gruber huber bauer wagner moser meier keller novak kowalski",
}
FIRST: dict[float, str] = {
    4.0: "john william thomas george mary",
    4.5: "james henry robert charles elizabeth edward",
    5.5: """richard joseph david anne ann margaret sarah peter michael arthur frederick samuel alfred francis edmund hugh jane""",
    6.5: """albert walter alexander benjamin daniel philip paul andrew mark stephen simon martin christopher anthony jack harry oliver
        thomas joshua matthew luke ryan emily jessica chloe sophie olivia lucy hannah charlotte alice emma isabella grace florence
        edith frances catherine katherine martha ellen harriet eleanor dorothy annie louisa caroline susan helen patricia linda
        barbara jean ruth lucas noah liam ethan jacob logan mason mia ava ruby lily amelia ella evie isla kevin brian alan
        mohammed muhammad ahmed mehmet mustafa ali fatma ayse maria anna joan joanna julia laura lachlan joel caleb isaac""",
}
CITIES: dict[float, str] = {
    3.5: "london",
    4.0: "paris | wien",
    5.0: "berlin | sydney | melbourne | edinburgh | dublin | manchester | birmingham | liverpool | glasgow",
    5.5: "hamburg | zurich | new york | brisbane | perth | adelaide | leeds | bristol | sheffield",
    6.0: """munchen | koln | frankfurt | frankfurt main | stuttgart | leipzig | dusseldorf | dresden | genf | basel | bern | graz | linz |
        cambridge | oxford | prag | budapest | rom | amsterdam | brussel | norwich | exeter | bath | york | cardiff | belfast | plymouth""",
    6.5: """dortmund | essen | bremen | hannover | nurnberg | duisburg | lausanne | winterthur | salzburg | innsbruck | swansea |
        nottingham | leicester | southampton | portsmouth | newcastle | coventry | hull | bradford""",
    7.0: """bochum | wuppertal | bielefeld | bonn | munster | mannheim | karlsruhe | augsburg | wiesbaden | monchengladbach |
        gelsenkirchen | aachen | braunschweig | kiel | chemnitz | halle | halle saale | magdeburg | freiburg | freiburg breisgau |
        krefeld | mainz | lubeck | erfurt | rostock | kassel | hagen | potsdam | saarbrucken | luzern | sankt gallen | klagenfurt""",
    7.5: """oberhausen | hamm | ludwigshafen rhein | mulheim ruhr | oldenburg | osnabruck | leverkusen | heidelberg | darmstadt |
        solingen | regensburg | herne | paderborn | neuss | ingolstadt | offenbach main | furth | wurzburg | ulm | heilbronn |
        pforzheim | wolfsburg | gottingen | bottrop | reutlingen | koblenz | bremerhaven | bergisch gladbach | erlangen | trier |
        jena | remscheid | salzgitter | moers | siegen | gutersloh | hildesheim | sankt polten | lugano | biel | villach | wels""",
}
