"""Scans of the whole stock for duplicates, and the clusters that they find (DUP-9)."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    and_,
    func,
    literal,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Record, new_id
from app.core.visibility import beside, owned
from app.duplicates.models import MODELS


class DuplicateScan(Record, Base):
    """One scan; how far it is says the job of the same id."""

    __tablename__ = "duplicate_scans"
    __table_args__ = (
        CheckConstraint("minimum_verdict IN ('duplicate', 'possible')", name="minimum_verdict"),
        Index("ix_duplicate_scans_created_at_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id"), primary_key=True)
    record_types: Mapped[list[str]]
    minimum_verdict: Mapped[str]
    compared: Mapped[int | None]
    """Pairs of records that were compared."""
    clusters: Mapped[int | None]
    """Clusters found; null until they are."""
    scanned_at: Mapped[datetime | None]
    """When all was compared."""


@owned
class DuplicateCluster(Base):
    """Records of one kind that are one and the same party. It is never changed but for being dismissed."""

    __tablename__ = "duplicate_clusters"
    __table_args__ = (
        CheckConstraint("record_type IN ('lead', 'account', 'contact')", name="record_type"),
        CheckConstraint("verdict IN ('duplicate', 'possible')", name="verdict"),
        Index("ix_duplicate_clusters_scan_id_rank_id", "scan_id", "rank", "id", unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    scan_id: Mapped[UUID] = mapped_column(ForeignKey("duplicate_scans.id", ondelete="CASCADE"))
    rank: Mapped[int] = mapped_column(Integer)
    """Its place in the review: 1 first."""
    record_type: Mapped[str]
    verdict: Mapped[str]
    score: Mapped[Decimal] = mapped_column(Numeric(5, 4))
    size: Mapped[int] = mapped_column(Integer)

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        """Who sees two of its records at least (DUP-3)."""
        member = DuplicateClusterMember

        def seen(name: str) -> ColumnElement[bool]:
            model = MODELS[name]
            found = select(literal(1)).where(model.id == member.record_id, model.visible_to(user, teams))
            return and_(
                member.record_type == name,
                beside(found.correlate(member), model, reason="asked only whether the asker sees it").exists(),
            )

        count = select(func.count()).where(
            member.cluster_id == cls.id, ~member.related, or_(*(seen(name) for name in MODELS))
        )
        return count.correlate(cls).scalar_subquery() >= 2


class DuplicateClusterMember(Base):
    """A record of a cluster or, `related`, one of another kind that matches it."""

    __tablename__ = "duplicate_cluster_members"
    __table_args__ = (
        CheckConstraint("record_type IN ('lead', 'account', 'contact')", name="record_type"),
        Index("ix_duplicate_cluster_members_record_id", "record_id"),
    )

    cluster_id: Mapped[UUID] = mapped_column(ForeignKey("duplicate_clusters.id", ondelete="CASCADE"), primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    record_type: Mapped[str]
    record_version: Mapped[int]
    """What it was when the scan had found it; another version now means that it was changed since."""
    related: Mapped[bool] = mapped_column(server_default=text("false"))
