"""Mail over TLS with a certificate that is known, and with one that is not; signing in at the mail server."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.workloads.notices.hooks import Receiver
from tests.workloads.notices.post_office import PostOffice
from tests.workloads.notices.test_hostile import message
from workloads.adapters import mail, posting

Begin = Callable[..., PostOffice]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 with its key, signed by itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.datetime.now(datetime.UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def begin(certificate: Path, settings: Any) -> Iterator[Begin]:
    """Start an office that speaks TLS from the first byte, or after STARTTLS."""
    begun: list[PostOffice] = []

    def make(**how: Any) -> PostOffice:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        begun.append(PostOffice(tls=context, **how).start())
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", begun[-1].port
        settings.EMAIL_USE_SSL, settings.EMAIL_USE_TLS = not how.get("starttls"), bool(how.get("starttls"))
        return begun[-1]

    yield make
    for office in begun:
        office.kill()


@pytest.mark.parametrize("starttls", [False, True])
def test_a_known_certificate_is_spoken_to(
    starttls: bool, begin: Begin, certificate: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "timonel", "correct horse"
    office = begin(starttls=starttls)
    assert mail.send(message("Hello"), "team@example.org").ended == "delivered"
    assert office.signed_in == base64.b64encode(b"\0timonel\0correct horse").decode()
    assert len(office.got) == 1


@pytest.mark.parametrize("starttls", [False, True])
def test_an_unknown_certificate_is_told_nothing(starttls: bool, begin: Begin, settings: Any) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "timonel", "correct horse"
    office = begin(starttls=starttls)
    answer = mail.send(message("Hello"), "team@example.org")
    assert (answer.ended, "certificate" in answer.error.lower()) == ("later", True)
    assert (office.got, office.signed_in) == ([], "")


def test_a_server_without_starttls_is_told_nothing_where_it_is_wanted(settings: Any) -> None:
    office = PostOffice().start()
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = "127.0.0.1", office.port, True, False
    answer = mail.send(message("Hello"), "team@example.org")
    office.kill()
    assert (answer.ended, "STARTTLS" in answer.error) == ("later", True)
    assert office.got == []


def test_a_wrong_password_is_mended_in_the_settings_so_the_mail_waits(
    begin: Begin, certificate: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "timonel", "wrong"
    begin(refuses=True)
    answer = mail.send(message("Hello"), "team@example.org")
    assert (answer.ended, answer.code, answer.unreachable) == ("later", 535, True)


def test_a_mail_server_that_never_greets_is_cut_off(settings: Any) -> None:
    office = PostOffice(usual="hang").start()
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = (
        "127.0.0.1",
        office.port,
        False,
        False,
    )
    answer = mail.send(message("Hello"), "team@example.org", deadline=1.0)
    office.kill()
    assert answer.error == "No answer within 1 seconds."


def test_a_webhook_with_an_unknown_certificate_is_told_nothing(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    receiver = Receiver(tls=context).start()
    answer = posting.post(receiver.url.replace("http:", "https:"), b"{}", {}, private=True)
    receiver.kill()
    assert (answer.ended, "certificate" in answer.error.lower(), receiver.got) == ("later", True, [])
