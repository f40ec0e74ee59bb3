"""Looking a company up while it is entered (ACC-12). Suggestions only: nothing is taken over unasked."""

from typing import Any

from app.core.clock import moment
from app.core.context import Context
from app.core.permissions import Permission
from app.core.problems import Forbidden, Invalid
from app.duplicates import service as duplicates
from app.indexing import IndexOutdated
from app.lookups import cache
from app.lookups.directories import NAMES, Directories, Outcome
from app.lookups.directory import FIELDS, CompanyQuery, Suggestion
from app.lookups.vies import vat_number
from app.matching import Party, normalise, score

MOST_COMPARED = 10
"""Suggestions that are looked for among the customers."""

_TITLES = {"vies": "VIES", "northdata": "North Data"}
_MESSAGES = {
    "unavailable": {
        "de": "{name} ist gerade nicht erreichbar. Bitte geben Sie die Firma von Hand ein.",
        "en": "{name} cannot be reached just now. Please enter the company by hand.",
    },
    "rate_limited": {
        "de": "{name} nimmt gerade keine weiteren Anfragen an. Bitte geben Sie die Firma von Hand ein.",
        "en": "{name} takes no more questions just now. Please enter the company by hand.",
    },
}


async def look_up(ctx: Context, directories: Directories, query: CompanyQuery) -> dict[str, Any]:
    """A `CompanyLookup`. Raises Forbidden, Invalid (nothing to search by) and TooManyRequests.

    The directories are asked while no connection is held: kept answers are read before, and what they find is compared after.
    """
    if not (ctx.may(Permission.ACCOUNTS_WRITE) or ctx.may(Permission.LEADS_CREATE)):
        raise Forbidden(permission=Permission.ACCOUNTS_WRITE.value)
    if not (query.name or query.vat_id or query.register_number):
        message = {
            "de": "Nennen Sie den Namen, die UID-Nummer oder die Registernummer.",
            "en": "Give a name, a VAT id or a register number.",
        }
        raise Invalid([("?name", "too_little", message)])
    outcomes = await _outcomes(ctx, directories, query)
    return {
        "suggestions": await _suggestions(ctx, query, outcomes),
        "vat_check": _vat_check(query, outcomes),
        "directories": [_state(name, outcomes[name], ctx.language) for name in NAMES],
    }


async def _outcomes(ctx: Context, directories: Directories, query: CompanyQuery) -> dict[str, Outcome]:
    questions = {name: question for name, one in directories.enabled.items() if (question := one.question(query))}
    outcomes = {name: Outcome("not_asked" if name in directories.enabled else "disabled") for name in NAMES}
    kept = await cache.read(ctx, {name: question.key() for name, question in questions.items()})
    outcomes |= {name: Outcome("ok", found, at, kept=True) for name, (found, at) in kept.items()}
    if left := {name: question for name, question in questions.items() if name not in kept}:
        await directories.limiter.attempt(f"lookup:{ctx.user_id}", directories.per_minute)
        outcomes |= await directories.ask(left)
    return outcomes


async def _suggestions(ctx: Context, query: CompanyQuery, outcomes: dict[str, Outcome]) -> list[dict[str, Any]]:
    asked = normalise(query.values())
    ranked = sorted(
        (
            (confidence(query, asked, suggestion, party := normalise(suggestion.values())), name, suggestion, party)
            for name, outcome in outcomes.items()
            if outcome.found
            for suggestion in outcome.found.suggestions
        ),
        key=lambda entry: (-entry[0], entry[2].status == "terminated", entry[1], entry[2].fields["name"]),
    )
    compares = ctx.may(Permission.PROTECTION_CHECK)
    suggestions = []
    for at, (confident, name, suggestion, party) in enumerate(ranked):
        known = None
        if compares and at < MOST_COMPARED:
            try:
                known = await duplicates.of_values(ctx, party, types=("lead", "account"))
            except IndexOutdated:  # being renewed just now: no reason to keep anybody from entering a company
                compares = False
        suggestions.append(_wire(name, suggestion, confident) | {"known": known})
    return suggestions


def confidence(query: CompanyQuery, asked: Party, suggestion: Suggestion, party: Party) -> float:
    """How well it fits, by the one matcher; a number that was asked for and is the company's own settles it."""
    same_vat = bool(asked.vat) and asked.vat == party.vat
    same_register = _plain(query.register_number) is not None and (
        _plain(query.register_number) == _plain(suggestion.register_number)
    )
    fits = score(asked, party).score
    if same_vat or (same_register and not query.name):
        return max(fits, 0.95)
    return max(fits, 0.9) if same_register and fits > 0.1 else fits


def _plain(number: str | None) -> str | None:
    return "".join(c for c in number.upper() if c.isalnum()) or None if number else None


def _wire(name: str, suggestion: Suggestion, confident: float) -> dict[str, Any]:
    return {
        "directory": name,
        "source_id": suggestion.source_id,
        "source_url": suggestion.source_url,
        "confidence": confident,
        "status": suggestion.status,
        "register_number": suggestion.register_number,
        "register_court": suggestion.register_court,
        "address": suggestion.address,
        "fields": {field: suggestion.fields.get(field) for field in FIELDS},
    }


def _vat_check(query: CompanyQuery, outcomes: dict[str, Outcome]) -> dict[str, Any] | None:
    number = vat_number(query)
    if number is None:
        return None
    found = outcomes["vies"].found
    valid = found.vat_valid if found else None
    status = "unknown" if valid is None else "valid" if valid else "invalid"
    return {"vat_id": number.text, "status": "malformed" if number.state == "malformed" else status}


def _state(name: str, outcome: Outcome, language: str) -> dict[str, Any]:
    texts = _MESSAGES.get(outcome.state)
    return {
        "name": name,
        "state": outcome.state,
        "reason": outcome.reason,
        "message": texts[language].format(name=_TITLES[name]) if texts else None,
        "retry_after": outcome.retry_after,
        "answered_at": moment(outcome.answered_at) if outcome.answered_at else None,
        "kept": outcome.kept,
    }
