"""Each written rule has a module and a test (`make rules` prints them)."""

from tests import rules


def test_every_rule_is_kept_and_proved() -> None:
    assert rules.problems() == []
    assert len(rules.written()) >= 28
