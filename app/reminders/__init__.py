"""Reminding users at a time: `await remind(ctx, …)`, `await forget(ctx, …)`."""

from app.reminders.service import Wanted, follow, forget, remind

__all__ = ["Wanted", "follow", "forget", "remind"]
