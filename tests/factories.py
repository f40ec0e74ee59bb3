"""Plain functions that make records for tests; everything has a believable default."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import reach
from app.accounts.models import Account
from app.contacts.models import Contact
from app.core.db import new_id
from app.identity.models import Role, Team, TeamMember, User, UserRole
from app.messages.models import Message, MessageRecipient
from app.opportunities.models import DEFAULT_PIPELINE_ID, Opportunity

_numbers = itertools.count(1)


async def make_team(session: AsyncSession, kind: str = "centre_local", **values: Any) -> Team:
    """A team without members."""
    team = Team(**({"name": f"Team {next(_numbers)}", "kind": kind} | values))
    session.add(team)
    await session.commit()
    return team


async def make_user(
    session: AsyncSession, *roles: str, teams: Sequence[Team] = (), country: str = "AT", **values: Any
) -> User:
    """A user with these roles (a developer by default), in these teams and a private one."""
    number = next(_numbers)
    first, last = values.pop("first_name", "Eva"), values.pop("last_name", f"Muster{number}")
    user = User(
        **(
            {
                "user_name": f"{first}.{last}".lower(),
                "email": f"{first}.{last}@example.com".lower(),
                "first_name": first,
                "last_name": last,
                "country": country,
            }
            | values
        )
    )
    session.add(user)
    await session.flush()
    private = Team(name=f"{first} {last}", kind="private", user_id=user.id)
    session.add(private)
    await session.flush()
    user.default_team_id = private.id
    keys = roles or ("developer",)
    found = (await session.execute(select(Role).where(Role.key.in_(keys)))).scalars().all()
    assert len(found) == len(keys), keys
    session.add_all(UserRole(user_id=user.id, role_id=role.id) for role in found)
    session.add_all(TeamMember(team_id=team.id, user_id=user.id) for team in (private, *teams))
    await session.commit()
    await session.refresh(user)
    return user


def lead_body(assignee_id: Any, **values: Any) -> dict[str, Any]:
    """A complete lead of the protection project, as a client sends it."""
    number = next(_numbers)
    return {
        "status": "new",
        "source": "fair",
        "assignee_id": str(assignee_id),
        "name": f"Kranzbichler{_letters(number)} Maschinenbau GmbH",
        "company": f"Kranzbichler{_letters(number)} Maschinenbau",
        "city": "Linz",
        "state": "Oberösterreich",
        "country": "AT",
        "postal_code": "4020",
        "contacted_on": "2026-11-20",
        "description": "Interesse an der Flatrate",
        "expected_revenue": {"amount": "12500.00", "currency": "EUR"},
    } | values


def _letters(number: int) -> str:
    """A made-up word for a number, far from its neighbours'."""
    syllables = ("ba", "ro", "mi", "ku", "ste", "lan", "go", "fri", "dux", "wa")
    return "".join(syllables[int(digit)] for digit in str(number * 7919))


async def make_account(session: AsyncSession, assignee: User, **values: Any) -> Account:
    """An account of this user's private team, with all that ACC-1 asks for. It is not in the duplicate index."""
    account = Account(
        **(
            {
                "name": f"Kundenfirma {next(_numbers)} GmbH",
                "assignee_id": assignee.id,
                "manager_ids": [],
                "team_ids": [assignee.default_team_id],
                "level": "B",
                "industry": "Maschinenbau",
                "legal_form": "GmbH",
                "city": "Linz",
                "country": "AT",
            }
            | values
        )
    )
    reach.complete(account, reach.OF_ACCOUNTS)
    session.add(account)
    await session.commit()
    return account


async def make_contact(session: AsyncSession, assignee: User, account: Account | None = None, **values: Any) -> Contact:
    """A person, of this account if one is given, in this user's private team. They are not in the duplicate index."""
    contact = Contact(
        **(
            {
                "first_name": "Max",
                "last_name": f"Kunde{next(_numbers)}",
                "assignee_id": assignee.id,
                "manager_ids": [],
                "team_ids": [assignee.default_team_id],
                "account_id": account.id if account else None,
            }
            | values
        )
    )
    reach.complete(contact, reach.OF_CONTACTS)
    session.add(contact)
    await session.commit()
    return contact


async def make_opportunity(session: AsyncSession, assignee: User, account: Account, **values: Any) -> Opportunity:
    """A chance in the default pipeline's first stage, in the account's teams."""
    opportunity = Opportunity(
        **(
            {
                "name": f"Flatrate {next(_numbers)}",
                "account_id": account.id,
                "pipeline_id": DEFAULT_PIPELINE_ID,
                "stage_id": stage_id(1),
                "probability": 10,
                "amount": Decimal("12500.00"),
                "currency": "EUR",
                "stage_entered_at": datetime.now(UTC),
                "assignee_id": assignee.id,
                "team_ids": account.team_ids,
            }
            | values
        )
    )
    session.add(opportunity)
    await session.commit()
    return opportunity


def stage_id(position: int) -> UUID:
    """The default pipeline's stages in order: 1 contact, 2 needs, 3 offer, 4 negotiation, 5 won, 6 lost."""
    return UUID(f"01900000-0000-7000-8000-0000000001{position:02d}")


async def make_request(
    session: AsyncSession, sender: User, account: Account, *recipients: User, **request: Any
) -> Message:
    """A developer's message to sales support that asks for an opportunity."""
    id_ = new_id()
    message = Message(
        id=id_,
        thread_id=id_,
        kind="opportunity_request",
        sender_id=sender.id,
        subject=f"Verkaufschance anlegen: {account.name}",
        body="Bitte anlegen.",
        request={
            "lead_id": None,
            "account_id": str(account.id),
            "contact_id": None,
            "stage_id": str(stage_id(2)),
            "amount": "12500.00",
            "currency": "EUR",
            "assignee_id": str(sender.id),
        }
        | request,
    )
    session.add(message)
    await session.flush()
    session.add_all(MessageRecipient(message_id=message.id, user_id=user.id) for user in recipients)
    await session.commit()
    return message
