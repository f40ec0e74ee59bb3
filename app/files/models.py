"""Attachments and photos, and which stored files are to be removed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Computed,
    ForeignKey,
    Index,
    and_,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.accounts.models import Account
from app.activities.models import Activity
from app.contacts.models import Contact
from app.core.db import Base, Record
from app.core.visibility import beside, owned
from app.leads.models import Lead
from app.opportunities.models import Opportunity

TYPES = ("lead", "account", "contact", "opportunity", "activity")


def _when(name: str) -> str:
    return f"WHEN {name}_id IS NOT NULL THEN '{name}'"


@owned
class Attachment(Record, Base):
    """A file on one record. Its content lies in the object store and never changes."""

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint(f"num_nonnulls({', '.join(f'{name}_id' for name in TYPES)}) = 1", name="one_record"),
        *(
            Index(f"ix_attachments_{name}_id", f"{name}_id", postgresql_where=text(f"{name}_id IS NOT NULL"))
            for name in TYPES
        ),
        Index("ix_attachments_record_id_created_at_id", "record_id", "created_at", "id"),
    )

    lead_id: Mapped[UUID | None] = mapped_column(ForeignKey("leads.id"))
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contacts.id"))
    opportunity_id: Mapped[UUID | None] = mapped_column(ForeignKey("opportunities.id"))
    activity_id: Mapped[UUID | None] = mapped_column(ForeignKey("activities.id"))
    record_id: Mapped[UUID] = mapped_column(
        Computed(f"coalesce({', '.join(f'{name}_id' for name in TYPES)})", persisted=True)
    )
    """Whichever of them it is."""
    record_type: Mapped[str] = mapped_column(Computed(f"CASE {' '.join(map(_when, TYPES))} END", persisted=True))
    name: Mapped[str]
    content_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[bytes]
    object_key: Mapped[str] = mapped_column(unique=True)

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        """Whoever sees the record that it is on."""
        return or_(
            *(
                and_(
                    column.is_not(None),
                    beside(
                        select(model.id).where(model.id == column, model.visible_to(user, teams)).correlate(cls),
                        model,
                        reason="seen by the record's own rule",
                    ).exists(),
                )
                for column, model in (
                    (cls.lead_id, Lead),
                    (cls.account_id, Account),
                    (cls.contact_id, Contact),
                    (cls.opportunity_id, Opportunity),
                    (cls.activity_id, Activity),
                )
            )
        )


class Photo(Base):
    """A picture, small enough for the database. An account or contact names it; one that none names is forgotten."""

    __tablename__ = "photos"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    content_type: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    data: Mapped[bytes]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]


class ObjectRemoval(Base):
    """A key in the object store that no attachment needs any more, or one whose upload may not have come to its end."""

    __tablename__ = "object_removals"

    object_key: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime] = mapped_column(index=True)
