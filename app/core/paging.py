"""Cursors: opaque, signed, and bound to the list, filter and sort that they were made for."""

import base64
import hmac
from typing import Any

import orjson

from app.core.problems import Problem


class InvalidCursor(Problem):
    status = 422
    code = "invalid_cursor"
    title = {"de": "Ungültiger Cursor", "en": "Invalid cursor"}
    detail = {
        "de": "Der Cursor passt nicht zu dieser Liste, diesem Filter oder dieser Sortierung.",
        "en": "The cursor does not belong to this list, filter or sort order.",
    }


def seal_cursor(value: Any, id_: object, binding: bytes, key: bytes) -> str:
    """A cursor after the item with this sort value and id, for the list that `binding` names."""
    plain = orjson.dumps([value if isinstance(value, int | str) else str(value), str(id_)])
    seal = hmac.digest(key, binding + plain, "sha256")[:12]
    return base64.urlsafe_b64encode(seal + plain).decode().rstrip("=")


def open_cursor(cursor: str, binding: bytes, key: bytes) -> tuple[Any, Any]:
    """The sort value and id that a cursor holds. Raises InvalidCursor when it is forged or of another list."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        seal, plain = raw[:12], raw[12:]
        if not hmac.compare_digest(seal, hmac.digest(key, binding + plain, "sha256")[:12]):
            raise InvalidCursor
        value, id_ = orjson.loads(plain)
    except (ValueError, UnicodeError):
        raise InvalidCursor from None
    return value, id_
