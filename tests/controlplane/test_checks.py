"""A wrong setting names itself and its cure."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from controlplane import checks
from controlplane.settings import env
from controlplane.settings.addresses import MailServer, mail_from_url

ROOT = Path(__file__).resolve().parents[2]


def one(found: Any) -> Any:
    messages = list(found)
    assert len(messages) == 1, messages
    return messages[0]


def test_right_settings_are_passed() -> None:
    for check in (
        checks.encryption_keys,
        checks.audit_keys,
        checks.redis_address,
        checks.time_zone,
        checks.data_folder,
        checks.embedded_servers,
        checks.public_address,
    ):
        assert list(check(None)) == []


def test_a_key_that_is_no_fernet_key_is_named_but_not_shown(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [*settings.ENCRYPTION_KEYS, "hunter2"]
    message = one(checks.encryption_keys(None))
    assert "key 2" in message.msg
    assert "hunter2" not in message.msg + message.hint


def test_a_queue_that_is_no_redis_is_named(settings: Settings) -> None:
    settings.REDIS_URL = "amqp://queue"
    assert "REDIS_URL" in one(checks.redis_address(None)).msg


def test_an_unknown_time_zone_is_named(settings: Settings) -> None:
    settings.TIME_ZONE = "Mars/Olympus"
    assert "TIMONEL_TIME_ZONE" in one(checks.time_zone(None)).msg


@pytest.mark.parametrize("address", ["timonel.example.org", "ftp://x.example", "https://", "https://x.example/?a=b", ""])
def test_a_public_address_that_leads_nowhere_is_named(settings: Settings, address: str) -> None:
    settings.PUBLIC_URL = address
    assert "TIMONEL_PUBLIC_URL" in one(checks.public_address(None)).msg


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("", MailServer("", 587, "", "", ssl=False, starttls=True)),
        ("smtp://mail.example.org", MailServer("mail.example.org", 587, "", "", ssl=False, starttls=True)),
        ("smtp://a:p%40ss@mail.example.org:25?tls=no", MailServer("mail.example.org", 25, "a", "p@ss", ssl=False, starttls=False)),
        ("smtps://mail.example.org", MailServer("mail.example.org", 465, "", "", ssl=True, starttls=False)),
    ],
)
def test_a_mail_server_is_read_from_its_address(url: str, server: MailServer) -> None:
    assert mail_from_url(url) == server


@pytest.mark.parametrize("url", ["http://mail.example.org", "smtp:", "smtp://", "mail.example.org"])
def test_an_address_that_is_no_mail_server_says_how_to_write_one(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="TIMONEL_EMAIL_URL"):
        mail_from_url(url)


def test_embedded_servers_that_do_not_run_say_how_to_start_them(settings: Settings) -> None:
    settings.EMBEDDED, settings.DATABASE_URL = True, "postgresql://a:b@127.0.0.1:9/x"
    message = one(checks.embedded_servers(None))
    assert "does not answer at 127.0.0.1:9" in message.msg
    assert "manage.py up" in message.hint


def test_every_host_and_plain_origins_are_warned_of(settings: Settings) -> None:
    settings.ALLOWED_HOSTS, settings.CSRF_TRUSTED_ORIGINS = ["*"], ["http://plain.example.org"]
    assert "TIMONEL_ALLOWED_HOSTS" in one(checks.hosts(None)).msg
    assert "http://plain.example.org" in one(checks.trusted_origins(None)).msg


def test_a_secret_may_be_named_by_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("from a file\n")
    monkeypatch.setenv("THING_FILE", str(tmp_path / "key"))
    assert env.text("THING") == "from a file"
    monkeypatch.setenv("THING", "said")
    assert env.text("THING") == "said"


def test_a_secret_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THING_FILE", "/nowhere/key")
    with pytest.raises(ImproperlyConfigured, match="THING_FILE names /nowhere/key"):
        env.text("THING")


def test_a_key_that_cannot_sign_is_named_but_not_shown(settings: Settings) -> None:
    settings.AUDIT_KEYS = ["hunter2"]
    message = one(checks.audit_keys(None))
    assert "TIMONEL_AUDIT_KEYS" in message.msg
    assert "hunter2" not in f"{message.msg}{message.hint}"


@pytest.mark.parametrize("name", ["TIMONEL_SECRET_KEY", "TIMONEL_ENCRYPTION_KEYS", "DATABASE_URL", "REDIS_URL"])
def test_production_refuses_to_start_without(name: str) -> None:
    given = {
        "TIMONEL_SECRET_KEY": "x" * 60,
        "TIMONEL_ENCRYPTION_KEYS": "x",
        "TIMONEL_ALLOWED_HOSTS": "a.example.org",
        "DATABASE_URL": "postgresql://a:b@c/d",
        "REDIS_URL": "redis://c",
    }
    environment = {"PATH": os.environ["PATH"]} | {key: value for key, value in given.items() if key != name}
    done = subprocess.run(
        [sys.executable, "-c", "import controlplane.settings.production"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"{name} is not set. Set it to" in done.stderr


def test_every_setting_that_is_read_is_in_the_readme() -> None:
    sources = [path for room in ("controlplane", "agents", "workloads") for path in (ROOT / room).rglob("*.py")]
    read = {name for path in sources for name in re.findall(r"env\.(?:text|flag|number|words)\(\s*\"([A-Z_]+)\"", path.read_text())}
    readme = (ROOT / "README.md").read_text()
    assert len(read) > 10
    assert sorted(name for name in read if f"`{name}`" not in readme) == []


def with_provider(settings: Settings, issuer: str = "https://id.example.org", secret: str = "s", rules: str = "") -> list[str]:
    """What is said of an identity provider that is set like this."""
    app = {"client_id": "timonel", "secret": secret}
    settings.OIDC_ISSUER, settings.OIDC_ROLES = issuer, [rules] if rules else []
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    return [message.msg for message in checks.identity_provider(None)]


def test_a_right_identity_provider_is_passed(settings: Settings) -> None:
    assert with_provider(settings, rules="ops=operator:*") == []


def test_an_identity_provider_that_is_half_set_or_unsafe_is_named(settings: Settings) -> None:
    assert "TIMONEL_OIDC_ISSUER" in one(with_provider(settings, issuer="http://id.example.org"))
    assert "TIMONEL_OIDC_CLIENT_SECRET" in one(with_provider(settings, secret=""))
    assert "'ops=root:*'" in one(with_provider(settings, rules="ops=root:*"))
