"""What call lists keep: who was last called when, who is being called, what is put off, favourites.

`contact_calls` and `account_calls` have a row for each record, kept by triggers (migration 0023) whatever changes calls,
participants or records: so a call does not raise the version of whom it was held with.
"""

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from app.core.db import Base

_MOMENT = DateTime(timezone=True)

contact_calls = Table(
    "contact_calls",
    Base.metadata,
    Column("contact_id", Uuid, ForeignKey("contacts.id", ondelete="CASCADE"), primary_key=True),
    Column("account_id", Uuid, doc="The contact's own."),
    Column("callable", Boolean, nullable=False, doc="Still there, and may be contacted."),
    Column("last_held_at", _MOMENT, doc="The latest call that was held with or beside them."),
    Index(
        "ix_contact_calls_never",
        "account_id",
        "contact_id",
        postgresql_where=text("last_held_at IS NULL AND callable"),
    ),
)
account_calls = Table(
    "account_calls",
    Base.metadata,
    Column("account_id", Uuid, ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("last_held_at", _MOMENT),
    Index("ix_account_calls_last", text("coalesce(last_held_at, '-infinity'::timestamptz)"), "account_id"),
)
claims = Table(
    "call_claims",
    Base.metadata,
    Column("company_id", Uuid, primary_key=True, doc="The account, or the lead: nobody else calls there meanwhile."),
    Column("list", Text, nullable=False),
    Column("record_id", Uuid, nullable=False, index=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("claimed_at", _MOMENT, nullable=False),
    Column("expires_at", _MOMENT, nullable=False),
    UniqueConstraint("user_id", "list"),
)
deferrals = Table(
    "call_deferrals",
    Base.metadata,
    Column("id", Uuid, primary_key=True),
    Column("list", Text, nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("for_user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), index=True, doc="None for everybody."),
    Column("until", _MOMENT, nullable=False, index=True),
    UniqueConstraint("record_id", "list", "for_user_id", postgresql_nulls_not_distinct=True),
)
favourites = Table(
    "call_list_favourites",
    Base.metadata,
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("list", Text, primary_key=True),
)
