"""One plain-text mail to one recipient, over SMTP_URL or into `data_dir/mailbox`."""

import asyncio
import os
import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from hashlib import sha256
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib
from email_validator import EmailNotValidError, validate_email

from app.core.outbox import GiveUp
from app.settings import Settings

SECONDS = 25
"""A mail's time, below what the database grants an idle transaction."""
MAX_SUBJECT = 200
READABLE = EmailPolicy(utf8=True, cte_type="8bit", linesep="\n")
"""How mail is written into the folder: umlauts as they are, for people."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LINE_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class InvalidAddress(GiveUp):
    """There is no way to send mail to this."""


class MailRefused(GiveUp):
    """The mail server will never take this mail (5xx)."""


@dataclass(frozen=True, slots=True)
class _Server:
    host: str
    port: int
    tls: bool
    user: str | None
    password: str | None


async def send(settings: Settings, *, to: str, subject: str, text: str, message_id: str) -> None:
    """Send a mail. The same `message_id` gives the same Message-ID (and the same file), so that a repetition shows.

    Raises InvalidAddress and MailRefused, which no repetition mends (so a job that lets them pass is dead at once), and
    whatever else the mail server or the network raises, which one may.
    """
    recipient = check_address(to)
    sender_name, sender = parseaddr(settings.mail_from)
    message = EmailMessage(SMTP)
    message["From"] = _address(_one_line(sender_name), _one_line(sender))
    message["To"] = _address("", recipient)
    message["Subject"] = _one_line(subject)[:MAX_SUBJECT]
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = stable_id(message_id, sender)
    message["Auto-Submitted"] = "auto-generated"
    body = _LINE_CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).rstrip("\n") + "\n"
    if settings.smtp_url:
        message.set_content(body, cte="quoted-printable")
        async with asyncio.timeout(SECONDS):
            await _deliver(_server(urlsplit(settings.smtp_url)), message, sender, recipient)
    else:
        message.set_content(body, cte="8bit")
        await asyncio.to_thread(_file, settings.data_dir / "mailbox", message, recipient)


def check_address(address: str) -> str:
    """The address in the form that goes over the wire. Raises InvalidAddress; a domain's existence is not looked up."""
    try:
        found = validate_email(address, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise InvalidAddress(str(error)) from None
    return found.ascii_email or found.normalized


def stable_id(key: str, sender: str) -> str:
    """A Message-ID made of the key."""
    local = re.sub(r"[^A-Za-z0-9.-]", "", key)[:64].strip(".")
    digest = sha256(key.encode()).hexdigest()[:16]
    domain = sender.rpartition("@")[2]
    return f"<{local}.{digest}@{domain if domain.isascii() else 'leadwerk.invalid'}>"


def _address(name: str, address: str) -> Address:
    local, _, domain = address.rpartition("@")
    return Address(name, local.strip('"'), domain)


def _one_line(value: str) -> str:
    return " ".join(_CONTROLS.sub(" ", value).split())


def _server(url: SplitResult) -> _Server:
    if url.scheme not in ("smtp", "smtps") or not url.hostname:
        raise ValueError("SMTP_URL must look like smtp://user:password@host:587 or smtps://host")
    tls = url.scheme == "smtps"
    return _Server(
        url.hostname,
        url.port or (465 if tls else 25),
        tls,
        unquote(url.username) if url.username else None,
        unquote(url.password) if url.password else None,
    )


async def _deliver(server: _Server, message: EmailMessage, sender: str, recipient: str) -> None:
    """With TLS from the start (smtps), or as soon as the server offers it. A refused sign-in may be mended, so it is no end."""
    try:
        await aiosmtplib.send(
            message,
            sender=sender,
            recipients=[recipient],
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.tls,
            timeout=10,
        )
    except aiosmtplib.SMTPAuthenticationError:
        raise
    except aiosmtplib.SMTPRecipientsRefused as error:
        if all(500 <= refused.code < 600 for refused in error.recipients):
            raise MailRefused("; ".join(f"{refused.code} {refused.message}" for refused in error.recipients)) from None
        raise
    except aiosmtplib.SMTPResponseException as error:
        if 500 <= error.code < 600:
            raise MailRefused(f"{error.code} {error.message}") from None
        raise


def _file(folder: Path, message: EmailMessage, recipient: str) -> None:
    """Write the mail, whole or not at all, once for each Message-ID."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark = sha256(str(message["Message-ID"]).encode()).hexdigest()[:12]
    if any(folder.glob(f"*_{mark}.eml")):
        return
    safe = re.sub(r"[^A-Za-z0-9@.+-]", "-", recipient)[:100].lstrip(".")
    name = f"{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}_{safe}_{mark}.eml"
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(message.as_bytes(policy=READABLE))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).rename(folder / name)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
