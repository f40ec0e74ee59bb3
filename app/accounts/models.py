"""Accounts: the customers (ACC-1, ID-5)."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Computed, ForeignKey, Index, func, or_, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Record
from app.core.visibility import owned


@owned
class Account(Record, Base):
    """A company that is a customer. Required at creation: ACC-1. `type` and `status` are computed, never set by people."""

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("access IN ('managers', 'public_read', 'public_write')", name="access"),
        Index("ix_accounts_created_at_id", "created_at", "id"),
        Index("ix_accounts_sort_name_id", "sort_name", "id"),
        Index(
            "ix_accounts_sort_name", "sort_name", postgresql_using="gin", postgresql_ops={"sort_name": "gin_trgm_ops"}
        ),
        Index("ix_accounts_team_ids", "team_ids", postgresql_using="gin"),
        Index("ix_accounts_lead_id", "lead_id", postgresql_where=text("lead_id IS NOT NULL")),
    )

    name: Mapped[str]
    sort_name: Mapped[str] = mapped_column(Computed("sort_key(name)", persisted=True))
    assignee_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    manager_ids: Mapped[list[UUID]]
    """Who manages the account besides the assignee; each is told when added (ID-5)."""
    team_ids: Mapped[list[UUID]]
    access: Mapped[str] = mapped_column(server_default="managers")
    type: Mapped[str] = mapped_column(server_default="potential")
    status: Mapped[str] = mapped_column(server_default="new")
    level: Mapped[str]
    industry: Mapped[str]
    legal_form: Mapped[str]
    street: Mapped[str | None]
    postal_code: Mapped[str | None]
    city: Mapped[str]
    state: Mapped[str | None]
    country: Mapped[str]
    phone: Mapped[str | None]
    email: Mapped[str | None]
    website: Mapped[str | None]
    vat_id: Mapped[str | None]
    description: Mapped[str | None]
    expected_revenue_amount: Mapped[Decimal | None]
    expected_revenue_currency: Mapped[str | None]
    source: Mapped[str | None]
    erp_id: Mapped[str | None] = mapped_column(unique=True)
    lead_id: Mapped[UUID | None]
    """The lead that the account was made from (LEAD-9)."""

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        return or_(
            cls.access != "managers",
            cls.assignee_id == user,
            user == func.any(cls.manager_ids),
            cls.team_ids.op("&&", is_comparison=True)(teams),
        )
