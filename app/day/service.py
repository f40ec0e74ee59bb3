"""The lists of the day: what waits for somebody, by what their roles do (F, chapter 1.3)."""

from datetime import datetime, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

import orjson

from app.core.context import Context
from app.day import queries
from app.day.sections import SECTIONS

CALL_RHYTHM = timedelta(days=60)
"""How often customers are called (CALL-3)."""


async def my_day(ctx: Context) -> bytes:
    """The asker's day as JSON, in their time zone and language: the sections that their permissions give them."""
    asker = ctx.user
    zone = ZoneInfo(asker.time_zone)
    today = ctx.now.astimezone(zone).date()
    tomorrow = today + timedelta(days=1)
    day_ends = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone)
    mine = [section for section in SECTIONS if all(ctx.may(permission) for permission in section.permissions)]
    rows = {}
    if mine:
        statement = queries.sections(tuple(section.key for section in mine), ctx.reach)
        when = {"now": ctx.now, "today": today, "day_ends": day_ends, "called_before": ctx.now - CALL_RHYTHM}
        rows = {row["key"]: row for row in await ctx.fetch(statement, **when)}
    (unread,) = await ctx.fetch(queries.unread())
    filled = {"user": asker.user_id, "day_ends": quote(day_ends.isoformat()), "tomorrow": tomorrow}
    return orjson.dumps(
        {
            "date": today,
            "time_zone": asker.time_zone,
            "unread": dict(unread),
            "sections": [
                {
                    "key": section.key,
                    "label": section.label["de" if ctx.language == "de" else "en"],
                    "count": rows[section.key]["count"],
                    "items": orjson.Fragment(rows[section.key]["items"]),
                    "path": section.path.format_map(filled),
                }
                for section in mine
            ],
        }
    )
