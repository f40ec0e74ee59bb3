"""Consent to further e-mail, given or refused at a call (CALL-4).

The answer stays with the call and changes the address's entry in the contact's list, or in the account's where the call is with
no contact. Of several answers the one given last counts, by the time of the calls and not by their arrival.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from app.accounts.models import Account
from app.accounts.reach import EMAILS, FROM_CALL, NO_CONSENT, Entry
from app.activities.models import Activity
from app.calls.queries import CONSENT_WAS, latest_answer
from app.calls.schemas import CallUpdate, ConsentBody
from app.contacts.models import Contact
from app.core.context import Context
from app.core.problems import Language
from app.core.visibility import unscoped, visible
from app.identity.references import FieldProblem

_NOT_HELD: dict[Language, str] = {
    "de": "Erst bei einem durchgeführten Anruf gibt es eine Antwort.",
    "en": "There is an answer at a held call only.",
}
_KEPT: dict[Language, str] = {
    "de": "Bei diesem Anruf wurde eine Einwilligung erteilt oder verweigert; nehmen Sie das zuerst zurück („consent“: null).",
    "en": "A consent was given or refused at this call; take that back first (“consent”: null).",
}
_NO_ADDRESS: dict[Language, str] = {
    "de": "Es ist keine E-Mail-Adresse eingetragen, für die das gelten könnte.",
    "en": "No e-mail address is known that this could be about.",
}
_UNSEEN: dict[Language, str] = {
    "de": "Sie dürfen den Kontakt oder Kunden dieses Anrufs nicht sehen.",
    "en": "You may not see this call's contact or account.",
}


async def keep(ctx: Context, call: Activity, said: ConsentBody) -> list[FieldProblem]:
    """Keep the answer with the call and the address; returns what is wrong. The contact or account is locked."""
    if call.status != "held":
        return [("/consent", "not_held", _NOT_HELD)]
    keeper = await _keeper(ctx, call, seen=True)
    if keeper is None:
        return [("/consent", "unknown_record", _UNSEEN)]
    return await _keep(ctx, call, keeper, said)


async def change(ctx: Context, call: Activity, patch: CallUpdate) -> list[FieldProblem]:
    """After a patch's fields were set: the answer goes with the call's time, status and what the patch says of it."""
    named = "consent" in patch.model_fields_set
    said = patch.consent if named else _said(call)
    if call.status != "held" and said is not None:
        return [("/consent", "not_held", _NOT_HELD) if named else ("/status", "consent_kept", _KEPT)]
    if not named and (said is None or not {"starts_at", "status"} & patch.model_fields_set):
        return []
    keeper = await _keeper(ctx, call, seen=named)
    if keeper is None:
        return [("/consent", "unknown_record", _UNSEEN)] if named else []
    if call.consent is not None:
        await _take_back(ctx, call, keeper)
    if said is None:
        return []
    errors = await _keep(ctx, call, keeper, said)
    return errors if named else []  # an address that is gone keeps nothing


def _said(call: Activity) -> ConsentBody | None:
    if call.consent is None:
        return None
    answer: Any = call.consent
    return ConsentBody.model_construct(answer=answer, email=call.consent_email)


async def _keeper(ctx: Context, call: Activity, *, seen: bool) -> Contact | Account | None:
    """Whose list has the address: locked; with `seen`, only if the asker sees them."""
    model: Any = Contact if call.contact_id is not None else Account
    statement: Select[Any] = visible(model, ctx.principal)
    if not seen:
        statement = unscoped(statement, reason="the answer follows the call")
    statement = statement.where(model.id == (call.contact_id or call.account_id))
    statement = statement.with_for_update(of=model, key_share=True).execution_options(populate_existing=True)
    found: Contact | Account | None = (await ctx.session.execute(statement)).scalar_one_or_none()
    return found


async def _keep(ctx: Context, call: Activity, keeper: Contact | Account, said: ConsentBody) -> list[FieldProblem]:
    entries = [dict(entry) for entry in keeper.emails]
    if not entries:
        return [("/consent", "no_address", _NO_ADDRESS)]
    entry = _entry(entries, said.email)
    if entry is None:
        known = ", ".join(entry["address"] for entry in entries)
        return [("/consent/email", "unknown_address", {"de": f"Bekannt sind: {known}.", "en": f"Known are: {known}."})]
    assert call.starts_at is not None
    call.consent, call.consent_email = said.answer, entry["address"]
    call.consent_was = await _before_calls(ctx, entry)
    if entry["consent_at"] is None or datetime.fromisoformat(entry["consent_at"]) <= call.starts_at:
        entry |= _state(said.answer, call.starts_at, ctx.user_id, call.id)
        keeper.emails = entries
    return []


async def _take_back(ctx: Context, call: Activity, keeper: Contact | Account) -> None:
    """The address says again what it would say without this call. Nothing changes where another answer counts anyway."""
    entries = [dict(entry) for entry in keeper.emails]
    entry = _entry(entries, call.consent_email)
    if entry is not None and entry["consent_source"] == f"{FROM_CALL}{call.id}":
        others = await ctx.run(
            latest_answer(call.contact_id is not None), id=call.id, whom=keeper.id, email=call.consent_email
        )
        states = [call.consent_was or dict(NO_CONSENT)]
        states += [_state(row["consent"], row["starts_at"], row["created_by"], row["id"]) for row in others]
        entry |= max(
            states, key=lambda state: datetime.fromisoformat(state["consent_at"] or "0001-01-01T00:00:00+00:00")
        )
        keeper.emails = entries
    call.consent = call.consent_email = call.consent_was = None


async def _before_calls(ctx: Context, entry: Entry) -> dict[str, Any]:
    """What the address said before any call: what is left when all answers at calls are taken back."""
    source = entry["consent_source"] or ""
    if not source.startswith(FROM_CALL):
        return {name: entry[name] for name in NO_CONSENT}
    rows = await ctx.run(CONSENT_WAS, id=UUID(source.removeprefix(FROM_CALL)))
    return (rows[0]["consent_was"] if rows else None) or dict(NO_CONSENT)


def _entry(entries: list[Entry], address: str | None) -> Entry | None:
    """The address's entry; the primary one without an address."""
    if address is None:
        return next((entry for entry in entries if entry["primary"]), entries[0])
    return next((entry for entry in entries if EMAILS.key(entry) == address.lower()), None)


def _state(answer: str, at: datetime, by: UUID | None, call_id: UUID) -> dict[str, Any]:
    return {
        "consent": answer,
        "consent_at": at.isoformat(),
        "consent_by": str(by) if by else None,
        "consent_source": f"{FROM_CALL}{call_id}",
    }
