"""People, roles, teams, centres, and the sessions of devices (ID-1 to ID-3)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Computed,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    and_,
    cast,
    func,
    literal_column,
    or_,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Record, new_id
from app.core.visibility import owned

TEAM_KINDS = ("head_office_key_accounts", "country_key_accounts", "centre_key_accounts", "centre_local", "private")


class Centre(Record, Base):
    """A franchise location."""

    __tablename__ = "centres"

    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    country: Mapped[str]


class CentreArea(Base):
    """Postal codes that a centre answers for: from the first to whatever begins with the last. Areas never overlap (ACC-14)."""

    __tablename__ = "centre_areas"
    __table_args__ = (
        CheckConstraint("from_code <= to_code", name="order"),
        ExcludeConstraint(
            ("country", "="),
            (text("postal_range(from_code, to_code || '~', '[]')"), "&&"),
            name="ex_centre_areas_one_centre",
        ),
    )

    centre_id: Mapped[UUID] = mapped_column(ForeignKey("centres.id", ondelete="CASCADE"), primary_key=True)
    country: Mapped[str] = mapped_column(primary_key=True)
    from_code: Mapped[str] = mapped_column(Text(collation="C"), primary_key=True)
    to_code: Mapped[str] = mapped_column(Text(collation="C"))

    @classmethod
    def holds(cls, country: Any, code: Any) -> ColumnElement[bool]:
        """Whether the area has this postal code, as `plain_code` writes it. Served by the constraint's index."""
        within = cls._range(cls.from_code, cls.to_code).op("@>", is_comparison=True)(cast(code, Text))
        return and_(cls.country == country, within)

    @classmethod
    def meets(cls, country: str, first: str, last: str) -> ColumnElement[bool]:
        """Whether the area has postal codes in common with those from the first to whatever begins with the last."""
        wanted = cls._range(cast(first, Text), cast(last, Text))
        return and_(cls.country == country, cls._range(cls.from_code, cls.to_code).op("&&", is_comparison=True)(wanted))

    @staticmethod
    def _range(first: Any, last: Any) -> Any:
        return func.postal_range(first, last.op("||")(literal_column("'~'")), literal_column("'[]'"))


class Team(Record, Base):
    """A group of people who see the same records. Each user has a private team of one."""

    __tablename__ = "teams"
    __table_args__ = (
        CheckConstraint(f"kind IN {TEAM_KINDS}", name="kind"),
        CheckConstraint("(kind = 'private') = (user_id IS NOT NULL)", name="private_has_user"),
        Index("uq_teams_user_id", "user_id", unique=True, postgresql_where=text("user_id IS NOT NULL")),
    )

    name: Mapped[str]
    kind: Mapped[str]
    country: Mapped[str | None]
    centre_id: Mapped[UUID | None] = mapped_column(ForeignKey("centres.id"))
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE", use_alter=True))


class Role(Record, Base):
    """A named set of permissions."""

    __tablename__ = "roles"

    key: Mapped[str] = mapped_column(unique=True)
    label_de: Mapped[str]
    label_en: Mapped[str]
    permissions: Mapped[list[str]]
    built_in: Mapped[bool] = mapped_column(server_default=text("false"))


class User(Record, Base):
    """A person who works with the product. `user_name` is first.last in lower case."""

    __tablename__ = "users"
    __table_args__ = (
        Index("uq_users_user_name", func.lower(text("user_name")), unique=True),
        Index("uq_users_email", func.lower(text("email")), unique=True),
    )

    user_name: Mapped[str]
    email: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    name: Mapped[str] = mapped_column(Computed("first_name || ' ' || last_name", persisted=True))
    password_hash: Mapped[str | None]
    country: Mapped[str | None]
    phone: Mapped[str | None]
    locale: Mapped[str] = mapped_column(server_default="de")
    time_zone: Mapped[str] = mapped_column(server_default="Europe/Vienna")
    signature: Mapped[str | None]
    default_team_id: Mapped[UUID | None] = mapped_column(ForeignKey("teams.id", ondelete="SET NULL"))
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    password_changed_at: Mapped[datetime | None]


class UserRole(Base):
    """A user has a role."""

    __tablename__ = "user_roles"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    role_id: Mapped[UUID] = mapped_column(ForeignKey("roles.id"), primary_key=True, index=True)


class TeamMember(Base):
    """A user belongs to a team."""

    __tablename__ = "team_members"

    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)


@owned
class CalendarShare(Record, Base):
    """A user lets another one read their calendar, or also write in it (ID-8)."""

    __tablename__ = "calendar_shares"
    __table_args__ = (
        CheckConstraint("mode IN ('read', 'write')", name="mode"),
        CheckConstraint("owner_id <> user_id", name="with_another"),
        UniqueConstraint("owner_id", "user_id"),
        Index("ix_calendar_shares_created_at_id", "created_at", "id"),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    mode: Mapped[str]

    @classmethod
    def visible_to(cls, user: ColumnElement[UUID], teams: ColumnElement[list[UUID]]) -> ColumnElement[bool]:
        return or_(cls.owner_id == user, cls.user_id == user)


class DeviceSession(Base):
    """One signed-in device: a family of refresh tokens of which only the newest is good.

    The token just replaced stays good for a short grace, for clients that lost the answer. Any older one ends the session.
    """

    __tablename__ = "device_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    device_name: Mapped[str | None]
    user_agent: Mapped[str | None]
    address: Mapped[str | None]
    generation: Mapped[int] = mapped_column(server_default=text("1"))
    refresh_hash: Mapped[bytes]
    previous_hash: Mapped[bytes | None]
    replaced_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str | None]


class PasswordReset(Base):
    """A one-time link that was mailed. Only its hash is kept."""

    __tablename__ = "password_resets"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
