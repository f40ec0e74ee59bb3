"""Every field, value, filter and sort of every resource has its words in both languages."""

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

from app.main import create_app
from app.metadata import enums, labels, links
from app.metadata.catalogue import describe
from app.metadata.resources import kinds
from app.metadata.shapes import read_only, schema_of


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return describe(create_app())


def _texts(node: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every label, with where it is and the name of what has it."""
    if isinstance(node, dict):
        if "label" in node and "path" not in node.get("label", {}):
            yield place, node.get("name", node.get("value")), node["label"]
        for key, inner in node.items():
            yield from _texts(inner, f"{place}.{node.get('name', '')}.{key}" if "name" in node else f"{place}.{key}")
    elif isinstance(node, list):
        for inner in node:
            yield from _texts(inner, place)


@pytest.mark.rule("ACC-10")
def test_nothing_lacks_its_words(described: dict[str, Any]) -> None:
    for name in enums.NAMES:
        labels.enum(name)
    assert described
    assert not labels.missing, "\n" + "\n".join(labels.missing)
    assert not links.unknown, "\n" + "\n".join(links.unknown)


def test_words_are_words_and_not_names(described: dict[str, Any]) -> None:
    seen = 0
    for place, name, label in _texts(described):
        seen += 1
        for language in ("de", "en"):
            words = label[language]
            assert words, place
            if "options_from" not in place:
                assert words != name or not re.search(r"[a-z]_|^[a-z]", words), (place, name, label)
                assert "_" not in words, (place, label)
    assert seen > 800


def test_help_is_of_descriptions_that_there_are(described: dict[str, Any]) -> None:
    """What is not said in English any more is not said in German either: remove it from help.txt."""
    told = set()

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("help"), dict):
                told.add(node["help"]["en"])
            for inner in node.values():
                walk(inner)
        elif isinstance(node, list):
            for inner in node:
                walk(inner)

    walk(described)
    blocks = files("app.metadata").joinpath("help.txt").read_text(encoding="utf-8").split("\n\n")
    written = {block.strip().splitlines()[0] for block in blocks if block.strip()}
    assert written - told == set()


def test_what_is_never_set_says_so() -> None:
    """A field that bodies have only to refuse it is declared with `ReadOnly`, so that the metadata know."""
    for kind in kinds(create_app()).values():
        for model in kind.sent():
            known = schema_of(model)["properties"]
            hidden = {name for name in model.model_fields if name not in known}
            assert hidden == {n for n, info in model.model_fields.items() if read_only(info)}, model
