"""What tests of merging share."""

import random
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import AccountRevenue
from app.contacts.models import AccountContact, Departure


async def previewed(client: httpx.AsyncClient, kind: str, ids: list[Any], **more: Any) -> dict[str, Any]:
    """The comparison of these records."""
    body = {"record_type": kind, "record_ids": [str(i) for i in ids], "preview": True, **more}
    answer = await client.post("/v1/merges", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def body_of(client: httpx.AsyncClient, kind: str, ids: list[Any], **more: Any) -> dict[str, Any]:
    """The request that merges these records into the first one, on the versions of a preview."""
    known = {name: value for name, value in more.items() if name == "origin"}
    shown = await previewed(client, kind, ids, winner_id=str(ids[0]), **known)
    return {
        "record_type": kind,
        "record_ids": [str(i) for i in ids],
        "winner_id": str(ids[0]),
        "versions": shown["versions"],
        **more,
    }


async def merged(client: httpx.AsyncClient, kind: str, ids: list[Any], **more: Any) -> httpx.Response:
    """Merge as a careful client does: preview, then the merge."""
    return await client.post("/v1/merges", json=await body_of(client, kind, ids, **more))


def codes(answer: httpx.Response) -> set[str]:
    """The rules that a refusal names."""
    return {error["code"] for error in answer.json()["errors"]}


async def entangle(
    session: AsyncSession, chance: random.Random, accounts: list[Any], contacts: list[Any], leads: list[Any]
) -> None:
    """Parents, revenues, decision makers, further accounts, departures, several e-mails: at random."""
    for number, account in enumerate(accounts):
        account.parent_id = chance.choice([None, *(one.id for one in accounts[:number])])
        for year in range(2022, 2022 + chance.randint(0, 3)):
            session.add(
                AccountRevenue(account_id=account.id, year=year, amount=Decimal(chance.randint(0, 9)), currency="EUR")
            )
    for number, contact in enumerate(contacts):
        contact.previous_contact_id = chance.choice([None, *(one.id for one in contacts[:number])])
        contact.teams_follow = chance.random() < 0.3
        if chance.random() < 0.3:
            contact.relationship, contact.do_not_contact = "left", True
            session.add(
                Departure(
                    contact_id=contact.id,
                    relationship="left",
                    left_on=date(2026, 1, 31),
                    was={"do_not_contact": False, "decided_at": []},
                    lead_id=chance.choice([None, *(lead.id for lead in leads)]),
                )
            )
        for account in accounts:
            if contact.account_id == account.id:
                account.main_contact_id = chance.choice([account.main_contact_id, contact.id])
            elif chance.random() < 0.4:
                relation = chance.choice(["owner", "board"])
                session.add(AccountContact(account_id=account.id, contact_id=contact.id, relation=relation))
    for record in (*accounts, *contacts):
        further = chance.sample(["a@firma.at", "B@firma.at", "c@firma.at"], chance.randint(0, 2))
        there = [entry["address"] for entry in record.emails]
        consent = {"consent": chance.choice(["unknown", "refused"]), "consent_at": None, "consent_by": None}
        entry = {"kind": "private", "consent_source": None, **consent}
        more = [{"address": one, "primary": False, **entry} for one in further if one not in there]
        if there:
            record.emails = [*record.emails, *more]
        assert record.email or not record.emails
    await session.commit()
