"""German and English words for fields, values and records: `labels.txt`, and `help.txt` for the descriptions of fields."""

from functools import lru_cache
from importlib.resources import files
from typing import Any, Protocol

from app.core.types import REASONS, ReadOnly

Text = dict[str, str]


class Spot(Protocol):
    """Where a word is needed: see `shapes.Place`."""

    @property
    def resource(self) -> str: ...
    @property
    def names(self) -> tuple[str, ...]: ...


missing: dict[str, None] = {}
"""Lines that the two files lack, as far as was asked. Clients get the name instead; a test asks for everything."""


@lru_cache(maxsize=1)
def _words() -> dict[tuple[str, str], Text]:
    """`(section, name)` → the words."""
    found: dict[tuple[str, str], Text] = {}
    section = ""
    for line in files("app.metadata").joinpath("labels.txt").read_text(encoding="utf-8").splitlines():
        line = line.strip()
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, _, words = line.partition("=")
            de, _, en = words.partition("|")
            assert (section, name.strip()) not in found, f"labels.txt: twice: [{section}] {name}"
            found[section, name.strip()] = {"de": de.strip(), "en": en.strip()}
    return found


@lru_cache(maxsize=1)
def _helps() -> dict[str, str]:
    """English → German."""
    text = files("app.metadata").joinpath("help.txt").read_text(encoding="utf-8")
    pairs = [[" ".join(line.split()) for line in block.splitlines()] for block in text.split("\n\n") if block.strip()]
    return {pair[0]: pair[1] for pair in pairs}


def _lacks(section: str, name: str) -> Text:
    missing[f"app/metadata/labels.txt: under [{section}] add: {name} = Deutsch | English"] = None
    return {"de": name, "en": name}


def field(place: Spot) -> Text:
    """What a field, filter or sort is called: in its resource, by its whole path or last name, or everywhere."""
    return _named(place.resource, ".".join(place.names))


def _named(resource: str, path: str) -> Text:
    words = _words()
    last = path.rsplit(".", 1)[-1]
    names = [last, last.removesuffix("_id")] if last.endswith("_id") else [last]
    keys = [(resource, path), *((s, n) for s in (resource, "*") for n in names)]
    return next((words[key] for key in keys if key in words), None) or _lacks(resource, path)


_RECORD_TYPES = {"record_type", "record_types", "link_to"}


def value(place: Spot, chosen: Any) -> Text:
    """What a value of a field is called: the field's own words for it, or those of all fields of that name; values that are kinds
    of record, or fields of leads, have the words of these.
    """
    words = _words()
    path, last, key = ".".join(place.names), place.names[-1], str(chosen)
    if (place.resource, path) == ("projects", "required_fields"):
        return _named("leads", key)
    sections = [f"{place.resource}.{path}", f"*.{last}", *(["*.type"] if last in _RECORD_TYPES else [])]
    return next((words[s, key] for s in sections if (s, key) in words), None) or _lacks(sections[0], key)


def resource(name: str) -> tuple[Text, Text]:
    """What one record is called, and several."""
    words = _words()
    one, many = words.get((name, "one")), words.get((name, "many"))
    return one or _lacks(name, "one"), many or _lacks(name, "many")


def enum(name: str) -> Text:
    """What a list of values is called."""
    return _words().get(("enums", name)) or _lacks("enums", name)


def help_text(english: str) -> Text:
    """A field's description in both languages."""
    english = " ".join(english.split())
    german = _helps().get(english)
    if german is None:
        missing[f"app/metadata/help.txt: add these lines and a blank one:\n{english}\n(dasselbe auf Deutsch)"] = None
    return {"de": german or english, "en": english}


def because(mark: ReadOnly, *, known: bool = True) -> dict[str, Any]:
    """Why a field is read-only, as the metadata say it; `known`: bodies have the field, to tell the reason themselves."""
    code = mark.code if known else "extra_forbidden"
    return {"read_only": {"source": mark.source, "code": code, "reason": REASONS[mark.source]}}


def names(section: str) -> dict[str, Text]:
    """All words of a section of `labels.txt`, in its order."""
    return {name: words for (where, name), words in _words().items() if where == section}
