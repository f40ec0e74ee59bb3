"""Events for the ERP on the wire."""

from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.resource import ListQuery

ErpEventKind = Literal["visit_report_submitted", "visit_report_corrected"]
_MOMENT: Any = {"format": "date-time"}


class ErpAccount(BaseModel):
    """The account as both sides know it."""

    id: UUID
    erp_id: str | None
    name: str


class ErpEventRead(BaseModel):
    """One thing that the ERP is told. The report's text stays here: the ERP gets an empty visit report."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d",
                "version": 1,
                "kind": "visit_report_submitted",
                "account": {
                    "id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1e",
                    "erp_id": "K-10442",
                    "name": "Kranz Bau GmbH",
                },
                "visit_report_id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1f",
                "visited_on": "2026-11-20",
                "visit_priority": False,
                "last_visit_on": "2026-11-20",
                "created_at": "2026-11-20T11:02:00Z",
                "acknowledged_at": None,
            }
        }
    )

    id: UUID
    version: int
    kind: ErpEventKind = Field(
        description="`visit_report_corrected`: the day of a visit that was told before is another one."
    )
    account: ErpAccount
    visit_report_id: UUID
    visited_on: str = Field(json_schema_extra={"format": "date"})
    visit_priority: bool = Field(description="The account's, as it is now.")
    last_visit_on: str | None = Field(json_schema_extra={"format": "date"}, description="The account's, as it is now.")
    created_at: str = Field(json_schema_extra=_MOMENT)
    acknowledged_at: str | None = Field(json_schema_extra=_MOMENT)


class ErpEventQuery(ListQuery):
    """The list has no filters: what waits, in order."""
