"""What is kept of the search for poor data in large stocks: candidates and numbers. Both are made anew from the records."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    Identity,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.visibility import Explained, owned

candidates = Table(
    "data_quality_candidates",
    Base.metadata,
    Column("type", Text, primary_key=True),
    Column("record_id", Uuid, primary_key=True),
)
"""Records that a search through all has found; whether it is still so is asked when they are shown."""

refreshes = Table(
    "data_quality_refreshes",
    Base.metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("as_of", DateTime(timezone=True), nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)


@owned
class DataQualityCount(Explained, Base):
    """How many records have a finding, of those that belong to the same people."""

    __tablename__ = "data_quality_counts"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    type: Mapped[str]
    record_type: Mapped[str]
    centre_id: Mapped[UUID | None]
    team_ids: Mapped[list[UUID]]
    assignee_id: Mapped[UUID]
    manager_ids: Mapped[list[UUID]]
    open_to_all: Mapped[bool] = mapped_column(Boolean)
    number: Mapped[int]

    @classmethod
    def reasons_to_see(
        cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]
    ) -> dict[str, ColumnElement[bool]]:
        """As the records themselves are seen: by who sees one of them, all are seen."""
        owners: Any = array([user])
        return {
            "open_to_all": cls.open_to_all.is_(True),
            "assignee": cls.assignee_id == user,
            "manager": cls.manager_ids.op("@>", is_comparison=True)(owners),
            "team": cls.team_ids.op("&&", is_comparison=True)(teams),
        }
