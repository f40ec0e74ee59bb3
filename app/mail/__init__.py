"""Sending mail: by SMTP, or into a folder that one can read."""

from app.mail.sending import InvalidAddress, MailRefused, send

__all__ = ["InvalidAddress", "MailRefused", "send"]
