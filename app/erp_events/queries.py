"""How events are read: by whoever connects the ERP."""

from sqlalchemy import BigInteger, Select, Text, cast, func

from app.accounts.models import Account
from app.core.expressions import plain
from app.core.resource import Resource
from app.erp_events.models import ErpEvent
from app.erp_events.schemas import ErpEventRead

_WHY = "whoever sees the event sees its account"
_HORIZON = cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)
_COLUMNS = {
    **plain(ErpEvent, "id", "version", "kind", "visited_on", "created_at", "acknowledged_at"),
    "account": func.json_build_object("id", Account.id, "erp_id", Account.erp_id, "name", Account.name),
    "visit_report_id": ErpEvent.activity_id,
    **plain(Account, "visit_priority", "last_visit_on"),
}

ERP_EVENT = Resource(
    ErpEvent,
    ErpEventRead,
    _COLUMNS,
    joins=lambda s: s.join(Account, Account.id == ErpEvent.account_id),
    beside={Account: _WHY},
)


def _pending(statement: Select[tuple[object, ...]]) -> Select[tuple[object, ...]]:
    return statement.join(Account, Account.id == ErpEvent.account_id).where(
        ErpEvent.acknowledged_at.is_(None), ErpEvent.xid < _HORIZON, Account.erp_id.is_not(None)
    )


PENDING = Resource(
    ErpEvent,
    ErpEventRead,
    _COLUMNS,
    joins=_pending,
    sorts={"xid": ErpEvent.xid},
    default_sort="xid",
    beside={Account: _WHY},
)
"""In the order in which the transactions began; none comes later that belongs before one that was shown."""
