"""The API's document, shared with the contract tests."""

from tests.contract.conftest import document

__all__ = ["document"]
