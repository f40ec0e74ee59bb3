"""Telling users what they should know: `await notify(ctx, …)`, or `notify_many` for several things or many people."""

from app.notifications.telling import Told, notify, notify_managers, notify_many

__all__ = ["Told", "notify", "notify_managers", "notify_many"]
