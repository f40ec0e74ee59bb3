"""Call scripts: what to say and to ask at a call, by type of call, version by version (CALL-2)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Integer, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Record, new_id

FITS = ("potential", "former_customer", "former_small_customer", "key_account", "vip")
"""Kinds of accounts that a script can be for: see `queries.fitting`."""


class CallScript(Record, Base):
    """The script of a type of calls; its key is the type. What it says is in its versions."""

    __tablename__ = "call_scripts"
    __table_args__ = (CheckConstraint(f"fits IN {FITS}", name="fits"),)

    key: Mapped[str] = mapped_column(unique=True)
    label_de: Mapped[str]
    label_en: Mapped[str]
    position: Mapped[int] = mapped_column(Integer)
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    fits: Mapped[str | None]


class CallScriptVersion(Base):
    """A script as it was worded at a time; never changed. The one with the highest number counts."""

    __tablename__ = "call_script_versions"
    __table_args__ = (UniqueConstraint("script_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    script_id: Mapped[UUID] = mapped_column(ForeignKey("call_scripts.id", ondelete="CASCADE"))
    number: Mapped[int] = mapped_column(Integer)
    text: Mapped[str]
    questions: Mapped[list[Any]] = mapped_column(JSONB)
    """See `schemas.Question`."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_by: Mapped[UUID | None]
