"""Channel `mail`: SMTP from threads of its own, so that a dead server delays nobody else.

The message's id is its `Message-ID` and is printed in the text: a repeat after an unknown outcome has the
same one, and mail programs show it once.
"""

from __future__ import annotations

import asyncio
import re
import smtplib
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field, StrictFloat, StrictInt, model_validator

from alerts.channels.base import ChannelForm
from alerts.channels.http import shortened
from alerts.records import Message
from alerts.retry import Outcome, refused, retry, sent, unknown
from ingest.forms import Name, SecretName
from ingest.plain_text import one_line

_THREADS = 4
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"`{text}` is no mail address")
    return text


class MailChannel(ChannelForm):
    """A mail server."""

    kind: Literal["mail"]
    host: Name
    port: Annotated[StrictInt, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password_secret: SecretName | None = None
    sender: Annotated[str, AfterValidator(_address)]
    timeout: Annotated[StrictFloat, Field(gt=0, le=120)] = 20.0

    address_key: ClassVar[str | None] = "to"
    personal: ClassVar[bool] = True

    @model_validator(mode="after")
    def _whole(self) -> MailChannel:
        if (self.username is None) != (self.password_secret is None):
            raise ValueError("`username` and `password_secret` belong together; write both or neither")
        if self.security == "none" and self.username is not None:
            raise ValueError("a password over an open line; use `security: starttls` or `tls`")
        return self

    @classmethod
    def address_fault(cls, address: str) -> str | None:
        """See `ChannelForm.address_fault`."""
        return None if _ADDRESS.fullmatch(address) else f"`{address}` is no mail address"

    def needs_address(self) -> bool:
        """See `ChannelForm.needs_address`."""
        return True

    def open(self, secret: Callable[[str], str], files: Path) -> MailSender:
        """See `ChannelForm.open`."""
        return MailSender(self, secret(self.password_secret) if self.password_secret else None)


class MailSender:
    """One mail server."""

    def __init__(
        self, form: MailChannel, password: str | None, context: ssl.SSLContext | None = None
    ) -> None:
        self._form = form
        self._password = password
        self._context = context or ssl.create_default_context()
        self._threads = ThreadPoolExecutor(_THREADS, "channel-mail")

    async def send(self, message: Message, possible_repeat: bool) -> Outcome:
        """Hand the mail over, once."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._hand_over, message, possible_repeat)

    async def close(self) -> None:
        """End the threads; one waiting for a dead server ends when its connection times out."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _hand_over(self, message: Message, possible_repeat: bool) -> Outcome:
        mail = mail_of(message, self._form.sender, possible_repeat)
        try:
            server = self._connect()
        except smtplib.SMTPAuthenticationError as error:
            # Later may be right: the operator hears of it and mends the password.
            return retry(f"{self._form.host} refuses the user: {_said(error)}")
        except (smtplib.SMTPException, OSError) as error:
            return retry(f"{self._form.host}:{self._form.port}: {_words(error)}")
        try:
            refusals = server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            return _by_code(code, said)
        except smtplib.SMTPSenderRefused as error:
            # 530 login needed, 553 not your address: like a wrong password, a fault of the set-up.
            return retry(f"{self._form.host} refuses the sender {self._form.sender}: {_said(error)}")
        except smtplib.SMTPDataError as error:
            return _by_code(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            return unknown(f"the connection ended while the mail was handed over: {_words(error)}")
        finally:
            _leave(server)
        return sent(f"accepted by {self._form.host}" if not refusals else f"partly refused: {refusals}")

    def _connect(self) -> smtplib.SMTP:
        form = self._form
        if form.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                form.host, form.port, timeout=form.timeout, context=self._context
            )
        else:
            server = smtplib.SMTP(form.host, form.port, timeout=form.timeout)
        try:
            if form.security == "starttls":
                server.starttls(context=self._context)
            if form.username is not None and self._password is not None:
                server.login(form.username, self._password)
            # Greeted here, where a failure surely handed nothing over.
            server.ehlo_or_helo_if_needed()
        except BaseException:
            server.close()
            raise
        return server


def mail_of(message: Message, sender: str, possible_repeat: bool) -> EmailMessage:
    """The mail: its subject is the first line of the text, its Message-ID and reference carry the id."""
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = message.recipient.address
    mail["Subject"] = one_line(message.subject)  # one that was written before texts were looked at, too
    mail["Date"] = format_datetime(datetime.fromtimestamp(message.created_at / 1000, UTC))
    domain = sender.rpartition("@")[2]
    mail["Message-ID"] = f"<{message.id}@{domain}>"
    # All mails of one case make one thread in the reader's program.
    mail["References"] = f"<case-{message.case}@{domain}>"
    mail["X-Dustwatch-Reference"] = message.id
    if possible_repeat:
        mail["X-Dustwatch-Possible-Repeat"] = "yes"
    mail.set_content(message.text + "\n")
    return mail


def _by_code(code: int, said: bytes | str) -> Outcome:
    words = f"SMTP {code}: {shortened(said.decode(errors='replace') if isinstance(said, bytes) else said)}"
    return refused(words) if code >= 500 else retry(words)


def _said(error: smtplib.SMTPResponseException) -> str:
    said = error.smtp_error
    return (
        f"{error.smtp_code} {shortened(said.decode(errors='replace') if isinstance(said, bytes) else said)}"
    )


def _words(error: Exception) -> str:
    return shortened(f"{type(error).__name__} {error}")


def _leave(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()
