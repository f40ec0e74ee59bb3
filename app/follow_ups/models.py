"""Follow-ups: what somebody wants to come back to, and when (FUP-1)."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Computed,
    ForeignKey,
    Index,
    and_,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Account
from app.activities.models import Activity
from app.contacts.models import Contact
from app.core.db import Base, Record
from app.core.permissions import Permission
from app.core.visibility import beside, owned
from app.identity.models import Role, UserRole
from app.leads.models import Lead
from app.opportunities.models import Opportunity

TYPES = ("lead", "account", "contact", "opportunity", "activity")


def may_read(user: ColumnElement[UUID], permission: Permission) -> ColumnElement[bool]:
    """Whether one of the user's roles gives the right to read such records at all."""
    roles = select(Role.id).join(UserRole, UserRole.role_id == Role.id)
    granted = roles.where(UserRole.user_id == user, literal(permission.value) == func.any(Role.permissions))
    return granted.correlate_except(UserRole, Role).exists()


def _when(name: str) -> str:
    return f"WHEN {name}_id IS NOT NULL THEN '{name}'"


@owned
class FollowUp(Record, Base):
    """A note on one record, with the time at which its assignee is reminded. It goes with its record."""

    __tablename__ = "follow_ups"
    __table_args__ = (
        CheckConstraint(f"num_nonnulls({', '.join(f'{name}_id' for name in TYPES)}) = 1", name="one_record"),
        CheckConstraint("status IN ('open', 'done')", name="status"),
        CheckConstraint("(status = 'done') = (done_at IS NOT NULL)", name="done"),
        *(
            Index(f"ix_follow_ups_{name}_id", f"{name}_id", postgresql_where=text(f"{name}_id IS NOT NULL"))
            for name in TYPES
        ),
        Index("ix_follow_ups_record_id_due_at_id", "record_id", "due_at", "id"),
        Index("ix_follow_ups_assignee_id_due_at_id", "assignee_id", "due_at", "id"),
        Index("ix_follow_ups_created_by_due_at_id", "created_by", "due_at", "id"),
        Index("ix_follow_ups_open", "assignee_id", "due_at", "id", postgresql_where=text("status = 'open'")),
    )

    lead_id: Mapped[UUID | None] = mapped_column(ForeignKey("leads.id", ondelete="CASCADE"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"))
    opportunity_id: Mapped[UUID | None] = mapped_column(ForeignKey("opportunities.id", ondelete="CASCADE"))
    activity_id: Mapped[UUID | None] = mapped_column(ForeignKey("activities.id", ondelete="CASCADE"))
    record_id: Mapped[UUID] = mapped_column(
        Computed(f"coalesce({', '.join(f'{name}_id' for name in TYPES)})", persisted=True)
    )
    """Whichever of them it is."""
    record_type: Mapped[str] = mapped_column(Computed(f"CASE {' '.join(map(_when, TYPES))} END", persisted=True))
    note: Mapped[str]
    assignee_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    due_on: Mapped[date | None]
    """The day, where it is due on a day and not at a moment."""
    due_at: Mapped[datetime]
    """When the assignee is reminded: of a day, when the working day begins where they are."""
    status: Mapped[str] = mapped_column(server_default="open")
    done_at: Mapped[datetime | None]
    done_by: Mapped[UUID | None]
    snoozed: Mapped[int] = mapped_column(server_default=text("0"))
    """How often it was put off."""

    @property
    def about(self) -> tuple[str, UUID]:
        """Kind and id of its record."""
        return next((name, id_) for name in TYPES if (id_ := getattr(self, f"{name}_id")) is not None)

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        """Assignee and creator, whatever they see of its record by now, and whoever may read such records and sees this one:
        an activity otherwise than in a shared calendar.
        """
        unshared = Activity.reasons_to_see(user, teams)
        del unshared["calendar_share"]
        kinds: tuple[tuple[Any, Any, Permission, ColumnElement[bool]], ...] = (
            (cls.lead_id, Lead, Permission.LEADS_READ, Lead.visible_to(user, teams)),
            (cls.account_id, Account, Permission.ACCOUNTS_READ, Account.visible_to(user, teams)),
            (cls.contact_id, Contact, Permission.CONTACTS_READ, Contact.visible_to(user, teams)),
            (cls.opportunity_id, Opportunity, Permission.OPPORTUNITIES_READ, Opportunity.visible_to(user, teams)),
            (cls.activity_id, Activity, Permission.ACTIVITIES_READ, or_(*unshared.values())),
        )
        return or_(
            cls.assignee_id == user,
            cls.created_by == user,
            *(
                and_(
                    column.is_not(None),
                    may_read(user, read),
                    beside(
                        select(model.id).where(model.id == column, seen).correlate(cls),
                        model,
                        reason="seen by the record's own rule",
                    ).exists(),
                )
                for column, model, read, seen in kinds
            ),
        )
