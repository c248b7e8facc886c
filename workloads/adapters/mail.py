"""E-mail over SMTP, with a deadline for the whole of it; nothing that a title holds becomes a header."""

from __future__ import annotations

import smtplib
import socket
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone

from controlplane.core.errors import Invalid
from controlplane.core.watch import Watch
from workloads.adapters.messages import DEADLINE, EXCERPT, Answer, Ended, Message

LONGEST_SUBJECT = 180  # characters
OURS_TO_MEND = {421, 454, 530, 534, 535, 538}  # signing in, TLS: of the settings, not of this message
NO_SERVER = "No mail server is set. Set TIMONEL_EMAIL_URL."


def send(message: Message, to: str, *, deadline: float = DEADLINE) -> Answer:
    """Hand it to the mail server once. Never raises for what the server does."""
    if not settings.EMAIL_HOST:
        return Answer(Ended.LATER, error=NO_SERVER, unreachable=True)
    with Watch(deadline) as watch:
        try:
            return _hand_over(compose(message, to), watch, deadline)
        except Invalid as error:
            return Answer(Ended.NEVER, error=str(error))
        except smtplib.SMTPRecipientsRefused as error:
            return _refused(*next(iter(error.recipients.values())))
        except smtplib.SMTPResponseException as error:
            return _refused(error.smtp_code, error.smtp_error)
        except (smtplib.SMTPException, OSError) as error:
            late = watch.over or isinstance(error, TimeoutError)
            said = f"No answer within {deadline:g} seconds." if late else f"No answer: {error or type(error).__name__}."
            return Answer(Ended.LATER, error=said, unreachable=True)


def check(address: str) -> str:
    """The address of one person or list. Raises Invalid for what is none."""
    try:
        validate_email(address)
        address.encode("ascii")
    except (ValidationError, UnicodeEncodeError) as error:
        raise Invalid("This is no e-mail address.", cure="Write it as name@example.org.") from error
    return address


def compose(message: Message, to: str) -> EmailMessage:
    """The letter. Raises Invalid for an address that is none."""
    mail = EmailMessage(policy=SMTP)
    host = urlsplit(settings.PUBLIC_URL).hostname or "timonel"
    mail["To"] = Address(addr_spec=check(to))
    mail["From"] = settings.DEFAULT_FROM_EMAIL
    title = message.title.replace("=?", "= ?")  # no title is taken for an encoded word
    mail["Subject"] = f"[Timonel] {title}"[:LONGEST_SUBJECT]
    mail["Date"] = timezone.now()
    mail["Message-ID"] = f"<{message.key}@{host}>"
    mail["References"] = f"<{message.subject}.timonel@{host}>"  # one thread a subject
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Timonel-Delivery"] = message.key
    mail.set_content("\n\n".join(part for part in (message.title, message.text, _place(message), message.link) if part) + "\n")
    return mail


def _place(message: Message) -> str:
    return " · ".join(part for part in (message.application, message.environment) if part)


class _Watched:
    """Shows its connection to the watch before the first byte is read."""

    def __init__(self, watch: Watch, **how: Any) -> None:
        self._watch = watch
        super().__init__(settings.EMAIL_HOST, settings.EMAIL_PORT, **how)  # type: ignore[call-arg]

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        connected: socket.socket = super()._get_socket(host, port, timeout)  # type: ignore[misc]
        self._watch.on(connected)
        return connected


class _Plain(_Watched, smtplib.SMTP):
    """Plain at first; STARTTLS if the settings say so."""


class _Secure(_Watched, smtplib.SMTP_SSL):
    """Encrypted from the first byte."""


def _hand_over(mail: EmailMessage, watch: Watch, deadline: float) -> Answer:
    context = ssl.create_default_context()
    server = _Secure(watch, timeout=deadline, context=context) if settings.EMAIL_USE_SSL else _Plain(watch, timeout=deadline)
    try:
        if settings.EMAIL_USE_TLS:
            server.starttls(context=context)
            watch.on(server.sock)
        if settings.EMAIL_HOST_USER:
            server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
        server.send_message(mail)
    finally:
        server.close()
    return Answer(Ended.DELIVERED, 250)


def _refused(code: int, said: bytes | str) -> Answer:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    later = 400 <= code < 500 or code in OURS_TO_MEND or code < 0
    error = f"The mail server answered {code}: {words[:EXCERPT]}"
    return Answer(Ended.LATER if later else Ended.NEVER, max(code, 0), error, unreachable=code in OURS_TO_MEND)
