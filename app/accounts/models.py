"""Accounts: the customers (ACC-1, ACC-2, ACC-7, ACC-8, ACC-14, ID-5)."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Computed, ForeignKey, Index, func, literal_column, text
from sqlalchemy.dialects.postgresql import JSONB, array
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Record
from app.core.visibility import Explained, owned

SEGMENTS = (
    "key_account_head_office",
    "key_account_branch",
    "supra_regional_head_office",
    "supra_regional_branch",
    "local",
)


@owned
class Account(Explained, Record, Base):
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
        Index("ix_accounts_manager_ids", "manager_ids", postgresql_using="gin"),
        Index("ix_accounts_open_to_all", "created_at", "id", postgresql_where=text("access <> 'managers'")),
        Index("ix_accounts_photo_id", "photo_id", postgresql_where=text("photo_id IS NOT NULL")),
        Index("ix_accounts_assignee_id_created_at_id", "assignee_id", "created_at", "id"),
        Index("ix_accounts_city_created_at_id", text("sort_key(city)"), "created_at", "id"),
        Index("ix_accounts_industry_created_at_id", "industry", "created_at", "id"),
        Index("ix_accounts_level_created_at_id", "level", "created_at", "id"),
        Index("ix_accounts_postal_code_created_at_id", "postal_code", "created_at", "id"),
        Index("ix_accounts_vip", "created_at", "id", postgresql_where=text("vip")),
        Index("ix_accounts_visit_priority", "created_at", "id", postgresql_where=text("visit_priority")),
        Index(
            "ix_accounts_terms_valid_until",
            "terms_valid_until",
            postgresql_where=text("terms_valid_until IS NOT NULL"),
        ),
        Index("ix_accounts_lead_id", "lead_id", postgresql_where=text("lead_id IS NOT NULL")),
        Index("ix_accounts_contact_type", "contact_type", postgresql_where=text("contact_type IS NOT NULL")),
        Index("ix_accounts_main_contact_id", "main_contact_id", postgresql_where=text("main_contact_id IS NOT NULL")),
        Index("ix_accounts_reach_keys", "reach_keys", postgresql_using="gin"),
        CheckConstraint("type IN ('potential', 'small_customer', 'customer')", name="type"),
        CheckConstraint("status IN ('new', 'active', 'former')", name="status"),
        CheckConstraint(f"segment IN {SEGMENTS}", name="segment"),
        CheckConstraint("terms_valid_from <= terms_valid_until", name="terms"),
        CheckConstraint("parent_id <> id", name="not_its_own_parent"),
        CheckConstraint("visit_interval_days BETWEEN 1 AND 730", name="visit_interval_days"),
        Index("ix_accounts_parent_id", "parent_id", postgresql_where=text("parent_id IS NOT NULL")),
        Index("ix_accounts_centre_id_created_at_id", "centre_id", "created_at", "id"),
        Index("ix_accounts_reclassify_on", "reclassify_on", postgresql_where=text("reclassify_on IS NOT NULL")),
        Index("ix_accounts_member_organisation_ids", "member_organisation_ids", postgresql_using="gin"),
        Index("ix_accounts_last_order_on_id", text("coalesce(last_order_on, '-infinity'::date)"), "id"),
        Index("ix_accounts_last_visit_on_id", text("coalesce(last_visit_on, '-infinity'::date)"), "id"),
    )

    name: Mapped[str]
    sort_name: Mapped[str] = mapped_column(Computed("sort_key(name)", persisted=True))
    assignee_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    manager_ids: Mapped[list[UUID]]
    """Who manages the account besides the assignee; each is told when added (ID-5)."""
    team_ids: Mapped[list[UUID]]
    """Who sees the account together: the teams of its segment and centre, and those that were added to it (ID-4)."""
    rule_team_ids: Mapped[list[UUID]] = mapped_column(server_default=text("'{}'"))
    """Those of `team_ids` that follow from segment and centre."""
    access: Mapped[str] = mapped_column(server_default="managers")
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    segment: Mapped[str | None]
    centre_id: Mapped[UUID | None] = mapped_column(ForeignKey("centres.id"))
    vip: Mapped[bool] = mapped_column(server_default=text("false"))
    member_organisation_ids: Mapped[list[UUID]] = mapped_column(server_default=text("'{}'"))
    partner_info: Mapped[str | None]
    terms_valid_from: Mapped[date | None]
    terms_valid_until: Mapped[date | None]
    visit_interval_days: Mapped[int | None]
    visit_priority: Mapped[bool] = mapped_column(server_default=text("false"))
    last_visit_on: Mapped[date | None]
    last_order_on: Mapped[date | None]
    reclassify_on: Mapped[date | None]
    """The day on which time alone changes type or status; none when it never will (ACC-2)."""
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
    emails: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    """All e-mail addresses; the plain columns are the primary entry of each list, see `app.accounts.reach` (ACC-9)."""
    phones: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    addresses: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    web_addresses: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    reach_keys: Mapped[list[str]] = mapped_column(Computed("reach_keys(emails, phones)", persisted=True))
    """What finds the account by its lists."""
    contact_type: Mapped[str | None] = mapped_column(ForeignKey("contact_types.key"))
    main_contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id", ondelete="SET NULL", use_alter=True))
    """Who decides there; one of its contacts (ACC-5)."""
    vat_id: Mapped[str | None]
    description: Mapped[str | None]
    expected_revenue_amount: Mapped[Decimal | None]
    expected_revenue_currency: Mapped[str | None]
    source: Mapped[str | None]
    erp_id: Mapped[str | None] = mapped_column(unique=True)
    lead_id: Mapped[UUID | None]
    """The lead that the account was made from (LEAD-9)."""
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


class AccountRevenue(Base):
    """What the ERP says of one calendar year's revenue."""

    __tablename__ = "account_revenues"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    amount: Mapped[Decimal]
    currency: Mapped[str]


class MemberOrganisation(Record, Base):
    """A chamber, association or buying group that accounts belong to (ACC-7)."""

    __tablename__ = "member_organisations"
    __table_args__ = (Index("uq_member_organisations_name", func.sort_key(text("name")), unique=True),)

    name: Mapped[str]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
