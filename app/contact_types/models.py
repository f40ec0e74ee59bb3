"""Contact types: what kind of contact an account or person is, in the installation's own words (ACC-9)."""

from sqlalchemy import Integer, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base, Record


class ContactType(Record, Base):
    """One of the installation's types. Records name it by its key."""

    __tablename__ = "contact_types"

    key: Mapped[str] = mapped_column(unique=True)
    label_de: Mapped[str]
    label_en: Mapped[str]
    position: Mapped[int] = mapped_column(Integer)
    active: Mapped[bool] = mapped_column(server_default=text("true"))
