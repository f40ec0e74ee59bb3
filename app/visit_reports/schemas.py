"""Visit reports, their amendments and their review, as clients send them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from app.activities.reads import ReviewReason, VisitReportRead
from app.activities.schemas import ACCOUNT, CONTACT, Linked, NoteUpdate, Text
from app.core.particulars import Email, Phone, PostalCode
from app.core.resource import ListQuery
from app.core.types import Body, ClientId, Country, Day, Line, Moment, Money, Prose
from app.core.writing import absent
from app.identity.schemas import TimeZone

NOT_SET = ("account_id", "contact_id", "visited_at")
"""Fields of a change that are not simply set."""
_ACTION = "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1f"


class UnknownCustomer(Body):
    """A customer whom the technician did not find."""

    name: Line
    street: Line | None = None
    postal_code: PostalCode
    city: Line
    country: Country
    phone: Phone | None = None
    email: Email | None = None
    contact_name: Line | None = Field(default=None, description="Whom the technician spoke with.")
    note: Prose | None = None


class FollowUpActionBody(Body):
    """What is to follow of the visit. The review turns it into a task."""

    id: UUID = Field(description="Chosen by the client, so that it is the same one whenever it is sent.")
    text: Annotated[Text, Field(max_length=2000)]
    due_on: Day | None = None


FollowUpActions = Annotated[list[FollowUpActionBody], Field(max_length=50)]


class VisitReportCreate(Linked):
    """A report of a visit, perhaps sent days later."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "type": "visit_report",
                "subject": "Ölfiltration vorgestellt",
                "description": "Werkstattleiter hat Interesse.",
                "visited_at": "2026-11-20T10:30:00+01:00",
                "account_id": ACCOUNT,
                "cross_sell": True,
                "cross_sell_note": "Schlauchtrommel in Halle 2 ist undicht.",
                "follow_up_actions": [{"id": _ACTION, "text": "Angebot für Schlauchtrommel", "due_on": "2026-11-27"}],
            }
        }
    )

    type: Literal["visit_report"]
    subject: Line = Field(description="A short summary.")
    description: Text
    visited_at: Moment
    time_zone: TimeZone | None = Field(default=None, description="The asker's own, without one.")
    unknown_customer: UnknownCustomer | None = Field(
        default=None,
        description="Instead of a record: a customer who was not found. A lead is made, if nobody has them.",
    )
    cross_sell: bool = Field(
        default=False, description="A possible order was seen: the centre manager is told at once."
    )
    cross_sell_note: Prose | None = None
    follow_up_actions: FollowUpActions = Field(default_factory=list)

    @model_validator(mode="after")
    def _known_or_unknown(self) -> "VisitReportCreate":
        known = (self.account_id, self.contact_id, self.lead_id, self.opportunity_id)
        if self.unknown_customer is not None and any(known):
            german = "Nennen Sie den Kunden oder beschreiben Sie einen unbekannten, nicht beides."
            message = "Name the customer or describe an unknown one, not both."
            raise PydanticCustomError("known_or_unknown", message, {"de": german})
        return self


class VisitReportUpdate(NoteUpdate):
    """What can change of a visit report: links that lack are added. What was submitted stays: it is amended."""

    visited_at: Moment = absent()
    account_id: UUID = absent()
    contact_id: UUID = absent()


class AmendmentCreate(Body):
    """Something to add to a submitted visit report."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"text": "Der Werkstattleiter heißt Berger, nicht Bergmann."}}
    )

    id: ClientId | None = None
    text: Text
    visited_at: Moment | None = Field(default=None, description="The visit was then, not when the report said.")
    cross_sell: bool = Field(default=False, description="Cross-sell was found after all.")
    cross_sell_note: Prose | None = Field(default=None, description="With `cross_sell`.")
    follow_up_actions: FollowUpActions = Field(default_factory=list, description="Further ones.")


class TaskPart(Body):
    """The task that something becomes."""

    subject: Line | None = Field(default=None, description="Left out: the first words of what it is made of.")
    assignee_id: UUID | None = None
    due_at: Moment | None = None


class _Decision(Body):
    """One of several ways to settle something."""

    dismiss: bool = Field(default=False, description="Nothing is to be done.")
    reason: Line | None = Field(default=None, description="With `dismiss`.")

    @model_validator(mode="after")
    def _one(self) -> "_Decision":
        ways = [way for way in ("task", "opportunity", "dismiss") if getattr(self, way, None)]
        if len(ways) != 1:
            raise PydanticCustomError("one_way", "Choose one way.", {"de": "Wählen Sie genau einen Weg."})
        return self


class ActionReview(_Decision):
    """What becomes of a follow-up action: a task (the asker's own, without an assignee), or nothing."""

    id: UUID
    task: TaskPart | None = None


class OpportunityPart(Body):
    """The opportunity that cross-sell becomes; what is left out is as `POST /v1/opportunities` has it."""

    name: Line
    expected_revenue: Money | None = Field(default=None, description="Expected annual revenue; zero while not known.")
    pipeline_id: UUID | None = None
    stage_id: UUID | None = None
    assignee_id: UUID | None = None
    close_on: Day | None = None


class CrossSellReview(_Decision):
    """What becomes of cross-sell: an opportunity, a task (the centre manager's, without an assignee), or nothing."""

    opportunity: OpportunityPart | None = None
    task: TaskPart | None = None


class VisitReportReview(Body):
    """A review: all of it in one request. Whatever is left out stays to be done."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "account_id": ACCOUNT,
                "contact_id": CONTACT,
                "actions": [{"id": _ACTION, "task": {"due_at": "2026-12-01T09:00:00+01:00"}}],
                "cross_sell": {"task": {}},
            }
        }
    )

    account_id: UUID | None = Field(default=None, description="Adds the account that lacks.")
    contact_id: UUID | None = Field(default=None, description="Adds the contact that lacks.")
    actions: list[ActionReview] = Field(default_factory=list, max_length=50)
    cross_sell: CrossSellReview | None = None
    amendment: Text | None = Field(default=None, description="Something to add to the report.")
    accept_missing: list[Literal["account", "contact"]] = Field(
        default_factory=list, max_length=2, description="The review is complete although this is not known."
    )


class VisitReportToReview(VisitReportRead):
    """A visit report that is to be reviewed, and why."""

    reasons: list[ReviewReason]
    age_days: int = Field(description="Full days since it was submitted.")


class ReviewQuery(ListQuery):
    """Filters of the review."""

    reason: list[ReviewReason] = Field(default_factory=list, max_length=5, description="One of these.")
    centre_id: UUID | None = Field(default=None, description="Reports of the centre's teams.")
    created_by: list[UUID] = Field(default_factory=list, max_length=50, description="The authors.")
    account_id: list[UUID] = Field(default_factory=list, max_length=50)
    visited_after: Moment | None = None
    visited_before: Moment | None = None
    sort: Literal["visited_at", "-visited_at"] = "visited_at"
