"""The lists of the day: what waits for somebody, by what their roles do (F, chapter 1.3)."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import orjson

from app.calendar.schemas import CalendarQuery
from app.calendar.service import calendar
from app.core.context import Context
from app.day import queries
from app.day.sections import COUNTED, SECTIONS, SHOWN

CALL_RHYTHM = timedelta(days=60)
"""How often customers are called (CALL-3)."""


async def my_day(ctx: Context) -> bytes:
    """The asker's day as JSON, in their time zone and language: the sections that their permissions give them."""
    asker = ctx.user
    zone = ZoneInfo(asker.time_zone)
    today = ctx.now.astimezone(zone).date()
    tomorrow = today + timedelta(days=1)
    day_starts, day_ends = (datetime(d.year, d.month, d.day, tzinfo=zone) for d in (today, tomorrow))
    mine = [section for section in SECTIONS if all(ctx.may(permission) for permission in section.permissions)]
    found: dict[str, tuple[int, list[Any]]] = {}
    await ctx.plan_by_values()
    if mine:
        statement = queries.sections(tuple(section.key for section in mine), ctx.reach)
        when = {"now": ctx.now, "today": today, "day_starts": day_starts, "day_ends": day_ends}
        rows = await ctx.fetch(statement, **when, called_before=ctx.now - CALL_RHYTHM)
        found = {row["key"]: (row["count"], orjson.loads(row["items"])) for row in rows}
    if "meetings" in found:
        count, items = found["meetings"]
        meetings = await _meetings(ctx, day_starts, day_ends)
        found["meetings"] = min(count + len(meetings), COUNTED), (items + meetings)[:SHOWN]
    (unread,) = await ctx.fetch(queries.unread())
    filled = {"user": asker.user_id, "tomorrow": tomorrow}
    filled |= {"day_starts": quote(day_starts.isoformat()), "day_ends": quote(day_ends.isoformat())}
    return orjson.dumps(
        {
            "date": today,
            "time_zone": asker.time_zone,
            "unread": dict(unread),
            "sections": [
                {
                    "key": section.key,
                    "label": section.label["de" if ctx.language == "de" else "en"],
                    "count": found[section.key][0],
                    "items": found[section.key][1],
                    "path": section.path.format_map(filled),
                }
                for section in mine
            ],
        },
        default=str,
    )


async def _meetings(ctx: Context, starts: datetime, ends: datetime) -> list[dict[str, Any]]:
    """Today's planned meetings of the asker, those that recur at today's time."""
    events = await calendar(ctx, CalendarQuery(after=starts, before=ends, types=["meeting"]))
    return [
        {
            "type": "activity",
            "id": event["activity_id"],
            "title": event["subject"],
            "at": event["starts_at"],
            "account": event["account"],
        }
        for event in events
        if event["status"] == "planned"
    ]
