"""Leads (LEAD-1 to LEAD-3) and their conversions (CONV-6)."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    literal_column,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Record
from app.core.visibility import Explained, owned


@owned
class Lead(Explained, Record, Base):
    """A possible customer. `phase` is `open` until it is converted or discarded; only an open one can be changed (LEAD-6)."""

    __tablename__ = "leads"
    __table_args__ = (
        ForeignKeyConstraint(["project_id", "status"], ["project_statuses.project_id", "project_statuses.key"]),
        CheckConstraint("phase IN ('open', 'converted', 'discarded')", name="phase"),
        CheckConstraint("(phase = 'converted') = (converted_at IS NOT NULL)", name="converted"),
        Index("ix_leads_created_at_id", "created_at", "id"),
        Index("ix_leads_sort_name_id", "sort_name", "id"),
        Index(
            "ix_leads_search_key", "search_key", postgresql_using="gin", postgresql_ops={"search_key": "gin_trgm_ops"}
        ),
        Index("ix_leads_assignee_id_created_at_id", "assignee_id", "created_at", "id"),
        Index("ix_leads_created_by", "created_by"),
        Index("ix_leads_team_ids", "team_ids", postgresql_using="gin"),
        Index("ix_leads_open_to_all", "created_at", "id", postgresql_where=text("visibility = 'all'")),
        Index("ix_leads_contact_id", "contact_id", postgresql_where=text("contact_id IS NOT NULL")),
        Index("ix_leads_project_id_status_created_at_id", "project_id", "status", "created_at", "id"),
        Index(
            "ix_leads_never_contacted",
            "created_at",
            "id",
            postgresql_where=text("phase = 'open' AND contacted_on IS NULL"),
        ),
    )

    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    status: Mapped[str]
    phase: Mapped[str] = mapped_column(server_default="open")
    source: Mapped[str | None]
    source_detail: Mapped[str | None]
    assignee_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    team_ids: Mapped[list[UUID]] = mapped_column(server_default=text("'{}'"))
    visibility: Mapped[str]
    """Copied from the project, so that reading needs no join."""
    name: Mapped[str]
    """The company's legal wording, or the person's name."""
    sort_name: Mapped[str] = mapped_column(Computed("sort_key(name)", persisted=True))
    search_key: Mapped[str] = mapped_column(
        Computed("sort_key(name || ' ' || coalesce(company, '') || ' ' || coalesce(city, ''))", persisted=True)
    )
    company: Mapped[str | None]
    salutation: Mapped[str | None]
    title: Mapped[str | None]
    first_name: Mapped[str | None]
    last_name: Mapped[str | None]
    birth_date: Mapped[date | None]
    street: Mapped[str | None]
    postal_code: Mapped[str | None]
    city: Mapped[str | None]
    state: Mapped[str | None]
    country: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    website: Mapped[str | None]
    vat_id: Mapped[str | None]
    contacted_on: Mapped[date | None]
    description: Mapped[str | None]
    expected_revenue_amount: Mapped[Decimal | None]
    expected_revenue_currency: Mapped[str | None]
    receipt_id: Mapped[UUID | None] = mapped_column(ForeignKey("protection_checks.id"))
    """The protection check that came before: who asked what and when, as evidence."""
    converted_at: Mapped[datetime | None]
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"))
    opportunity_requested_at: Mapped[datetime | None]
    custom: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Values of the fields that the installation has added, by key (ACC-10)."""

    @classmethod
    def reasons_to_see(
        cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]
    ) -> dict[str, ColumnElement[bool]]:
        return {
            "open_to_all": cls.visibility == literal_column("'all'"),  # a bind would hide the partial index
            "assignee": cls.assignee_id == user,
            "creator": cls.created_by == user,
            "team": cls.team_ids.op("&&", is_comparison=True)(teams),
        }


class Conversion(Base):
    """What a lead became, and by which outcome (CONV-2). One per lead: it happens once."""

    __tablename__ = "conversions"
    __table_args__ = (
        Index("ix_conversions_account_id", "account_id", postgresql_where=text("account_id IS NOT NULL")),
        Index("ix_conversions_contact_id", "contact_id", postgresql_where=text("contact_id IS NOT NULL")),
    )

    lead_id: Mapped[UUID] = mapped_column(ForeignKey("leads.id", ondelete="CASCADE"), primary_key=True)
    outcome: Mapped[str]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"))
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activities.id"))
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id"))
    applied: Mapped[dict[str, Any]]
    """The customer's fields that were set, each with its old value."""
    request_hash: Mapped[bytes]
    """Of the converting request: the same one again gets the same answer (CONV-6)."""
    converted_by: Mapped[UUID | None]
    converted_at: Mapped[datetime]
