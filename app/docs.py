"""The documentation page and the document it shows. Everything comes from this process: it works without the internet."""

from functools import lru_cache
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import FileResponse, HTMLResponse, Response

from app import contract
from app.core.etags import unchanged
from app.core.problems import NotFound

router = APIRouter(include_in_schema=False)

_STATIC = Path(str(files("fastapi_offline"))) / "static"
"""Swagger UI's own files; of that package nothing else is used."""
_FILES = {
    "swagger-ui.js": ("swagger-ui-bundle.js", "text/javascript"),
    "swagger-ui.css": ("swagger-ui.css", "text/css"),
    "favicon.png": ("favicon.png", "image/png"),
}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Leadwerk API</title>
<link rel="icon" href="docs/favicon.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="docs/swagger-ui.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START = """SwaggerUIBundle({
  url: "openapi.json", dom_id: "#page", deepLinking: true, docExpansion: "none", filter: true,
  defaultModelsExpandDepth: 0, displayRequestDuration: true, tryItOutEnabled: true, validatorUrl: null,
  requestInterceptor: (request) => {
    const key = globalThis.crypto.randomUUID?.();
    if (request.method === "POST" && key) request.headers["Idempotency-Key"] ||= key;
    return request;
  },
});
"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@router.get("/docs")
async def page() -> Response:
    """The documentation, to read and to try."""
    return HTMLResponse(_PAGE, headers=_HEADERS)


@router.get("/docs/start.js")
async def start() -> Response:
    """Starts the page; a file of its own, so that no script stands in the page."""
    return Response(_START, media_type="text/javascript", headers=_HEADERS)


@router.get("/docs/{name}")
async def part(name: str) -> Response:
    """What the page is made of."""
    if name not in _FILES:
        raise NotFound
    file, media_type = _FILES[name]
    return FileResponse(_STATIC / file, media_type=media_type, headers=_HEADERS | {"Cache-Control": "max-age=86400"})


@router.get("/openapi.json")
async def document(request: Request) -> Response:
    """The OpenAPI document, the same as the committed one."""
    body, tag = _rendered(request.app)
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if unchanged(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, "application/json")


@lru_cache(maxsize=2)
def _rendered(app: FastAPI) -> tuple[bytes, str]:
    body = contract.render(app).encode()
    return body, f'"{blake2b(body, digest_size=8).hexdigest()}"'
