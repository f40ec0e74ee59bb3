"""Calls as clients send them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.activities.reads import Direction
from app.activities.schemas import ACCOUNT, CONTACT, Appointment, AppointmentUpdate
from app.call_scripts.schemas import AnswerBody
from app.core.particulars import Email
from app.core.types import Body, Key, Moment
from app.core.writing import absent

Answers = Annotated[list[AnswerBody], Field(max_length=50)]
_TYPE = "The key of a call script (`/v1/call-scripts`)."
_VERSION = "The version that was used; without one, the present one of the call's type."
_ANSWERS = "What the contact answered to key questions of that version."
_FOLLOW_UP = "With a held call only: plan the next one in the same request. 60 days is the recommended rhythm."


class ConsentBody(Body):
    """What the customer said to "May we send you further information by e-mail?"."""

    answer: Literal["granted", "refused"]
    email: Email | None = Field(
        default=None,
        description="One of the contact's addresses, or of the account's without a contact; else the primary.",
    )


def _number(days: object) -> object:
    return None if isinstance(days, bool) else days  # true is not 1


class FollowUpBody(Body):
    """When to call again: so many days after the start of this call at the same time of day, or at a time of your choice."""

    in_days: Annotated[Literal[1, 2, 5, 7, 30, 60], BeforeValidator(_number)] | None = None
    at: Moment | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> "FollowUpBody":
        if (self.in_days is None) == (self.at is None):
            message = "Send either in_days or at."
            raise PydanticCustomError("either", message, {"de": "Senden Sie entweder in_days oder at."})
        return self


class CallCreate(Appointment):
    """A call that was held, in or out, or one that is planned."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "call",
                "status": "held",
                "subject": "Erstgespräch",
                "starts_at": "2026-11-20T10:30:00+01:00",
                "result": "Interesse an Wartungsvertrag.",
                "account_id": ACCOUNT,
                "contact_id": CONTACT,
                "follow_up": {"in_days": 60},
            }
        }
    )

    type: Literal["call"]
    status: Literal["planned", "held", "cancelled"] = "held"
    direction: Direction = "outbound"
    starts_at: Moment | None = Field(default=None, description="Now, without one. A planned call needs it.")
    call_type: Key | None = Field(default=None, description=_TYPE)
    script_version_id: UUID | None = Field(default=None, description=_VERSION)
    answers: Answers = Field(default_factory=list, description=_ANSWERS)
    consent: ConsentBody | None = None
    follow_up: FollowUpBody | None = Field(default=None, description=_FOLLOW_UP)


class CallUpdate(AppointmentUpdate):
    """What can change of a call."""

    direction: Direction = absent()
    contact_id: Annotated[UUID, Field(description="Who was called, once that is known.")] = absent()
    call_type: Key | None = Field(default=None, description=_TYPE)
    script_version_id: UUID | None = Field(default=None, description=_VERSION)
    answers: Annotated[Answers, Field(description=_ANSWERS)] = absent()
    consent: ConsentBody | None = Field(default=None, description="Null takes the answer back.")
    follow_up: Annotated[FollowUpBody, Field(description=_FOLLOW_UP)] = absent()


LEFT = ("contact_id", "call_type", "script_version_id", "answers", "consent", "follow_up")
"""Fields of an update that are no columns of their own: `calls.service.change` sees to them."""
