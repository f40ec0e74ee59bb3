"""`make demo`: fills an installation with an invented organisation, once, in one transaction."""

from random import Random

import typer
from sqlalchemy import func, literal, select
from starlette.requests import Request

from app.accounts.models import Account, AccountRevenue
from app.activities.models import Activity
from app.contacts.models import Contact
from app.core.clock import Clock
from app.core.context import Context, Services, open_context
from app.core.db import Database
from app.core.principal import Principal, SystemPrincipal
from app.core.problems import NotAuthenticated
from app.core.statements import Statement
from app.demo import clearances, customers, daily, protection, staff
from app.demo.companies import Inventor
from app.demo.draft import SEED, Draft
from app.follow_ups.models import FollowUp
from app.identity.models import Centre, User
from app.installation import CannotRun
from app.leads.models import Conversion, Lead
from app.locks.models import Clearance, LeadLock, ProtectionCheck
from app.messages.models import Message, MessageRecipient
from app.notifications.models import Notification
from app.opportunities.models import DEFAULT_PIPELINE_ID, Opportunity, Stage
from app.projects import service as projects
from app.projects.models import PROTECTION_PROJECT_ID, Project
from app.projects.rules import rules_of
from app.reminders.models import Reminder
from app.settings import Settings

_ORDER = (
    *(
        ProtectionCheck,
        Account,
        AccountRevenue,
        Contact,
        Lead,
        Message,
        MessageRecipient,
        Opportunity,
        Activity,
        Conversion,
    ),
    *(FollowUp, Reminder, LeadLock, Clearance, Notification),
)
"""Each kind of record after those that it refers to."""

_ALONE = Statement(
    select(
        func.pg_try_advisory_xact_lock(literal(4_201_007)),
        # All is made up in one transaction, which a busy machine may take a while for.
        func.set_config("idle_in_transaction_session_timeout", "10min", literal(True)),
    )
)


class Refused(CannotRun):
    """The demo is not for this installation as it is; the text says why and what to do."""


async def fill(settings: Settings, *, force: bool = False) -> None:
    """Fill the demo and print its log-ins; where it is already there, change nothing and say so.

    Raises Refused for an installation in production or with users of its own, unless forced.
    """
    if settings.environment == "production" and not force:
        raise Refused(
            "This is a production installation; the demo's password is public. FORCE=1 fills it all the same."
        )
    database = Database(settings.database_url or "", pool=2)
    clock = Clock(settings.time_zone, settings.clock_offset_seconds)
    try:
        async with open_context(Services(database, database, clock, settings, _nobody), SystemPrincipal("demo")) as ctx:
            made = await fill_in(ctx, force=force)
    finally:
        await database.close()
    if made is None:
        typer.echo("The demo is already here; nothing was changed.")
    else:
        typer.echo("Filled the demo: " + ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in made.items()))
    _tell_logins(settings)


async def fill_in(ctx: Context, *, force: bool = False) -> dict[str, int] | None:
    """Write the demo in this context; returns how many records of each kind, None when it is already there. Raises Refused."""
    if not (await ctx.run(_ALONE))[0][0]:
        raise Refused("Another `make demo` is at work on this database; wait for it.")
    users = (await ctx.session.execute(select(User.id, User.user_name))).all()
    if any(user.id == staff.ADMINISTRATOR for user in users):
        return None
    if users and not force:
        raise Refused(
            f"This installation has users of its own ({users[0].user_name} …); the demo would mix with their data. "
            "FORCE=1 fills it all the same."
        )
    await _refuse_taken(ctx)
    fair, _ = await projects.create(ctx, daily.FAIR)
    people = await staff.write(ctx)
    rules, fair_rules = await rules_of(ctx, PROTECTION_PROJECT_ID), await rules_of(ctx, fair)
    of_pipeline = select(Stage).where(Stage.pipeline_id == (rules.pipeline_id or DEFAULT_PIPELINE_ID))
    stages = list((await ctx.session.execute(of_pipeline.order_by(Stage.position))).scalars())

    random = Random(SEED)  # noqa: S311  (the same demo each time)
    draft = Draft(ctx.clock, people, Inventor(random), random)
    standing = protection.protected(draft, rules, stages)
    customers.managed(draft, stages)
    clearances.disputes(draft, rules, standing)
    daily.fair(draft, fair_rules, stages, standing)
    daily.messages(draft, standing)
    protection.timetable(draft)
    made = await draft.write(ctx, _ORDER)
    return {"centres": len(staff.CENTRES), "users": len(people.users), **made}


async def _refuse_taken(ctx: Context) -> None:
    """Raise Refused where something of the installation's own has a name that the demo needs."""
    names = [name for _, name, _ in staff.logins()]
    found = {
        "user": select(User.user_name).where(
            func.lower(User.user_name).in_(names) | func.lower(User.email).in_([staff.email_of(name) for name in names])
        ),
        "centre": select(Centre.code).where(Centre.code.in_(staff.CENTRES)),
        "project": select(Project.key).where(Project.key == daily.FAIR.key),
    }
    for kind, statement in found.items():
        if (name := (await ctx.session.execute(statement.limit(1))).scalar()) is not None:
            raise Refused(f"The demo needs the name of a {kind} that is there already: {name}. Rename it first.")


def _tell_logins(settings: Settings) -> None:
    by_role: dict[str, list[str]] = {}
    for role, name, country in staff.logins():
        by_role.setdefault(role, []).append(f"{name} ({country})")
    typer.echo(f"\nLog in at {settings.public_url} with the password {staff.PASSWORD} as:")
    for role, names in by_role.items():
        typer.echo(f"  {role:<13} {', '.join(names)}")
    typer.echo("\nTry: who has “mueller maschinenbau” in Linz? Ask as markus.steiner; it is anna.berger's.")


async def _nobody(request: Request) -> Principal:  # noqa: ARG001  (nobody asks over HTTP here)
    raise NotAuthenticated
