"""Contacts: the people of a customer, and whose else they are (ACC-5, ACC-6, ACC-9)."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Computed,
    ForeignKey,
    Index,
    UniqueConstraint,
    and_,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, array
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Account
from app.core.db import Base, Record
from app.core.visibility import Explained, beside, owned

RELATIONS = ("employee", "owner", "board", "adviser", "agent", "other")
"""What a person is to a further account."""


@owned
class Contact(Explained, Record, Base):
    """A person, with their main account."""

    __tablename__ = "contacts"
    __table_args__ = (
        CheckConstraint("access IN ('managers', 'public_read', 'public_write')", name="access"),
        Index("ix_contacts_created_at_id", "created_at", "id"),
        Index("ix_contacts_sort_name_id", "sort_name", "id"),
        Index(
            "ix_contacts_search_key",
            "search_key",
            postgresql_using="gin",
            postgresql_ops={"search_key": "gin_trgm_ops"},
        ),
        Index("ix_contacts_team_ids", "team_ids", postgresql_using="gin"),
        Index("ix_contacts_manager_ids", "manager_ids", postgresql_using="gin"),
        Index("ix_contacts_open_to_all", "created_at", "id", postgresql_where=text("access <> 'managers'")),
        Index("ix_contacts_photo_id", "photo_id", postgresql_where=text("photo_id IS NOT NULL")),
        Index("ix_contacts_assignee_id_created_at_id", "assignee_id", "created_at", "id"),
        Index("ix_contacts_city_created_at_id", text("sort_key(city)"), "created_at", "id"),
        Index("ix_contacts_postal_code_created_at_id", "postal_code", "created_at", "id"),
        Index("ix_contacts_relationship_created_at_id", "relationship", "created_at", "id"),
        Index("ix_contacts_do_not_contact", "created_at", "id", postgresql_where=text("do_not_contact")),
        Index("ix_contacts_lead_id", "lead_id", postgresql_where=text("lead_id IS NOT NULL")),
        CheckConstraint("relationship IN ('active', 'left', 'retired', 'other')", name="relationship"),
        Index("ix_contacts_contact_type", "contact_type", postgresql_where=text("contact_type IS NOT NULL")),
        Index("ix_contacts_reach_keys", "reach_keys", postgresql_using="gin"),
        Index(
            "ix_contacts_previous_contact_id",
            "previous_contact_id",
            postgresql_where=text("previous_contact_id IS NOT NULL"),
        ),
    )

    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    salutation: Mapped[str | None]
    title: Mapped[str | None]
    first_name: Mapped[str | None]
    last_name: Mapped[str]
    sort_name: Mapped[str] = mapped_column(
        Computed("sort_key(last_name || ' ' || coalesce(first_name, ''))", persisted=True)
    )
    search_key: Mapped[str] = mapped_column(
        Computed(
            "sort_key(coalesce(first_name || ' ', '') || last_name || coalesce(' ' || first_name, ''))", persisted=True
        )
    )
    """The name in either order, so that part of both is found."""
    job_title: Mapped[str | None]
    assignee_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    manager_ids: Mapped[list[UUID]]
    team_ids: Mapped[list[UUID]]
    teams_follow: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether `team_ids` are the account's, and change with them."""
    access: Mapped[str] = mapped_column(server_default="managers")
    street: Mapped[str | None]
    postal_code: Mapped[str | None]
    city: Mapped[str | None]
    state: Mapped[str | None]
    country: Mapped[str | None]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    emails: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    """All e-mail addresses; the plain columns are the primary entry of each list, see `app.accounts.reach` (ACC-9)."""
    phones: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    addresses: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    web_addresses: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    reach_keys: Mapped[list[str]] = mapped_column(Computed("reach_keys(emails, phones)", persisted=True))
    """What finds the contact by its lists."""
    contact_type: Mapped[str | None] = mapped_column(ForeignKey("contact_types.key"))
    relationship: Mapped[str] = mapped_column(server_default="active")
    """Whether the person is still at the account; changed by a departure only (ACC-6)."""
    do_not_contact: Mapped[bool] = mapped_column(server_default=text("false"))
    left_on: Mapped[date | None]
    previous_contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL"))
    """The same person at the account that they left."""
    birth_date: Mapped[date | None]
    description: Mapped[str | None]
    source: Mapped[str | None]
    erp_id: Mapped[str | None] = mapped_column(unique=True)
    lead_id: Mapped[UUID | None]
    photo_id: Mapped[UUID | None] = mapped_column(ForeignKey("photos.id", ondelete="SET NULL"))
    custom: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Values of the fields that the installation has added, by key (ACC-10)."""

    @classmethod
    def reasons_to_see(
        cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]
    ) -> dict[str, ColumnElement[bool]]:
        return {
            "open_to_all": cls.access != literal_column("'managers'"),  # a bind would hide the partial index
            "assignee": cls.assignee_id == user,
            "manager": cls.manager_ids.op("@>", is_comparison=True)(array([user])),
            "team": cls.team_ids.op("&&", is_comparison=True)(teams),
        }


@owned
class AccountContact(Record, Base):
    """A person belongs to a further account, besides their main one (ACC-5)."""

    __tablename__ = "account_contacts"
    __table_args__ = (
        CheckConstraint(f"relation IN {RELATIONS}", name="relation"),
        UniqueConstraint("account_id", "contact_id"),
        Index("ix_account_contacts_created_at_id", "created_at", "id"),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    relation: Mapped[str]
    job_title: Mapped[str | None]

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        """Whoever sees both ends."""
        return and_(
            *(
                beside(
                    select(model.id).where(model.id == end, model.visible_to(user, teams)).correlate(cls),
                    model,
                    reason="seen by the record's own rule",
                ).exists()
                for model, end in ((Account, cls.account_id), (Contact, cls.contact_id))
            )
        )


class Departure(Record, Base):
    """A person left their account (ACC-6). Of a person who was merged there may be several; the latest counts."""

    __tablename__ = "departures"
    __table_args__ = (
        CheckConstraint("relationship IN ('left', 'retired', 'other')", name="relationship"),
        Index("ix_departures_lead_id", "lead_id", postgresql_where=text("lead_id IS NOT NULL")),
    )

    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    relationship: Mapped[str]
    left_on: Mapped[date]
    note: Mapped[str | None]
    was: Mapped[dict[str, Any]]
    """What the undoing puts back: `do_not_contact`, and the accounts where the person decided."""
    lead_id: Mapped[UUID | None] = mapped_column(ForeignKey("leads.id", ondelete="SET NULL"))
    """The lead that was made of the company that they went to."""
