"""Signing in, devices and passwords on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.core.permissions import Permission
from app.core.resource import ListQuery
from app.core.types import NO_CONTROLS, Body, Line, RecordRead
from app.identity.models import TEAM_KINDS

Login = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=254, pattern=NO_CONTROLS)]
"""A user name or an e-mail address."""

Password = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1000, pattern=NO_CONTROLS),
    Field(repr=False, json_schema_extra={"format": "password"}),
]

Token = Annotated[
    str,
    StringConstraints(min_length=1, max_length=500, pattern=r"^[\x21-\x7e]+$"),
    Field(repr=False),
]

Locale = Literal["de", "en"]
TeamKind = Literal[TEAM_KINDS]  # type: ignore[valid-type]  # the kinds are written once, beside the table


class SignIn(Body):
    """User name or e-mail address, and password."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"login": "eva.muster", "password": "drei graue Katzen", "device_name": "iPad von Eva"}
        }
    )

    login: Login
    password: Password
    device_name: Line | None = None


class TeamRef(BaseModel):
    """A team that one belongs to."""

    id: UUID
    name: str
    kind: TeamKind


class MeRead(RecordRead):
    """The signed-in user, with everything that a client needs to know about them."""

    user_name: str
    email: str
    first_name: str
    last_name: str
    name: str
    country: str | None
    phone: str | None
    locale: Locale
    time_zone: str
    signature: str | None
    default_team_id: UUID | None
    password_changed_at: str | None = Field(json_schema_extra={"format": "date-time"})
    roles: list[str]
    teams: list[TeamRef]
    permissions: list[Permission]


class TokenPair(BaseModel):
    """An access token for `Authorization: Bearer …`, and the refresh token that gets the next pair."""

    access_token: str
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds that the access token is good for.")
    refresh_token: str = Field(description="Good for one use; keep the one from the newest answer.")
    session_id: UUID
    session_expires_at: str = Field(
        description="When the session ends unless it is refreshed before.", json_schema_extra={"format": "date-time"}
    )


class SignedIn(TokenPair):
    """A new session."""

    user: MeRead


class Refresh(Body):
    """The newest refresh token."""

    model_config = ConfigDict(json_schema_extra={"example": {"refresh_token": "AZOrPVQ-cA…"}})

    refresh_token: Token


class DeviceRead(BaseModel):
    """A device that is signed in as you."""

    id: UUID
    device_name: str | None
    user_agent: str | None
    address: str | None
    created_at: str = Field(json_schema_extra={"format": "date-time"})
    last_used_at: str = Field(json_schema_extra={"format": "date-time"})
    expires_at: str = Field(json_schema_extra={"format": "date-time"})
    current: bool = Field(description="Whether it is the session of this request.")


class DeviceQuery(ListQuery):
    """Order of the device list."""

    sort: Literal["last_used_at", "-last_used_at", "created_at", "-created_at"] = "-last_used_at"
