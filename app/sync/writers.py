"""How each kind of record is written: by the very services that its single requests call (SYNC-2)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel, TypeAdapter, ValidationError

from app.accounts import service as accounts
from app.accounts.schemas import AccountCreate, AccountUpdate
from app.contacts import service as contacts
from app.contacts.schemas import ContactCreate, ContactUpdate
from app.core.context import Context
from app.core.failures import invalid_fields
from app.core.problems import Invalid
from app.leads.schemas import LeadCreate, LeadUpdate
from app.recording import service as recording
from app.recording.schemas import ActivityCreate, ActivityUpdate
from app.registration import account_service
from app.registration import service as registration
from app.sync.working_set import KINDS, Kind


@dataclass(frozen=True)
class Writer:
    """The way in for one kind of record."""

    kind: Kind
    new: TypeAdapter[Any]
    patch: TypeAdapter[Any]
    create: Callable[[Context, Any], Awaitable[tuple[UUID, bool]]]
    update: Callable[[Context, UUID, Any, str], Awaitable[None]]
    remove: Callable[[Context, UUID], Awaitable[None]]


async def _remove_lead(ctx: Context, lead_id: UUID) -> None:
    await registration.remove(ctx, lead_id, None)


WRITERS: dict[str, Writer] = {
    writer.kind.name: writer
    for writer in (
        Writer(
            KINDS["account"],
            TypeAdapter(AccountCreate),
            TypeAdapter(AccountUpdate),
            account_service.create,
            account_service.update,
            accounts.remove,
        ),
        Writer(
            KINDS["contact"],
            TypeAdapter(ContactCreate),
            TypeAdapter(ContactUpdate),
            contacts.create,
            contacts.update,
            contacts.remove,
        ),
        Writer(
            KINDS["lead"],
            TypeAdapter(LeadCreate),
            TypeAdapter(LeadUpdate),
            registration.create,
            registration.update,
            _remove_lead,
        ),
        Writer(
            KINDS["activity"],
            TypeAdapter(ActivityCreate),
            TypeAdapter(ActivityUpdate),
            recording.create,
            recording.update,
            recording.remove,
        ),
    )
}


def parsed(adapter: TypeAdapter[Any], data: dict[str, Any]) -> BaseModel:
    """The body of a request. Raises Invalid as the request would, with pointers into `data`."""
    try:
        body: BaseModel = adapter.validate_python(data)
    except ValidationError as error:
        found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors(include_url=False)]
        raise Invalid(invalid_fields(found, data)) from None
    return body
