"""`python -m tests.rules`: each rule of docs/rules.md with its module and its tests. Fails when a rule has none."""

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
LIST = ROOT / "docs" / "rules.md"
_ROW = re.compile(r"^\| (?P<id>[A-Z]+-\d+) \| (?P<rule>.+?) \| (?P<module>.+?) \|$")


@dataclass(frozen=True)
class Rule:
    """A line of docs/rules.md."""

    id: str
    text: str
    modules: tuple[str, ...]


def written() -> list[Rule]:
    """The rules, in their order."""
    rows = (_ROW.match(line) for line in LIST.read_text(encoding="utf-8").splitlines())
    return [Rule(r["id"], r["rule"], tuple(re.findall(r"`([^`]+)`", r["module"]))) for r in rows if r]


def proofs() -> dict[str, list[str]]:
    """The tests by the rule that they are marked with."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        everywhere = [i for n in tree.body if _assigns_marks(n) for i in _ids(n)]
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                ids = [i for decorator in node.decorator_list for i in _ids(decorator)]
                for id_ in dict.fromkeys([*ids, *everywhere]):
                    found[id_].append(f"{file.relative_to(ROOT)}::{node.name}")
    return found


def _assigns_marks(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "pytestmark" for t in node.targets)


def _ids(node: ast.AST) -> Iterator[str]:
    """The arguments of every `pytest.mark.rule(…)` in it."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call) and getattr(inner.func, "attr", "") == "rule":
            yield from (str(a.value) for a in inner.args if isinstance(a, ast.Constant))


def problems() -> list[str]:
    """What is wrong with the list: no rules, no test, no module, an ID twice."""
    rules, tests = written(), proofs()
    ids = [rule.id for rule in rules]
    found = [] if rules else [f"no rules in {LIST}"]
    found += [f"{id_}: listed twice" for id_ in sorted({i for i in ids if ids.count(i) > 1})]
    for rule in rules:
        found += [] if tests.get(rule.id) else [f"{rule.id}: no test is marked with it"]
        found += [] if rule.modules else [f"{rule.id}: no module keeps it"]
        found += [f"{rule.id}: there is no {name}" for name in rule.modules if not (ROOT / name).exists()]
    found += [f"{id_}: marked in {tests[id_][0]}, but no ID of a rule" for id_ in tests if not _is_id(id_)]
    return found


def _is_id(text: str) -> bool:
    return re.fullmatch(r"[A-Z]+-\d+", text) is not None


def main() -> int:
    """Print the rules with their tests; 1 when one lacks something."""
    tests = proofs()
    rules = written()
    for rule in rules:
        print(f"{rule.id}  {rule.text}\n    kept by {', '.join(rule.modules)}")
        for test in tests.get(rule.id, []):
            print(f"    {test}")
    listed = {rule.id for rule in rules}
    more = {id_: names for id_, names in sorted(tests.items()) if id_ not in listed}
    if more:
        print("Proved in part, not yet on the list: " + ", ".join(f"{i} ({len(n)})" for i, n in more.items()))
    wrong = problems()
    for sentence in wrong:
        print(f"WRONG {sentence}", file=sys.stderr)
    print(f"{len(rules)} rules, {sum(len(tests.get(rule.id, [])) for rule in rules)} proofs")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
