"""Fields that an installation adds to its records, and the table that lists are filtered and sorted by (ACC-10)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Record


class CustomField(Record, Base):
    """One field of one kind of record. What records have in it stands in their own `custom` column, by its key."""

    __tablename__ = "custom_fields"
    __table_args__ = (
        CheckConstraint("record_type IN ('lead', 'account', 'contact', 'opportunity')", name="record_type"),
        CheckConstraint(
            "kind IN ('text', 'number', 'money', 'date', 'choice', 'multi_choice', 'boolean', 'link')", name="kind"
        ),
        CheckConstraint(
            "(kind = 'link') = (link_to IS NOT NULL) AND link_to IN ('account', 'contact', 'user')", name="link_to"
        ),
        UniqueConstraint("record_type", "key"),
    )

    no: Mapped[int] = mapped_column(Integer, Identity(always=True), unique=True)
    """What `custom_values` calls it: four bytes instead of sixteen, in millions of rows and index entries."""
    record_type: Mapped[str]
    key: Mapped[str]
    """For ever: the history of records names it."""
    kind: Mapped[str]
    link_to: Mapped[str | None]
    label_de: Mapped[str]
    label_en: Mapped[str]
    help_de: Mapped[str | None]
    help_en: Mapped[str | None]
    required: Mapped[bool] = mapped_column(server_default=text("false"))
    position: Mapped[int] = mapped_column(Integer)
    choices: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))
    minimum: Mapped[str | None]
    maximum: Mapped[str | None]
    max_length: Mapped[int | None] = mapped_column(Integer)
    decimals: Mapped[int | None] = mapped_column(Integer)
    maps_to_id: Mapped[UUID | None] = mapped_column(ForeignKey("custom_fields.id"))
    """For a lead's field: the customer's or opportunity's that takes its value at conversion."""
    retired_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    """A deleted field keeps its row, so that its key is never given to another one."""


custom_values = Table(
    "custom_values",
    Base.metadata,
    Column("field", Integer, nullable=False),
    Column("record_id", Uuid, nullable=False),
    Column("key", Text(collation="C"), doc="Choices, linked records, the beginning of a text's sort key."),
    Column("number", Numeric, doc="Numbers, amounts, days since 2000, yes and no."),
    Index("ix_custom_values_key", "field", "key", "record_id", postgresql_where=text("key IS NOT NULL")),
    Index("ix_custom_values_number", "field", "number", "record_id", postgresql_where=text("number IS NOT NULL")),
    Index("ix_custom_values_record_id", "record_id", "field"),
)
"""One row per value (per choice, where there may be several), written by a trigger when a record's `custom` changes."""
