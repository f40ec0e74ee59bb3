"""The first administrator of an installation, made from the command line."""

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from starlette.requests import Request

from app.core.clock import Clock
from app.core.context import Services, open_context
from app.core.db import Database
from app.core.particulars import Email
from app.core.principal import Principal, SystemPrincipal
from app.core.problems import NotAuthenticated, Problem
from app.identity.models import Role, User
from app.identity.passwords import RULES, Holder, hash_password, violations
from app.identity.roles import ADMIN
from app.identity.users import add, free_user_name, refuse_taken
from app.settings import Settings


class Refused(Exception):
    """The user cannot be made; the text says why, one reason per line."""


async def create_administrator(settings: Settings, *, email: str, name: str, password: str) -> str:
    """Make an administrator; returns their user name (first.last). Raises Refused."""
    first, _, last = " ".join(name.split()).rpartition(" ")
    if not first:
        raise Refused("Give first and last name, such as “Eva Muster”.")
    try:
        email = TypeAdapter(Email).validate_python(email)
    except ValidationError:
        raise Refused(f"“{email}” is not an e-mail address.") from None
    database = Database(settings.database_url or "", pool=2)
    clock = Clock(settings.time_zone, settings.clock_offset_seconds)
    services = Services(database, database, clock, settings, _nobody)
    try:
        async with open_context(services, SystemPrincipal("command-line"), "en") as ctx:
            user_name = await free_user_name(ctx, first, last)
            if broken := violations(password, Holder(user_name, email, first, last)):
                raise Refused("\n".join(f"Password: {RULES[code]['en']}" for code in broken))
            await refuse_taken(ctx, email=email)
            user = User(
                user_name=user_name,
                email=email,
                first_name=first,
                last_name=last,
                time_zone=settings.time_zone,
                password_hash=await hash_password(password),
                password_changed_at=ctx.now,
            )
            role = (await ctx.session.execute(select(Role.id).where(Role.key == ADMIN))).scalar_one()
            await add(ctx, user, [role])
    except Problem as problem:
        body = problem.body(language="en", instance="", trace_id="")
        raise Refused("\n".join(e["message"] for e in body["errors"]) or body["detail"]) from None
    finally:
        await database.close()
    return user_name


async def _nobody(request: Request) -> Principal:  # noqa: ARG001  (nobody asks over HTTP here)
    raise NotAuthenticated
