"""The OpenAPI document: what FastAPI derives, completed by what every route shares, written to `openapi/openapi.json`.

It is made for client generators: each problem, header and example is said once, under `components`, and referred to; what may be
null is a type of its own, not an alternative; each creation links to what can be done with the record that it made.
"""

import json
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from app.contract.completion import Completion
from app.contract.schemas import named_pages

PATH = Path(__file__).parent.parent.parent / "openapi" / "openapi.json"
VERSION = "1.0.0"

DESCRIPTION = """
Leadwerk answers the question *is this customer taken, and by whom?*, takes a lead to a customer without losing or doubling
anything, and sees to it that nothing is forgotten.

- **Errors** are problems (RFC 9457) with a stable `code`. Texts follow `Accept-Language` (German or English).
- **Lists** page by cursor: send `next_cursor` as `cursor`, with the same filters. With `fields`, items hold only those fields.
- **Changes** need `If-Match` with the version that was read (the `ETag`); a stale one gets the record as it is now.
- **Every `POST`** takes an `Idempotency-Key`: the same request again gets the same answer, without a second effect.
- **To come:** new fields in answers, new values of enumerations and new operations may be added within `/v1`.
"""


def document(app: FastAPI) -> dict[str, Any]:
    """The whole document, made once per process."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title="Leadwerk",
            version=VERSION,
            description=DESCRIPTION.strip(),
            routes=app.routes,
            servers=[{"url": "/"}],
            tags=app.openapi_tags,
            license_info={"name": "Proprietary", "identifier": "LicenseRef-Leadwerk"},
            separate_input_output_schemas=False,
        )
        app.openapi_schema = Completion(named_pages(schema)).run()
    return app.openapi_schema


def render(app: FastAPI) -> str:
    """The document as it is committed."""
    return json.dumps(document(app), ensure_ascii=False, indent=2) + "\n"


def write(app: FastAPI, *, check: bool = False) -> bool:
    """Write the committed document; with `check`, only tell whether it is up to date."""
    text = render(app)
    if check:
        return PATH.exists() and PATH.read_text(encoding="utf-8") == text
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(text, encoding="utf-8")
    return True
