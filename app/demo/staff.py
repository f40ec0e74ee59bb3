"""The people of the demo's organisation: users of every role, their centres and teams."""

from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

from app.core.context import Context
from app.core.db import new_id
from app.demo.companies import plain
from app.identity.models import Centre, CentreArea, Role, Team, TeamMember, User
from app.identity.passwords import Holder, hash_password, violations
from app.identity.users import add

PASSWORD = "Leadwerk-Probe-2026"  # noqa: S105  (the demo's, the same for all; it is printed)
ADMINISTRATOR = UUID("01900000-0000-7000-8000-0000000000d1")
"""The demo's administrator: where this user is, the demo is."""

_TIME_ZONES = {"AT": "Europe/Vienna", "DE": "Europe/Berlin", "CH": "Europe/Zurich"}
_COUNTRIES = {"AT": "Österreich", "DE": "Deutschland", "CH": "Schweiz"}
CENTRES = {
    "AT-LNZ": "Linz",
    "AT-VIE": "Wien",
    "AT-GRZ": "Graz",
    "DE-MUC": "München",
    "DE-STR": "Stuttgart",
    "DE-HAM": "Hamburg",
    "DE-CGN": "Köln",
    "CH-ZRH": "Zürich",
}
AREAS: dict[str, list[tuple[str, str]]] = {
    "AT-LNZ": [("4", "6")],
    "AT-VIE": [("1", "3"), ("7", "7")],
    "AT-GRZ": [("8", "9")],
    "DE-MUC": [("8", "9")],
    "DE-STR": [("6", "7")],
    "DE-HAM": [("0", "3")],
    "DE-CGN": [("4", "5")],
    "CH-ZRH": [("1", "9")],
}
"""The first digits of the postal codes that each centre answers for, from and to."""
_PEOPLE = """
    admin        AT -      Admin Demo
    integration  AT -      Schnittstelle Warenwirtschaft
    country_head AT -      Ulrike Hofer
    country_head DE -      Thomas Brandt
    country_head CH -      Reto Keller
    ks           AT -      Sabine Klein
    ks           DE -      Jonas Winkler
    developer    AT -      Anna Berger
    developer    AT -      Markus Steiner
    developer    AT -      Julia Leitner
    developer    AT -      Stefan Pichler
    developer    AT -      Katharina Wallner
    developer    DE -      Florian Kraus
    developer    DE -      Melanie Schubert
    developer    DE -      Tobias Krüger
    developer    DE -      Sandra Hoffmann
    developer    CH -      Nadine Meier
    bdm          AT -      Christoph Ebner
    bdm          DE -      Ines Richter
    fn           AT AT-LNZ Georg Aigner
    fn           AT AT-VIE Doris Haider
    fn           DE DE-MUC Bernhard Vogt
    fn           DE DE-HAM Kerstin Petersen
    fn           CH CH-ZRH Urs Gerber
    cm           AT AT-LNZ Martina Brunner
    cm           AT AT-GRZ Robert Kogler
    cm           DE DE-STR Simone Beck
    cm           DE DE-CGN Oliver Schmitz
    rm           AT AT-LNZ Lukas Wimmer
    rm           AT AT-VIE Verena Fuchs
    rm           DE DE-MUC Daniel Roth
    rm           DE DE-CGN Laura Engel
    adm          AT AT-LNZ Peter Stadler
    adm          AT AT-GRZ Manuela Resch
    adm          DE DE-STR Andreas Haas
    adm          DE DE-HAM Jens Voigt
    adm          CH CH-ZRH Silvia Baumann
    mst          AT AT-LNZ Franz Eder
    mst          AT AT-VIE Hubert Moser
    mst          DE DE-MUC Rainer Horn
    mst          DE DE-CGN Uwe Seidel
"""
"""Role, country, centre, first and last name."""


@dataclass
class Staff:
    """The organisation as it was written. Teams go by their kind and place: a centre's code, a country, or nothing."""

    users: list[User] = field(default_factory=list)
    roles: dict[UUID, str] = field(default_factory=dict)
    centres: dict[UUID, str] = field(default_factory=dict)
    """Where a user works, of those who work at a centre."""
    teams: dict[tuple[str, str], UUID] = field(default_factory=dict)
    centre_ids: dict[str, UUID] = field(default_factory=dict)

    def of(self, *roles: str, country: str | None = None) -> list[User]:
        """The users of these roles: those of the country, if it has any."""
        found = [user for user in self.users if self.roles[user.id] in roles]
        return [user for user in found if user.country == country] or found

    def named(self, name: str) -> User:
        """The user of that user name."""
        return next(user for user in self.users if user.user_name == name)

    def private_team(self, user: User) -> UUID:
        """The team of this user alone."""
        return self.teams["private", str(user.id)]

    def local_team(self, user: User) -> UUID:
        """The team for local customers where the user works, or else their private one."""
        return self.teams.get(("centre_local", self.centres.get(user.id, ""))) or self.private_team(user)


def logins() -> list[tuple[str, str, str]]:
    """Role, user name and country of everybody."""
    return [(role, user_name(first, last), country) for role, country, _, first, last in _planned()]


def user_name(first: str, last: str) -> str:
    """`first.last`, as the product makes it."""
    return f"{plain(first)}.{plain(last)}"


def email_of(name: str) -> str:
    """The address of a demo user; `.example` belongs to nobody."""
    return f"{name}@leadwerk.example"


def _planned() -> list[list[str]]:
    return [line.split() for line in _PEOPLE.strip().splitlines()]


async def write(ctx: Context) -> Staff:
    """Write centres, teams, and users with their roles and memberships."""
    staff = Staff(teams=await _teams(ctx))
    staff.centre_ids = {row.code: row.id for row in await ctx.session.execute(select(Centre.code, Centre.id))}
    roles = {row.key: row.id for row in (await ctx.session.execute(select(Role.key, Role.id))).all()}
    password_hash = await hash_password(PASSWORD)  # one for all: whoever reads it knows the password anyway
    for role, country, centre, first, last in _planned():
        name = user_name(first, last)
        email = email_of(name)
        assert not violations(PASSWORD, Holder(name, email, first, last)), name
        user = User(
            id=ADMINISTRATOR if role == "admin" else new_id(),
            user_name=name,
            email=email,
            first_name=first,
            last_name=last,
            country=country,
            time_zone=_TIME_ZONES[country],
            password_hash=password_hash,
            password_changed_at=ctx.now,
        )
        await add(ctx, user, [roles[role]])
        staff.users.append(user)
        staff.roles[user.id] = role
        if user.default_team_id is not None:
            staff.teams["private", str(user.id)] = user.default_team_id
        if centre in CENTRES:
            staff.centres[user.id] = centre
        for kind, place in _memberships(role, country, centre):
            ctx.session.add(TeamMember(team_id=staff.teams[kind, place], user_id=user.id))
        if role in ("cm", "rm", "adm", "mst"):
            user.default_team_id = staff.local_team(user)
    await ctx.session.flush()
    return staff


async def _teams(ctx: Context) -> dict[tuple[str, str], UUID]:
    """All kinds of teams that people share: the head office's, each country's, two of each centre."""
    centres = {
        code: Centre(id=new_id(), code=code, name=f"Centre {town}", country=code[:2]) for code, town in CENTRES.items()
    }
    teams = {
        ("head_office_key_accounts", ""): Team(name="Key Accounts Zentrale"),
        **{
            ("country_key_accounts", country): Team(name=f"Key Accounts {name}", country=country)
            for country, name in _COUNTRIES.items()
        },
    }
    for code, town in CENTRES.items():
        place = {"country": code[:2], "centre_id": centres[code].id}
        teams["centre_key_accounts", code] = Team(name=f"Key Accounts {town}", **place)
        teams["centre_local", code] = Team(name=f"Team {town}", **place)
    for (kind, _), team in teams.items():
        team.id, team.kind = new_id(), kind
    ctx.session.add_all(centres.values())
    await ctx.session.flush()
    ctx.session.add_all(
        CentreArea(centre_id=centres[code].id, country=code[:2], from_code=first, to_code=last)
        for code, areas in AREAS.items()
        for first, last in areas
    )
    ctx.session.add_all(teams.values())
    await ctx.session.flush()
    return {key: team.id for key, team in teams.items()}


def _memberships(role: str, country: str, centre: str) -> list[tuple[str, str]]:
    """The shared teams of somebody with that role there."""
    if centre in CENTRES:
        kinds = ["centre_local"] if role in ("mst", "adm") else ["centre_local", "centre_key_accounts"]
        return [(kind, centre) for kind in kinds]
    if role in ("country_head", "bdm"):
        return [("head_office_key_accounts", ""), ("country_key_accounts", country)]
    return [("country_key_accounts", country)] if role == "ks" else []
