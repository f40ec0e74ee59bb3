"""Letters and sounds: one spelling for every way to write an umlaut, and the Cologne phonetics."""

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii
from rapidfuzz.distance import OSA


def word_set(text: str) -> frozenset[str]:
    """The words of a table written as one text."""
    return frozenset(text.split())


LONGEST = 500  # characters read of any one value: bounds the time whatever is sent

# Apostrophes go, so that "Ronny's" is one word; umlauts lose their dots, as "ae" loses its "e" below.
_LETTERS = str.maketrans(
    {"ä": "a", "ö": "o", "ü": "u", "æ": "a", "ø": "o", "œ": "o", "å": "a", "ß": "ss", "ẞ": "ss", "ı": "i"}
    | dict.fromkeys("'’‘`´", "")
    | dict.fromkeys("\0\u00ad\u200b\u200c\u200d\ufeff", "")
)
_SIGNS = str.maketrans({"&": " und ", "+": " und "})
# "ue" after a, e, o, u or q is not an umlaut (Bauer, Steuer, Quelle). Every "e" in a row goes, so that folding twice
# changes nothing.
_UMLAUTS = re.compile(r"ae+|oe+|(?<![aeouq])ue+")


def _first_letter(match: re.Match[str]) -> str:
    return match.group()[0]


def fold(text: str) -> str:
    """Lower-case ASCII in which ä = ae = a, ö = oe = o, ü = ue = u, ß = ss; idempotent."""
    text = text[:LONGEST]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_LETTERS)).casefold().translate(_LETTERS)
        if not text.isascii():
            text = anyascii(text)[: 2 * LONGEST]
    text = text.lower().translate(_LETTERS)
    return _UMLAUTS.sub(_first_letter, text)


def fold_name(text: str) -> str:
    """As `fold`, with "&" and "+" read as "und"."""
    return fold(text.translate(_SIGNS))


_SOUNDS = dict.fromkeys("aeijouy", "0") | dict.fromkeys("fvw", "3") | dict.fromkeys("gkq", "4")
_SOUNDS |= {"b": "1", "p": "1", "d": "2", "t": "2", "l": "5", "m": "6", "n": "6", "r": "7", "s": "8", "z": "8"}


def same_sound(short: str, long: str) -> bool:
    """True when two words sound the same and are not merely both short of consonants (Jung, Janke)."""
    size = len(long)
    if size - len(short) > 3:
        return False
    code = sound(short)
    if len(code) < 2 or code != sound(long):
        return False
    slips = (size - 1) // 2 if size != 4 else 2
    return OSA.distance(short, long, score_cutoff=slips) <= slips


# What scanners take for each other, each drawn as one of them.
_DRAWN = str.maketrans({"i": "l", "j": "l", "t": "l", "1": "l", "f": "s", "e": "c", "o": "c", "u": "n", "v": "n", "y": "n", "h": "b",
                        "k": "b", "0": "c", "5": "s", "8": "b", "q": "g"})  # fmt: skip


def scanned_alike(a: str, b: str) -> bool:
    """True when two words of five letters and more look alike to a scanner: rn and m, c and e, long s and f, l and 1."""
    if abs(len(a) - len(b)) > 2 or min(len(a), len(b)) < 5:
        return False
    drawn = a.replace("rn", "m").replace("in", "m").replace("ni", "m").replace("cl", "d").translate(_DRAWN)
    if drawn != b.replace("rn", "m").replace("in", "m").replace("ni", "m").replace("cl", "d").translate(_DRAWN):
        return False
    return OSA.distance(a, b) <= 2 + min(len(a), len(b)) // 6


@lru_cache(maxsize=1 << 16)
def sound(word: str) -> str:
    """Kölner Phonetik (Postel 1969) of a folded word; digits stand for themselves.

    Müller, Müler, Mueller and Miller share 657. Empty only for words without letters or digits (or just "h").
    """
    codes: list[str] = []
    last = ""
    end = len(word) - 1
    for at, letter in enumerate(word):
        after = word[at + 1] if at < end else ""
        before = word[at - 1] if at else ""
        code = _SOUNDS.get(letter)
        if letter == "p" and after == "h":
            code = "3"
        elif letter in "dt" and after and after in "csz":
            code = "8"
        elif letter == "c":
            if not at:
                code = "4" if after and after in "ahkloqrux" else "8"
            else:
                code = "4" if after and after in "ahkoqux" and before not in "sz" else "8"
        elif letter == "x":
            code = "8" if before and before in "ckq" else "48"
        elif code is None:
            code = letter if letter.isdigit() else ""
        for digit in code:
            if digit != last:
                if digit != "0" or not codes:
                    codes.append(digit)
                last = digit
    return "".join(codes)
