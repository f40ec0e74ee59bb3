"""What the ERP says of an account, on the wire."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.core.types import Body, Day, Line, Money


class YearRevenue(Body):
    """Revenue of one calendar year."""

    year: Annotated[int, Field(ge=1990, le=2199, strict=True)]
    revenue: Money


class ErpFigures(Body):
    """What the ERP knows of an account, whole: what is left out is not there any more, but for `erp_id`, which stays."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "erp_id": "K-100234",
                "last_order_on": "2026-09-14",
                "revenues": [
                    {"year": 2025, "revenue": {"amount": "1840.50", "currency": "EUR"}},
                    {"year": 2026, "revenue": {"amount": "620.00", "currency": "EUR"}},
                ],
            }
        }
    )

    erp_id: Line | None = None
    last_order_on: Day | None = None
    revenues: Annotated[list[YearRevenue], Field(max_length=60)] = Field(default_factory=list)


class Reasoned(BaseModel):
    """A computed value with its reason."""

    value: str
    code: str
    reason: str


class CountedRevenue(BaseModel):
    """A year's revenue, and whether it still counts."""

    year: int
    revenue: Money
    counts: bool
    reaches_threshold: bool


class Classification(BaseModel):
    """Why an account has its type and status: what they were computed from, and when time alone changes them."""

    type: Reasoned
    status: Reasoned
    last_order_on: date | None
    active_until: date | None = Field(description="The first day on which the last order is six months old.")
    revenues: list[CountedRevenue]
    threshold: str
    years: list[int] = Field(description="The calendar years that count.")
    changes_on: date | None
    up_to_date: bool
