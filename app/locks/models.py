"""Protection checks, lead locks and clearances (LOCK-1 to LOCK-6)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, exists, func, literal, or_, select, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Record, new_id
from app.core.permissions import Permission
from app.core.visibility import owned
from app.identity.models import Role, User, UserRole

LIVE = "state IN ('pending', 'active')"


@owned
class ProtectionCheck(Base):
    """The receipt of one question "is this customer taken?": who asked what, when, and what was answered."""

    __tablename__ = "protection_checks"
    __table_args__ = (Index("ix_protection_checks_user_id_created_at_id", "user_id", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime]
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    query: Mapped[dict[str, Any]]
    answer: Mapped[dict[str, Any]]

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        return cls.user_id == user


@owned
class LeadLock(Record, Base):
    """A customer is taken: `pending` from the lead on, `active` for the project's months once all steps are done."""

    __tablename__ = "lead_locks"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'active', 'expired', 'released', 'transferred')", name="state"),
        CheckConstraint("state <> 'active' OR (starts_on IS NOT NULL AND ends_on > starts_on)", name="active_has_end"),
        CheckConstraint(f"({LIVE}) = (ended_at IS NULL)", name="ended"),
        Index("uq_lead_locks_live_lead", "lead_id", unique=True, postgresql_where=text(LIVE)),
        Index("ix_lead_locks_lead_id", "lead_id"),
        Index("ix_lead_locks_account_id", "account_id"),
        Index("ix_lead_locks_holder_id_created_at_id", "holder_id", "created_at", "id"),
        Index("ix_lead_locks_ends_on_id", "ends_on", "id"),
        Index("ix_lead_locks_created_at_id", "created_at", "id"),
    )

    lead_id: Mapped[UUID | None] = mapped_column(ForeignKey("leads.id", ondelete="SET NULL", use_alter=True))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    project_id: Mapped[UUID] = mapped_column(ForeignKey("projects.id"))
    holder_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    visibility: Mapped[str]
    customer_name: Mapped[str]
    country: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default="pending")
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    """The first day on which the customer is free again."""
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        return or_(cls.visibility == "all", cls.holder_id == user, cls.created_by == user)


@owned
class Clearance(Record, Base):
    """A developer asks for a customer that another one holds; the country head decides (LOCK-4)."""

    __tablename__ = "clearances"
    __table_args__ = (
        CheckConstraint("state IN ('requested', 'granted', 'shared', 'refused')", name="state"),
        CheckConstraint("num_nonnulls(lock_id, account_id) = 1", name="one_target"),
        Index(
            "uq_clearances_open",
            text("coalesce(lock_id, account_id)"),
            "requested_by",
            unique=True,
            postgresql_where=text("state <> 'refused' AND used_at IS NULL"),
        ),
        Index("ix_clearances_created_at_id", "created_at", "id"),
        Index("ix_clearances_account_id", "account_id", postgresql_where=text("account_id IS NOT NULL")),
        Index("ix_clearances_lead_id", "lead_id", postgresql_where=text("lead_id IS NOT NULL")),
    )

    lock_id: Mapped[UUID | None] = mapped_column(ForeignKey("lead_locks.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    """Of a customer who is taken by their managers, without a lock."""
    requested_by: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    holder_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    customer_name: Mapped[str]
    asker_sees: Mapped[bool]
    """Whether the customer's record is one that the asker may see; if not, its name is not shown to them (DUP-3)."""
    country: Mapped[str | None]
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="requested")
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None]
    used_at: Mapped[datetime | None]
    lead_id: Mapped[UUID | None] = mapped_column(ForeignKey("leads.id", ondelete="SET NULL", use_alter=True))
    """The lead that was made on the strength of it."""

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        decides = exists(
            select(User.id)
            .join(UserRole, UserRole.user_id == User.id)
            .join(Role, Role.id == UserRole.role_id)
            .where(
                User.id == user,
                User.country == cls.country,
                literal(Permission.CLEARANCES_DECIDE.value) == func.any(Role.permissions),
            )
            .correlate(cls)
        )
        return or_(cls.requested_by == user, cls.holder_id == user, decides)
