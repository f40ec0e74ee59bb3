"""The page that a mailed link opens: one field for the new password. It needs nothing from elsewhere."""

import html
from functools import lru_cache
from pathlib import Path
from string import Template

from starlette.responses import Response

from app.core.db import random_token
from app.core.problems import Language
from app.identity.passwords import RULES

_TEXTS: dict[Language, dict[str, str]] = {
    "de": {
        "title": "Passwort setzen",
        "label": "Neues Passwort",
        "button": "Speichern",
        "done": "Das Passwort ist gesetzt. Sie können sich jetzt anmelden.",
        "failed": "Leadwerk ist gerade nicht erreichbar. Bitte gleich noch einmal versuchen.",
    },
    "en": {
        "title": "Set your password",
        "label": "New password",
        "button": "Save",
        "done": "The password is set. You can sign in now.",
        "failed": "Leadwerk cannot be reached at the moment. Please try again.",
    },
}


@lru_cache(maxsize=1)
def _template() -> Template:
    return Template((Path(__file__).parent / "password_form.html").read_text(encoding="utf-8"))


def page(language: Language) -> Response:
    """The form. The link's secret stays in the address's fragment, so that no server and no log gets to see it."""
    nonce = random_token(16)
    shown = [rule[language] for code, rule in RULES.items() if code != "password_unchanged"]
    rules = "".join(f"<li>{html.escape(rule)}</li>" for rule in shown)
    body = _template().substitute(_TEXTS[language], language=language, nonce=nonce, rules=rules)
    policy = f"default-src 'none'; connect-src 'self'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'"
    headers = {
        "Content-Security-Policy": f"{policy}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Content-Language": language,
        "Vary": "Accept-Language",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, 200, headers, "text/html")
