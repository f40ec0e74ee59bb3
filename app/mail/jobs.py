"""The job that sends a mail: `ctx.enqueue("mail.send", {"to", "subject", "text", "message_id"})`."""

from collections.abc import Mapping
from typing import Any

from app.core import outbox
from app.core.context import Context
from app.mail.sending import send


@outbox.job("mail.send")
async def send_mail(ctx: Context, payload: Mapping[str, Any]) -> None:
    """Send it. Without a `message_id` the job's own number makes the Message-ID stable over its repetitions."""
    await send(
        ctx.settings,
        to=payload["to"],
        subject=payload["subject"],
        text=payload["text"],
        message_id=str(payload.get("message_id") or f"job-{ctx.job_id}"),
    )
