"""Pairs of records that somebody has found to be different (DUP-9)."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Index, UniqueConstraint, and_, or_, select
from sqlalchemy.orm import Mapped

from app.accounts.models import Account
from app.contacts.models import Contact
from app.core.db import Base, Record
from app.core.visibility import beside, owned
from app.leads.models import Lead

MODELS: dict[str, Any] = {"lead": Lead, "account": Account, "contact": Contact}
"""What can be a duplicate, by the name of its kind."""


@owned
class DuplicateDismissal(Record, Base):
    """Not a duplicate: a pair of leads, accounts or contacts that are different, whatever the matcher says.

    The pair is ordered, so that each is there once: `(first_type, first_id) < (second_type, second_id)`. A trigger removes
    it with either record.
    """

    __tablename__ = "duplicate_dismissals"
    __table_args__ = (
        CheckConstraint("first_type IN ('account', 'contact', 'lead')", name="first_type"),
        CheckConstraint("second_type IN ('account', 'contact', 'lead')", name="second_type"),
        CheckConstraint("(first_type, first_id) < (second_type, second_id)", name="ordered"),
        UniqueConstraint("first_id", "second_id", "first_type", "second_type", name="uq_duplicate_dismissals_pair"),
        Index("ix_duplicate_dismissals_second_id", "second_id"),
        Index("ix_duplicate_dismissals_created_at_id", "created_at", "id"),
    )

    first_type: Mapped[str]
    first_id: Mapped[UUID]
    second_type: Mapped[str]
    second_id: Mapped[UUID]
    reason: Mapped[str | None]

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        """Who sees one of the two. Of the other they learn what a check would show: that it is there."""

        def seen(model: Any) -> ColumnElement[bool]:
            return model.visible_to(user, teams)  # type: ignore[no-any-return]  # the three kinds have it

        return or_(one_of(cls.first_type, cls.first_id, seen), one_of(cls.second_type, cls.second_id, seen))


def one_of(kind: Any, id_: Any, condition: Callable[[Any], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Whether the record of that kind and id is there and meets its model's condition."""
    return or_(
        *(
            and_(
                kind == name,
                beside(
                    select(model.id).where(model.id == id_, condition(model)).correlate(DuplicateDismissal),
                    model,
                    reason="asked only whether it is there for the asker",
                ).exists(),
            )
            for name, model in MODELS.items()
        )
    )
