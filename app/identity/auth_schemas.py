"""Signing in, devices and passwords on the wire."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.core.resource import ListQuery
from app.core.types import NO_CONTROLS, Body, Line
from app.identity.schemas import MeRead

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

    model_config = ConfigDict(json_schema_extra={"example": {"refresh_token": "AZOrPVQ-cA7xkq3m"}})

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


class PasswordChange(Body):
    """The present password and the one to be."""

    current_password: Password
    new_password: Password


class ResetRequest(Body):
    """Whose password was forgotten: user name or e-mail address."""

    login: Login


class ResetAccepted(BaseModel):
    """The same whether such a user exists or not."""

    status: Literal["accepted"]


class ResetConfirmation(Body):
    """The secret of the mailed link, and the new password."""

    token: Token
    new_password: Password


class Bilingual(BaseModel):
    """A text in both languages."""

    de: str
    en: str


class PolicyRule(BaseModel):
    """One rule for passwords; `code` is that of the field error when it is broken."""

    code: str
    label: Bilingual


class PasswordPolicy(BaseModel):
    """What a password must be like."""

    min_length: int
    max_length: int
    rules: list[PolicyRule]
