"""Contacts: the people of a customer."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Computed, ForeignKey, Index, literal_column, text
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Record
from app.core.visibility import Explained, owned


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
        Index("ix_contacts_lead_id", "lead_id", postgresql_where=text("lead_id IS NOT NULL")),
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
    assignee_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
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
    birth_date: Mapped[date | None]
    description: Mapped[str | None]
    source: Mapped[str | None]
    erp_id: Mapped[str | None] = mapped_column(unique=True)
    lead_id: Mapped[UUID | None]
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
