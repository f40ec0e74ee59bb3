"""The version of what the index stores."""

INDEX_VERSION = 5
"""Raise it with every change of what `normalise`, `Party.dump` or `blocking_keys` give: the index is then built anew, before
the API serves. `tests/matching/test_matching_version.py` fails when that was forgotten."""
