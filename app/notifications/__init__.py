"""Telling users what they should know: `await notify(ctx, …)`."""

from app.notifications.service import notify, notify_managers

__all__ = ["notify", "notify_managers"]
