"""What the ERP is to be told: written once, never changed but for being acknowledged (VISIT-3, ACC-8)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, select, text
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Account
from app.core.db import Base, new_id
from app.core.visibility import beside, owned

KINDS = ("visit_report_submitted", "visit_report_corrected")


@owned
class ErpEvent(Base):
    """One thing that happened to an account. It waits while the ERP does not know the account."""

    __tablename__ = "erp_events"
    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        Index("ix_erp_events_pending", "xid", "id", postgresql_where=text("acknowledged_at IS NULL")),
        Index("ix_erp_events_account_id", "account_id"),
        Index("ix_erp_events_activity_id", "activity_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    xid: Mapped[int] = mapped_column(server_default=text("pg_current_xact_id()::text::bigint"))
    """The transaction that wrote it: readers stop before the oldest that is still open, so that none is passed over."""
    kind: Mapped[str]
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    activity_id: Mapped[UUID] = mapped_column(ForeignKey("activities.id", ondelete="CASCADE"))
    source_id: Mapped[UUID] = mapped_column(unique=True)
    """The report, or the amendment that corrected it: each is told once."""
    visited_on: Mapped[date]
    created_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        """Whoever sees the account."""
        account = select(Account.id).where(Account.id == cls.account_id, Account.visible_to(user, teams)).correlate(cls)
        return beside(account, Account, reason="seen by the account's own rule").exists()
