"""People, roles, teams and centres on the wire."""

from functools import lru_cache
from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from app.core.particulars import Email, Phone, PostalCode
from app.core.permissions import Permission
from app.core.resource import ListQuery
from app.core.types import Body, ClientId, Country, Key, Line, Link, Listed, Prose, RecordRead
from app.core.writing import absent

Locale = Literal["de", "en"]
SharedTeamKind = Literal["head_office_key_accounts", "country_key_accounts", "centre_key_accounts", "centre_local"]
TeamKind = Literal["head_office_key_accounts", "country_key_accounts", "centre_key_accounts", "centre_local", "private"]

Name = Annotated[Line, StringConstraints(max_length=100)]
"""One of a person's names."""

UserName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9._-]{0,98}[a-z0-9])?$")]
"""`first.last`; never with an @, so that it is nobody's e-mail address."""

Signature = Annotated[Prose, StringConstraints(max_length=5000)]


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_zone(name: str) -> str:
    if name not in _zones():
        message = {"de": "Diese Zeitzone gibt es nicht; erwartet wird ein Name wie Europe/Vienna."}
        raise PydanticCustomError(
            "unknown_time_zone", "No such time zone; a name like Europe/Vienna is needed.", message
        )
    return name


TimeZone = Annotated[
    str,
    StringConstraints(max_length=60, pattern=r"^[A-Za-z0-9_+/-]+$"),
    AfterValidator(_known_zone),
    Listed("time-zones"),
]
"""An IANA time zone, such as `Europe/Vienna`."""


def _each_once(keys: list[str]) -> list[str]:
    return list(dict.fromkeys(keys))


RoleKeys = Annotated[list[Key], Field(min_length=1, max_length=20), AfterValidator(_each_once)]
"""Keys of roles; one that is named twice counts once."""

Permissions = Annotated[list[Permission], Field(max_length=200), AfterValidator(lambda found: sorted(set(found)))]
"""Permissions, each once."""


class TeamRef(BaseModel):
    """A team that somebody belongs to."""

    id: UUID
    name: str
    kind: TeamKind


class UserRead(RecordRead):
    """A person who works with the product."""

    user_name: str
    email: str
    first_name: str
    last_name: str
    name: str
    country: str | None
    phone: str | None
    locale: Locale
    time_zone: str
    default_team_id: UUID | None
    active: bool
    roles: list[str] = Field(description="Keys of the user's roles.")
    teams: list[TeamRef]


class MeRead(UserRead):
    """The signed-in user, with everything that a client needs to know about them."""

    signature: str | None
    password_changed_at: str | None = Field(json_schema_extra={"format": "date-time"})
    permissions: list[Permission] = Field(description="What one's roles allow.")


class MeUpdate(Body):
    """What changes of one's own profile; a field left out stays."""

    first_name: Name = absent()
    last_name: Name = absent()
    phone: Phone | None = None
    locale: Locale = absent()
    time_zone: TimeZone = absent()
    signature: Signature | None = None
    default_team_id: UUID = absent()


class UserCreate(Body):
    """A new user. They get a link by e-mail with which they set their password."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "email": "eva.muster@example.com",
                "first_name": "Eva",
                "last_name": "Muster",
                "country": "AT",
                "roles": ["developer"],
            }
        }
    )

    id: ClientId | None = None
    user_name: UserName | None = Field(default=None, description="Made of first and last name when left out.")
    email: Email
    first_name: Name
    last_name: Name
    country: Country | None = None
    phone: Phone | None = None
    locale: Locale = "de"
    time_zone: TimeZone = "Europe/Vienna"
    roles: RoleKeys


class UserUpdate(Body):
    """What changes of a user; a field left out stays. `active: false` ends all their sessions at once."""

    user_name: UserName = absent()
    email: Email = absent()
    first_name: Name = absent()
    last_name: Name = absent()
    country: Country | None = None
    phone: Phone | None = None
    locale: Locale = absent()
    time_zone: TimeZone = absent()
    active: bool = absent()
    roles: RoleKeys = absent()


class UserQuery(ListQuery):
    """Filters of the user list."""

    active: bool | None = None
    role: list[Key] = Field(default_factory=list, max_length=20, description="Users who have one of these roles.")
    country: list[Country] = Field(default_factory=list, max_length=50)
    team_id: list[UUID] = Field(default_factory=list, max_length=50, description="Members of one of these teams.")
    q: Line | None = Field(default=None, description="Part of the name, user name or e-mail address.")
    sort: Literal["name", "-name", "user_name", "-user_name", "created_at", "-created_at"] = "name"


class RoleRead(RecordRead):
    """A named set of permissions."""

    key: str
    label_de: str
    label_en: str
    permissions: list[Permission]
    built_in: bool = Field(description="Built-in roles can be changed but not deleted.")


class RoleCreate(Body):
    """A new role."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "key": "trainee",
                "label_de": "Praktikum",
                "label_en": "Trainee",
                "permissions": ["users.read", "leads.read", "protection.check"],
            }
        }
    )

    id: ClientId | None = None
    key: Key
    label_de: Line
    label_en: Line
    permissions: Permissions


class RoleUpdate(Body):
    """What changes of a role; it counts at once for everybody who has it."""

    label_de: Line = absent()
    label_en: Line = absent()
    permissions: Permissions = absent()


class RoleQuery(ListQuery):
    """Filters of the role list."""

    key: list[Key] = Field(default_factory=list, max_length=50)
    built_in: bool | None = None
    sort: Literal["key", "-key", "created_at", "-created_at"] = "key"


class TeamRead(RecordRead):
    """People who see the same records. A private team belongs to one person, `user_id`."""

    name: str
    kind: TeamKind
    country: str | None
    centre: Link | None
    user_id: UUID | None
    members: list[Link]


class TeamCreate(Body):
    """A new team. Teams of a centre name it; a country's team names the country."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"name": "Key-Accounts AT", "kind": "country_key_accounts", "country": "AT"}}
    )

    id: ClientId | None = None
    name: Line
    kind: SharedTeamKind
    country: Country | None = None
    centre_id: UUID | None = None


class TeamUpdate(Body):
    """What changes of a team."""

    name: Line = absent()


class TeamQuery(ListQuery):
    """Filters of the team list."""

    kind: list[TeamKind] = Field(default_factory=list, max_length=5)
    country: list[Country] = Field(default_factory=list, max_length=50)
    centre_id: list[UUID] = Field(default_factory=list, max_length=50)
    member_id: list[UUID] = Field(default_factory=list, max_length=50, description="Teams of one of these users.")
    q: Line | None = Field(default=None, description="Part of the name.")
    sort: Literal["name", "-name", "created_at", "-created_at"] = "name"


class CentreArea(BaseModel):
    """Postal codes that a centre answers for: from the first to whatever begins with the last."""

    country: str
    from_code: str
    to_code: str


class CentreRead(RecordRead):
    """A franchise location, with the postal codes that it answers for."""

    code: str
    name: str
    country: str
    areas: list[CentreArea]


Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,19}$")]


class AreaBody(Body):
    """Postal codes of one country, the centre's when left out. `{"from_code": "40"}` is all that begins with 40."""

    country: Country | None = None
    from_code: PostalCode
    to_code: PostalCode | None = Field(default=None, description="The last one; all that begins with it is included.")


Areas = Annotated[list[AreaBody], Field(max_length=500)]


class CentreCreate(Body):
    """A new centre. A postal code belongs to one centre only."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "AT-LNZ",
                "name": "Centre Linz",
                "country": "AT",
                "areas": [{"from_code": "4000", "to_code": "4299"}, {"from_code": "45"}],
            }
        }
    )

    id: ClientId | None = None
    code: Code
    name: Line
    country: Country
    areas: Areas = Field(default_factory=list)


class CentreUpdate(Body):
    """What changes of a centre."""

    code: Code = absent()
    name: Line = absent()
    country: Country = absent()
    areas: Areas = absent()


class CentreQuery(ListQuery):
    """Filters of the centre list."""

    country: list[Country] = Field(default_factory=list, max_length=50)
    responsible_for: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Z]{2}:[A-Za-z0-9 -]{1,20}$",
            description="The one centre that answers for this address: country and postal code, such as `AT:4020`.",
        ),
    ] = None
    q: Line | None = Field(default=None, description="Part of the name.")
    sort: Literal["name", "-name", "code", "-code", "created_at", "-created_at"] = "name"
