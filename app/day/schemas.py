"""The day on the wire."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.core.types import Link


class DayItem(BaseModel):
    """A record that waits for the asker."""

    type: str = Field(description="The resource's name in the singular; more may come.")
    id: UUID
    title: str | None
    at: datetime | None = Field(description="When it is due, happens, or has waited since.")
    account: Link | None


class DaySection(BaseModel):
    """One of the day's lists. There may come more of them."""

    key: str
    label: str
    count: int = Field(description="How many there are; 100 means 100 or more.")
    items: list[DayItem] = Field(description="The first ten, what has waited longest first.")
    path: str = Field(description="The list in which they all stand, perhaps among others.")


class DayRead(BaseModel):
    """What waits for the asker today, by what their roles do."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "date": "2026-11-23",
                "time_zone": "Europe/Vienna",
                "unread": {"notifications": 3, "messages": 1},
                "sections": [
                    {
                        "key": "calls",
                        "label": "Geplante Anrufe",
                        "count": 1,
                        "items": [
                            {
                                "type": "activity",
                                "id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1d",
                                "title": "Nachverfolgen",
                                "at": "2026-11-23T09:30:00Z",
                                "account": {"id": "0192f0c1-7c7a-7a1b-8c1d-2f6e7a9b0c1e", "name": "Kranz Bau GmbH"},
                            }
                        ],
                        "path": "/v1/activities?type=call&open=true&sort=at",
                    }
                ],
            }
        }
    )

    date: date
    time_zone: str
    unread: dict[str, int] = Field(description="Unread `notifications` and `messages`; 100 means 100 or more.")
    sections: list[DaySection]
