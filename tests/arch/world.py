"""One record of every kind, owned by one user, so that every route can be called with ids that exist."""

import copy
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.models import Account, MemberOrganisation
from app.contact_types.models import ContactType
from app.core import outbox
from app.core.db import new_id
from app.core.visibility import unscoped
from app.custom_fields.models import CustomField
from app.duplicate_scans.models import DuplicateCluster, DuplicateClusterMember, DuplicateScan
from app.duplicates.models import DuplicateDismissal
from app.erp_events.models import ErpEvent
from app.files.models import Photo
from app.identity.models import CalendarShare, Centre, DeviceSession, Role, User
from app.jobs.models import Job
from app.locks.models import Clearance, LeadLock, ProtectionCheck
from app.notifications.models import Notification
from app.opportunities.models import DEFAULT_PIPELINE_ID
from app.projects.models import PROTECTION_PROJECT_ID
from tests.conftest import Api
from tests.factories import lead_body, make_account, make_contact, make_opportunity, make_request, make_team, make_user

Ids = dict[str, UUID | int | str]


async def make_world(api: Api, session: AsyncSession, role: str) -> tuple[User, Ids]:
    """A user with the role, and the ids of records that are theirs, or another one's where only that makes sense.

    `lead_id`, `lock_id`, `account_id`, `contact_id`, `opportunity_id`, `activity_id`, `check_id`, `device_id` are the user's
    own; `message_id` was sent to them; `clearance_id` is another one's request in the user's country; `other_lock_id` is
    another one's lock; `scan_id` and `long_job_id` are the user's running scan, `cluster_id` is one of two accounts of
    theirs, `merge_id` one of two contacts of theirs; `user_id` is another person; `job_id` is a dead background job.
    """
    team = await make_team(session)
    user = await make_user(session, role, teams=[team])
    other = await make_user(session, "developer", teams=[team])
    third = await make_user(session, "developer")
    admin = await api.as_user(await make_user(session, "admin"))
    ids = {
        "user_id": other.id,
        "team_id": team.id,
        "project_id": PROTECTION_PROJECT_ID,
        "pipeline_id": DEFAULT_PIPELINE_ID,
    }

    ids["lead_id"] = await _made(admin, "/v1/leads", lead_body(user.id))
    await make_user(session, "ks")
    other_lead = await _made(admin, "/v1/leads", lead_body(other.id))
    locks = unscoped(select(LeadLock.id), reason="the world's maker")
    ids["lock_id"] = (await session.execute(locks.where(LeadLock.lead_id == ids["lead_id"]))).scalar_one()
    ids["other_lock_id"] = (await session.execute(locks.where(LeadLock.lead_id == other_lead))).scalar_one()
    today = datetime.now(UTC).date()
    active = {"state": "active", "starts_on": today, "ends_on": today + timedelta(days=184)}
    await session.execute(
        unscoped(update(LeadLock).where(LeadLock.id == ids["lock_id"]).values(active), reason="the world's maker")
    )
    photo = Photo(id=new_id(), content_type="image/png", width=1, height=1, data=b"png", created_at=datetime.now(UTC))
    session.add(photo)
    await session.flush()
    account = await make_account(session, user, photo_id=photo.id)
    contact = await make_contact(session, user, account, photo_id=photo.id)
    opportunity = await make_opportunity(session, user, account)
    message = await make_request(session, other, account, user)
    ids |= {
        "account_id": account.id,
        "contact_id": contact.id,
        "opportunity_id": opportunity.id,
        "message_id": message.id,
    }
    task = {"type": "task", "account_id": str(account.id), "subject": "Anrufen", "assignee_id": str(user.id)}
    ids["activity_id"] = await _made(admin, "/v1/activities", task)
    ids["meeting_id"] = await _made(admin, "/v1/activities", {**SERIES, "assignee_id": str(user.id)})
    ids |= {"occurrence_at": OCCURRENCE, "token": "x" * 43}
    share = CalendarShare(owner_id=user.id, user_id=third.id, mode="read")
    session.add(share)
    await session.flush()
    ids["share_id"] = share.id
    again = {"record": {"type": "account", "id": str(account.id)}, "note": "Nachfassen", "in_days": 3}
    ids["follow_up_id"] = await _made(admin, "/v1/follow-ups", {**again, "assignee_id": str(user.id)})

    report = {"type": "visit_report", "subject": "Besuch", "description": "Alles gut.", "account_id": str(account.id)}
    author = admin if role == "ks" else await api.as_user(user)
    ids["visit_report_id"] = await _made(author, "/v1/activities", {**report, "visited_at": "2026-11-20T10:30:00Z"})
    events = unscoped(
        select(ErpEvent.id).where(ErpEvent.activity_id == ids["visit_report_id"]), reason="the test looks"
    )
    ids["event_id"] = (await session.execute(events)).scalar_one()

    further = await make_account(session, user)
    belongs = {"account_id": str(further.id), "contact_id": str(contact.id), "relation": "owner"}
    ids["account_contact_id"] = await _made(admin, "/v1/account-contacts", belongs)
    ids["further_id"] = (await make_account(session, user)).id

    attachments = f"/v1/accounts/{account.id}/attachments"
    attached = await admin.post(attachments, params={"filename": "Angebot.pdf"}, content=b"%PDF-1.7")
    ids["attachment_id"] = UUID(attached.json()["id"])

    dismissal = DuplicateDismissal(
        first_type="account", first_id=account.id, second_type="contact", second_id=contact.id
    )
    now = datetime.now(UTC)
    clearance = Clearance(
        lock_id=ids["other_lock_id"],
        requested_by=third.id,
        holder_id=other.id,
        customer_name="Kranzbichler",
        country="AT",
        reason="Der Kunde hat uns selbst angesprochen.",
        asker_sees=True,
    )
    check = ProtectionCheck(created_at=now, user_id=user.id, project_id=PROTECTION_PROJECT_ID, query={}, answer=ANSWER)
    device = DeviceSession(
        user_id=user.id, refresh_hash=b"-", created_at=now, last_used_at=now, expires_at=now + timedelta(days=1)
    )
    told = Notification(user_id=user.id, kind="lead_assigned", data={}, texts=TEXTS, created_at=now)
    custom = Role(key="trainee", label_de="Praktikum", label_en="Trainee", permissions=["users.read"])
    centre = Centre(code="AT-LNZ", name="Linz", country="AT")
    organisation = MemberOrganisation(name="Innung der Metalltechniker")
    field = CustomField(record_type="account", key="size", kind="number", label_de="x", label_en="x", position=1)
    kind = ContactType(key="buyer", label_de="Einkauf", label_en="Buyer", position=1)
    session.add_all([dismissal, clearance, check, device, told, custom, centre, organisation, field, kind])
    await session.commit()
    ids["contact_type_id"] = kind.id
    ids["call_script_id"] = await _made(admin, "/v1/call-scripts", SCRIPT)
    ids["field_id"] = field.id
    ids |= {"clearance_id": clearance.id, "check_id": check.id, "device_id": device.id, "notification_id": told.id}
    job = insert(outbox.table).values(
        job="mail.send", payload={}, actor="system:test", trace_id="", created_at=now, due_at=now, dead_at=now
    )
    ids["job_id"] = (await session.execute(job.returning(outbox.table.c.id))).scalar_one()
    await session.commit()
    ids["dismissal_id"] = dismissal.id
    ids["organisation_id"] = organisation.id
    ids |= {"role_id": custom.id, "centre_id": centre.id, "self_id": user.id}
    twin, double, triple = [await make_contact(session, user) for _ in range(3)]
    merge = {"record_type": "contact", "record_ids": [str(twin.id), str(double.id)], "winner_id": str(twin.id)}
    ids["merge_id"] = await _made(admin, "/v1/merges", {**merge, "versions": {str(twin.id): 1, str(double.id): 1}})
    ids["double_id"] = triple.id
    ids |= {"list_name": "contacts-never-called", "entry_id": contact.id}
    ids |= {"resource_name": "accounts", "enum_name": "countries"}
    ids |= await _scanned(session, user, [account, await make_account(session, user)])
    return user, ids


async def _scanned(session: AsyncSession, user: User, accounts: list[Account]) -> Ids:
    """A scan that the user has asked for and that still runs, with a cluster of these accounts."""
    job = Job(kind="duplicate_scan", created_by=user.id)
    session.add(job)
    await session.flush()
    session.add(DuplicateScan(id=job.id, record_types=["account"], minimum_verdict="duplicate", created_by=user.id))
    await session.flush()
    cluster = DuplicateCluster(
        scan_id=job.id, rank=1, record_type="account", verdict="duplicate", score=1, size=len(accounts)
    )
    session.add(cluster)
    await session.flush()
    session.add_all(
        DuplicateClusterMember(cluster_id=cluster.id, record_type="account", record_id=one.id, record_version=1)
        for one in accounts
    )
    await session.commit()
    return {"long_job_id": job.id, "scan_id": job.id, "cluster_id": cluster.id}


SCRIPT = {"key": "spring", "label_de": "Frühjahrscheck", "label_en": "Spring check", "text": "Guten Tag"}
OCCURRENCE = "2027-03-23T08:00:00Z"
SERIES = {
    "type": "meeting",
    "subject": "Vertriebsrunde",
    "starts_at": "2027-03-16T09:00:00+01:00",
    "time_zone": "Europe/Vienna",
    "recurrence": "FREQ=WEEKLY",
}
TEXTS = {language: {"title": "Neuer Interessent", "body": "Kranzbichler GmbH"} for language in ("de", "en")}
ANSWER = {"status": "free", "contact_allowed": True, "matches": [], "ask": [], "truncated": False}


async def _made(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> UUID:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


def body_of(operation: dict[str, Any], ids: Ids) -> Any:
    """The operation's own example, made to fit the world."""
    content = operation["requestBody"]["content"]["application/json"]
    example = content["example"] if "example" in content else next(iter(content["examples"].values()))["value"]
    value = copy.deepcopy(example)  # the document is every test's
    fitting = FITTING.get(operation["operationId"])
    return value if fitting is None else {**value, **fitting(ids)}


FITTING: dict[str, Any] = {
    "change_occurrence": lambda _: {"occurrence_at": OCCURRENCE, "status": "planned"},
    "split_series": lambda _: {"occurrence_at": OCCURRENCE},
    "create_calendar_share": lambda ids: {"user_id": str(ids["user_id"])},
    "get_free_busy": lambda ids: {"user_ids": [str(ids["user_id"])]},
    "create_account_contact": lambda ids: {
        "account_id": str(ids["further_id"]),
        "contact_id": str(ids["contact_id"]),
    },
    "change_password": lambda ids: {"current_password": "falsch", "new_password": "Sieben-Zwerge-4711"},
    "create_user": lambda ids: {"email": "neu@example.com", "user_name": "neu"},
    "create_centre": lambda ids: {"code": "AT-WIE"},
    "update_centre": lambda ids: {"code": "AT-GRZ"},
    "create_role": lambda ids: {"key": "intern"},
    "order_custom_fields": lambda ids: {"ids": [str(ids["field_id"])]},
    "create_project": lambda ids: {"id": None, "key": "fair", "pipeline_id": None, "statuses": None},
    "transfer_lead_lock": lambda ids: {"holder_id": str(ids["user_id"])},
    "request_clearance": lambda ids: {"lock_id": str(ids["other_lock_id"]), "account_id": None},
    "create_lead": lambda ids: {"assignee_id": str(ids["self_id"])},
    "create_opportunity": lambda ids: {
        "message_id": None,
        "account_id": str(ids["account_id"]),
        "contact_id": None,
        "name": "Flatrate",
        "expected_revenue": {"amount": "12500.00", "currency": "EUR"},
    },
    "dismiss_duplicates": lambda ids: {
        "records": [{"type": kind, "id": str(ids[f"{kind}_id"])} for kind in ("lead", "account")]
    },
    "merge_records": lambda ids: {
        "record_ids": [str(ids["contact_id"]), str(ids["double_id"])],
        "winner_id": str(ids["contact_id"]),
        "fields": {"phone": str(ids["double_id"])},
        "versions": {str(ids[one]): ids.get("contact_version", 1) for one in ("contact_id", "double_id")},
    },
    "create_activity": lambda ids: {"account_id": str(ids["account_id"]), "contact_id": str(ids["contact_id"])},
    "create_follow_up": lambda ids: {"record": {"type": "account", "id": str(ids["account_id"])}},
    "hand_over_follow_up": lambda ids: {"assignee_id": str(ids["self_id"])},
    "review_visit_report": lambda _: {
        "account_id": None,
        "contact_id": None,
        "actions": [],
        "cross_sell": None,
    },
    "push_changes": lambda ids: {
        "operations": [
            {"op_id": str(new_id()), "op": "update", "type": kind, "id": str(ids[f"{kind}_id"]), "base_version": 1}
            | {"data": {"description": "Am Tor läuten."}}
            for kind in ("account", "contact", "lead")
        ]
    },
    "send_message": lambda ids: {"record": {"type": "lead", "id": str(ids["lead_id"])}},
}


def path_of(path: str, ids: Ids) -> str:
    """The path with the world's ids in it; KeyError for a kind of record that the world does not have yet."""
    return path.format_map({name: str(value) for name, value in ids.items()})
