"""How checks, locks and clearances are read."""

from sqlalchemy import Text, case, column, func, literal_column, select
from sqlalchemy.orm import aliased

from app.core.expressions import asker, link, plain, record
from app.core.filters import any_of, below, equals
from app.core.resource import Resource
from app.identity.models import User
from app.leads.models import Lead
from app.locks.models import Clearance, LeadLock, ProtectionCheck
from app.locks.schemas import ClearanceRead, LeadLockRead, ProtectionCheckRead
from app.projects.models import Project

_holder, _asker, _decider, _checker = aliased(User), aliased(User), aliased(User), aliased(User)


_step = func.unnest(Project.lock_steps).table_valued(column("name", Text)).render_derived()
_done_at = case(
    (_step.c.name == "lead", LeadLock.created_at),
    (_step.c.name == "converted", Lead.converted_at),
    (_step.c.name == "opportunity_requested", Lead.opportunity_requested_at),
)
_steps = (
    select(
        func.coalesce(
            func.json_agg(
                func.json_build_object("step", _step.c.name, "done", _done_at.is_not(None), "done_at", _done_at)
            ),
            literal_column("'[]'::json"),
        )
    )
    .select_from(_step)
    .correlate(Project, LeadLock, Lead)
    .scalar_subquery()
)

LOCK = Resource(
    LeadLock,
    LeadLockRead,
    {
        **record(LeadLock),
        **plain(LeadLock, "customer_name", "country", "project_id", "lead_id", "account_id"),
        "holder": link(LeadLock.holder_id, _holder.name),
        **plain(LeadLock, "state", "starts_on", "ends_on", "ended_at", "end_reason"),
        "steps": _steps,
    },
    joins=lambda s: (
        s.join(_holder, _holder.id == LeadLock.holder_id)
        .join(Project, Project.id == LeadLock.project_id)
        .join(Lead, Lead.id == LeadLock.lead_id, isouter=True)
    ),
    beside={Lead: "when the steps were done belongs to the lock"},
    filters={
        "holder_id": any_of(LeadLock.holder_id),
        "project_id": equals(LeadLock.project_id),
        "lead_id": equals(LeadLock.lead_id),
        "account_id": equals(LeadLock.account_id),
        "state": any_of(LeadLock.state),
        "country": equals(LeadLock.country),
        "ends_before": below(LeadLock.ends_on),
    },
    sorts={"created_at": LeadLock.created_at},
)

CLEARANCE = Resource(
    Clearance,
    ClearanceRead,
    {
        **record(Clearance),
        **plain(Clearance, "lock_id", "account_id", "country"),
        "customer_name": case(
            (Clearance.asker_sees | (Clearance.requested_by != asker()), Clearance.customer_name), else_=None
        ),
        "requested_by": link(Clearance.requested_by, _asker.name),
        "holder": link(Clearance.holder_id, _holder.name),
        **plain(Clearance, "reason", "state"),
        "decided_by": link(Clearance.decided_by, _decider.name),
        **plain(Clearance, "decided_at", "decision_reason", "used_at", "lead_id"),
    },
    joins=lambda s: (
        s.join(_asker, _asker.id == Clearance.requested_by)
        .join(_holder, _holder.id == Clearance.holder_id)
        .join(_decider, _decider.id == Clearance.decided_by, isouter=True)
    ),
    filters={
        "state": any_of(Clearance.state),
        "requested_by": equals(Clearance.requested_by),
        "country": equals(Clearance.country),
    },
    sorts={"created_at": Clearance.created_at},
)

CHECK = Resource(
    ProtectionCheck,
    ProtectionCheckRead,
    {
        **plain(ProtectionCheck, "id", "version", "created_at"),
        "user": link(ProtectionCheck.user_id, _checker.name),
        **plain(ProtectionCheck, "project_id", "query"),
        **{name: ProtectionCheck.answer[name] for name in ("status", "contact_allowed", "matches", "ask", "truncated")},
    },
    joins=lambda s: s.join(_checker, _checker.id == ProtectionCheck.user_id),
    sorts={"created_at": ProtectionCheck.created_at},
)
