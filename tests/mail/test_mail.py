"""Mail to a real SMTP server, and into the folder."""

import email
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from app.core.outbox import GiveUp
from app.mail import InvalidAddress, MailRefused, send
from app.settings import Settings

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class Mailbox:
    """What the server has taken, and how it answers."""

    answers: dict[str, str] = field(default_factory=dict)
    mails: list[Envelope] = field(default_factory=list)
    port: int = 0

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if "DATA" not in self.answers:
            self.mails.append(envelope)
        return self.answers.get("DATA", "250 OK")

    def url(self, who: str = "") -> str:
        return f"smtp://{who}127.0.0.1:{self.port}"


@pytest.fixture
def smtp() -> Iterator[Mailbox]:
    yield from serve()


@pytest.fixture
def closed_smtp() -> Iterator[Mailbox]:
    """Takes mail only from eva with the password p@ss."""

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"eva", b"p@ss"), handled=False)

    yield from serve(authenticator=check, auth_required=True, auth_require_tls=False)


def serve(**options: Any) -> Iterator[Mailbox]:
    mailbox = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        mailbox.port = probe.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, **options)
    controller.start()
    yield mailbox
    controller.stop()


def settings(tmp_path: Path, smtp_url: str | None = None) -> Settings:
    return Settings(
        _env_file=None,  # type: ignore[call-arg]  # pydantic-settings' own argument
        smtp_url=smtp_url,
        mail_from="Leadwerk Österreich <crm@example.com>",
        data_dir=tmp_path,
    )


def parsed(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def files(folder: Path) -> list[Path]:
    return list(folder.iterdir())


MAIL = {
    "to": "eva.müller@example.com".replace("ü", "ue"),
    "subject": "Kundensperre für „Müller & Söhne“ endet in 7 Tagen",
    "text": "Grüß Gott,\n\ndie Sperre endet am 31.08.2026 – bitte verlängern.\n"
    + "Ein langer Satz. " * 100
    + "\n.\nEnde",
    "message_id": "notification-0192f0c1",
}


async def test_a_mail_arrives_as_it_was_written(tmp_path: Path, smtp: Mailbox) -> None:
    for _ in range(2):
        await send(settings(tmp_path, smtp.url()), **MAIL)
    first, again = (parsed(bytes(envelope.content or b"")) for envelope in smtp.mails)
    assert smtp.mails[0].rcpt_tos == [MAIL["to"]] and smtp.mails[0].mail_from == "crm@example.com"
    assert first["Subject"] == MAIL["subject"] and first["To"] == MAIL["to"]
    assert first["From"].addresses[0].display_name == "Leadwerk Österreich"
    assert first["Auto-Submitted"] == "auto-generated" and first["Date"]
    assert first.get_content().replace("\r\n", "\n").rstrip() == MAIL["text"]
    assert first["Message-ID"] == again["Message-ID"] and "notification-0192f0c1" in first["Message-ID"]
    assert max(len(line) for line in bytes(smtp.mails[0].content or b"").split(b"\r\n")) <= 998
    assert files(tmp_path) == []


@pytest.mark.parametrize("subject", ["Hallo\r\nBcc: boese@example.com", "a\nb", "a\x0b\x00\x85\u2028b", "x" * 5000])
async def test_a_subject_is_never_more_than_a_subject(tmp_path: Path, smtp: Mailbox, subject: str) -> None:
    await send(settings(tmp_path, smtp.url()), **{**MAIL, "subject": subject, "message_id": "a\r\nBcc: x@example.com"})
    (envelope,) = smtp.mails
    message = parsed(bytes(envelope.content or b""))
    assert envelope.rcpt_tos == [MAIL["to"]] and message["Bcc"] is None
    assert len(message["Subject"]) <= 200 and message["Message-ID"].count("@") == 1


@pytest.mark.parametrize(
    "address",
    ["", "eva", "eva@example.com\r\nRCPT TO:<x@y.z>", "Eva <eva@example.com>", "a@b, c@d", "x" * 400 + "@a.b"],
)
async def test_what_is_no_address_gets_no_mail(tmp_path: Path, smtp: Mailbox, address: str) -> None:
    with pytest.raises(InvalidAddress) as caught:
        await send(settings(tmp_path, smtp.url()), **{**MAIL, "to": address})
    assert smtp.mails == [] and isinstance(caught.value, GiveUp)


@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
async def test_a_refusal_for_good_is_the_end_and_a_passing_one_is_not(
    tmp_path: Path, smtp: Mailbox, stage: str
) -> None:
    smtp.answers[stage] = "550 5.1.1 no such user"
    with pytest.raises(MailRefused, match="550"):
        await send(settings(tmp_path, smtp.url()), **MAIL)
    smtp.answers[stage] = "451 try again later"
    with pytest.raises(aiosmtplib.SMTPException) as caught:
        await send(settings(tmp_path, smtp.url()), **MAIL)
    assert not isinstance(caught.value, GiveUp)
    del smtp.answers[stage]
    await send(settings(tmp_path, smtp.url()), **MAIL)
    assert len(smtp.mails) == 1


async def test_a_server_that_is_away_may_come_back(tmp_path: Path) -> None:
    with pytest.raises((OSError, aiosmtplib.SMTPException)) as caught:
        await send(settings(tmp_path, "smtp://127.0.0.1:1"), **MAIL)
    assert not isinstance(caught.value, GiveUp)


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
async def test_signing_in_and_a_wrong_password(tmp_path: Path, closed_smtp: Mailbox) -> None:
    await send(settings(tmp_path, closed_smtp.url("eva:p%40ss@")), **MAIL)
    assert len(closed_smtp.mails) == 1
    with pytest.raises(aiosmtplib.SMTPAuthenticationError):
        await send(settings(tmp_path, closed_smtp.url("eva:wrong@")), **MAIL)


async def test_without_a_server_mail_lies_in_a_folder_for_people_to_read(tmp_path: Path) -> None:
    for _ in range(2):
        await send(settings(tmp_path), **MAIL)
    (path,) = files(tmp_path / "mailbox")
    assert path.name.startswith("20") and "_eva.mueller@example.com_" in path.name and path.suffix == ".eml"
    text = path.read_text(encoding="utf-8")
    assert f"Subject: {MAIL['subject']}" in text and "Grüß Gott" in text and "Leadwerk Österreich" in text
    assert parsed(path.read_bytes()).get_content().rstrip() == MAIL["text"]
    await send(settings(tmp_path), **{**MAIL, "message_id": "another"})
    assert len(files(tmp_path / "mailbox")) == 2


async def test_a_recipient_cannot_leave_the_folder(tmp_path: Path) -> None:
    await send(settings(tmp_path), **{**MAIL, "to": "/a/.b/y'z`@example.com"})
    (path,) = files(tmp_path / "mailbox")
    assert path.name.endswith(".eml") and "/" not in path.name


async def test_international_addresses(tmp_path: Path, smtp: Mailbox) -> None:
    await send(settings(tmp_path, smtp.url()), **{**MAIL, "to": "eva@müller.example.com"})
    assert smtp.mails[0].rcpt_tos == ["eva@xn--mller-kva.example.com"]
