"""Activities: what was done and is to be done with customers (ACT-1). One table; each type uses the columns that it needs."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ColumnElement,
    Computed,
    DateTime,
    ForeignKey,
    Index,
    and_,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, array
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Record, new_id
from app.core.visibility import Explained, beside, owned
from app.identity.models import CalendarShare

STATUSES: dict[str, tuple[str, ...]] = {
    # type: its statuses, the first as it begins
    "call": ("planned", "held", "cancelled"),
    "meeting": ("planned", "held", "cancelled"),
    "task": ("open", "done", "deferred", "cancelled"),
    "note": ("done",),
    "email": ("sent", "received", "archived"),
    "visit_report": ("submitted", "reviewed"),
}
OPEN = ("open", "planned")
"""Statuses of what is still to be done."""
_FITTING = " OR ".join(f"type = '{type_}' AND status IN {statuses}" for type_, statuses in STATUSES.items())
_FITTING = _FITTING.replace(",)", ")")
_IS_OPEN = f"status IN {OPEN}"


@owned
class Activity(Explained, Record, Base):
    """A call, meeting, task, note, e-mail or visit report, with the records that it is about.

    A recurring meeting is one row, the series; an occurrence that was changed or held is a row of its own (`series_id`,
    `occurrence_at`).
    """

    __tablename__ = "activities"
    __table_args__ = (
        CheckConstraint(_FITTING, name="status"),
        CheckConstraint(
            "num_nonnulls(account_id, contact_id, lead_id, opportunity_id) > 0 OR type IN ('meeting', 'visit_report')",
            name="linked",
        ),
        CheckConstraint("starts_at <= ends_at", name="times"),
        CheckConstraint("recurrence IS NULL OR type = 'meeting' AND series_id IS NULL", name="recurrence"),
        CheckConstraint("(series_id IS NULL) = (occurrence_at IS NULL)", name="occurrence"),
        CheckConstraint("direction IN ('inbound', 'outbound')", name="direction"),
        CheckConstraint("consent IN ('granted', 'refused')", name="consent"),
        CheckConstraint("cross_sell_outcome IN ('opportunity', 'task', 'dismissed')", name="cross_sell_outcome"),
        Index("ix_activities_created_at_id", "created_at", "id"),
        Index("ix_activities_at_id", "at", "id"),
        Index("ix_activities_account_id_at_id", "account_id", "at", "id"),
        Index("ix_activities_contact_id_at_id", "contact_id", "at", "id"),
        Index("ix_activities_lead_id_at_id", "lead_id", "at", "id"),
        Index("ix_activities_opportunity_id_at_id", "opportunity_id", "at", "id"),
        Index("ix_activities_assignee_id_at_id", "assignee_id", "at", "id"),
        Index("ix_activities_open", "assignee_id", "at", "id", postgresql_where=text("is_open")),
        Index("ix_activities_review", "at", "id", postgresql_where=text("status = 'submitted'")),
        Index("ix_activities_created_by_at_id", "created_by", "at", "id"),
        Index("ix_activities_team_ids", "team_ids", postgresql_using="gin"),
        Index("ix_activities_participant_ids", "participant_ids", postgresql_using="gin"),
        Index("ix_activities_series_id", "series_id", postgresql_where=text("series_id IS NOT NULL")),
        Index("ix_activities_recurring", "assignee_id", postgresql_where=text("recurrence IS NOT NULL")),
        Index("ix_activities_follows_id", "follows_id", postgresql_where=text("follows_id IS NOT NULL")),
        Index(
            "uq_activities_follow_up_call",
            "follows_id",
            unique=True,
            postgresql_where=text("type = 'call' AND status <> 'cancelled'"),
        ),
        Index(
            "ix_activities_script_version_id",
            "script_version_id",
            postgresql_where=text("script_version_id IS NOT NULL"),
        ),
        Index("ix_activities_account_id_answered", "account_id", "at", postgresql_where=text("answers IS NOT NULL")),
        Index("ix_activities_contact_id_answered", "contact_id", "at", postgresql_where=text("answers IS NOT NULL")),
        Index(
            "uq_activities_occurrence",
            "series_id",
            "occurrence_at",
            unique=True,
            postgresql_where=text("series_id IS NOT NULL"),
        ),
    )

    type: Mapped[str]
    subject: Mapped[str]
    description: Mapped[str | None]
    status: Mapped[str]
    is_open: Mapped[bool] = mapped_column(Computed(_IS_OPEN, persisted=True))
    """Whether something is still to be done."""
    at: Mapped[datetime] = mapped_column(
        Computed("coalesce(starts_at, done_at, due_at, created_at)", persisted=True),
    )
    """When it happens, or happened: what timelines are ordered by."""
    result: Mapped[str | None]
    """What came of it: of calls and meetings."""
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    due_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"))
    lead_id: Mapped[UUID | None] = mapped_column(ForeignKey("leads.id", use_alter=True))
    opportunity_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("opportunities.id", ondelete="SET NULL", use_alter=True)
    )
    team_ids: Mapped[list[UUID]] = mapped_column(server_default=text("'{}'"))
    teams_follow: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether `team_ids` are the account's, and change with them."""
    customer: Mapped[dict[str, Any] | None]
    """The customer's data as they stood when the activity was made (CONV-2)."""
    follows_id: Mapped[UUID | None] = mapped_column(ForeignKey("activities.id", ondelete="SET NULL"))
    """The activity that this one follows up (CALL-3, VISIT-4)."""

    # calls, meetings, visit reports, e-mails
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    time_zone: Mapped[str | None]
    """Where the clock stands that says when: an IANA name. Follow-ups and recurring meetings keep its time."""
    location: Mapped[str | None]
    participant_ids: Mapped[list[UUID]] = mapped_column(server_default=text("'{}'"))
    """Users who take part besides the assignee. Contacts who do: `ActivityContact`."""
    direction: Mapped[str | None]

    # calls
    call_type: Mapped[str | None]
    script_version_id: Mapped[UUID | None] = mapped_column(ForeignKey("call_script_versions.id"))
    """The script that was used, as it was worded then."""
    answers: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    """To key questions, each with the question as it was asked: see `app.call_scripts.schemas.AnswerRead`."""
    consent: Mapped[str | None]
    consent_email: Mapped[str | None]
    consent_was: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What the address said before any call, should the answers be taken back (CALL-4)."""

    # meetings
    starts_on: Mapped[date | None]
    """First and last day of an all-day meeting; `starts_at` and `ends_at` are then those days' ends in `time_zone`."""
    ends_on: Mapped[date | None]
    recurrence: Mapped[str | None]
    """An RRULE of RFC 5545, reckoned from `starts_at` in `time_zone`."""
    recurs_until: Mapped[datetime | None]
    """When the last occurrence ends; none for a series without end."""
    excluded_at: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)), server_default=text("'{}'"))
    """Starts of occurrences that do not take place."""
    series_id: Mapped[UUID | None] = mapped_column(ForeignKey("activities.id", ondelete="CASCADE"))
    occurrence_at: Mapped[datetime | None]
    """When this occurrence would start by the series' rule."""

    # e-mails
    from_address: Mapped[str | None]
    to_addresses: Mapped[list[str] | None]
    cc_addresses: Mapped[list[str] | None]

    # visit reports
    cross_sell: Mapped[bool | None]
    cross_sell_note: Mapped[str | None]
    cross_sell_outcome: Mapped[str | None]
    """What the review made of it."""
    follow_up_actions: Mapped[list[Any] | None] = mapped_column(JSONB)
    """`{"id", "text", "due_on", "task_id", "dismissed", "reason"}` each; with neither task nor dismissal it is open (VISIT-4)."""
    unknown_customer: Mapped[dict[str, Any] | None]
    """What the technician said of a customer who was not found, and as `outcome` whether a lead was made of it."""
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[UUID | None]

    @classmethod
    def reasons_to_see(
        cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]
    ) -> dict[str, ColumnElement[bool]]:
        shared = select(CalendarShare.owner_id).where(CalendarShare.user_id == user)
        calendars = beside(shared, CalendarShare, reason="those shared with the asker").scalar_subquery()
        return {
            "assignee": cls.assignee_id == user,
            "creator": cls.created_by == user,
            "participant": cls.participant_ids.op("@>", is_comparison=True)(array([user])),
            "team": cls.team_ids.op("&&", is_comparison=True)(teams),
            "calendar_share": and_(
                cls.type.in_([literal_column("'call'"), literal_column("'meeting'")]),
                or_(
                    cls.assignee_id == func.any(func.array(calendars)),
                    cls.participant_ids.op("&&", is_comparison=True)(func.array(calendars)),
                ),
            ),
        }


class ActivityContact(Base):
    """A contact who takes part in an activity, besides the one that it is about. Twice the same counts once."""

    __tablename__ = "activity_contacts"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activities.id", ondelete="CASCADE"), index=True)
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)


class VisitReportAmendment(Base):
    """What was added to a submitted visit report. It is never changed: what was said before stays beside it."""

    __tablename__ = "visit_report_amendments"
    __table_args__ = (Index("ix_visit_report_amendments_activity_id_created_at_id", "activity_id", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activities.id", ondelete="CASCADE"))
    text: Mapped[str]
    visited_at: Mapped[datetime | None]
    visited_at_before: Mapped[datetime | None]
    """What the report said until then."""
    cross_sell: Mapped[bool] = mapped_column(server_default=false())
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    request_hash: Mapped[bytes | None]
