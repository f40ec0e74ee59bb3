"""The figures of the comparison, in bits (log2 of how much likelier a finding is for one and the same party).

They are learned by `bench/learning.py` (`make learn-weights`) and shipped as `weights.json`, which says what they were
counted from. Only the odds to begin with, the two thresholds and a few limits are set here; docs/matching.md tells how.
"""

from pathlib import Path
from typing import Any, cast

import orjson

_LEARNED = cast(dict[str, Any], orjson.loads(Path(__file__).with_name("weights.json").read_bytes()))

PRIOR = -10.65
"""Where the scale has its middle: findings of so many bits together make it as likely as not. The same for every stock, so
that a check, an import and a scan say the same of the same two records."""
CAUTION = 2.17
"""Findings hang together more than they should, so a bit on the scale takes this many bits of findings."""
DUPLICATE_AT = 0.8
"""15 bits: of the pairs above, fewer than 1 in 100 were false on the development sets without deliberate traps."""
POSSIBLE_AT = 0.3
"""8 bits: of the true pairs that share a key, 99 in 100 lie above."""
COINED = 13.0
"""A company word so rare makes a name that agrees "possible" even in another place: parties move."""
MOST_OF_A_NAME = 26.0
"""Words of one name hang together: more of them prove little more."""
HOME = 3.0
"""The odds, in bits, of a record at the same home or office being the same person before anything personal is compared."""
NAMESAKES = 6.0
"""Bits that two people who share a name and a town, and nothing that is theirs, need beyond the others."""
HOME_SURE = 2.0
"""Bits that must remain of these for two people at one address to be one."""
OTHER_WORD = 4.0
"""Bits given back when a first name that differs is no given name that anybody knows: a slip, or a name gone astray."""
MOVED = 1.5
"""Bits that a company needs beyond the others when nothing but its name agrees: it may have moved, or have a namesake."""
NAME_ALONE = 4.0
"""Bits that a company's name needs beyond the others when nothing else agrees: "Müller Maschinenbau" is not the only one."""
NAME_IN_PART, NAME_CONFLICT, NAME_ELSEWHERE = 15.0, 17.0, 14.0
"""Bits below which a company is none: its name says more or less and nothing else agrees; names conflict, as of two
carpenters in one town; the name is only similar, and in another place."""

BITS: dict[str, float] = _LEARNED["levels"]


def frequencies(table: str) -> dict[str, float]:
    """A table of how much a word tells: word → bits."""
    return {word: float(bits) for bits, words in _LEARNED[table].items() for word in words.split("|")}
