"""Timonel under test: real servers, started by tests/conftest.py, whose addresses are in the environment."""

import os
import tempfile

os.environ.setdefault("TIMONEL_DATA", tempfile.mkdtemp(prefix="timonel-test-"))
os.environ.setdefault("TIMONEL_SECRET_KEY", "test-only-" + "k" * 50)
os.environ.setdefault("TIMONEL_ENCRYPTION_KEYS", "dGVzdC1vbmx5LXRlc3Qtb25seS10ZXN0LW9ubHktMDA=")
os.environ.setdefault("TIMONEL_AUDIT_KEYS", "dGVzdC1vbmx5LXRlc3Qtb25seS10ZXN0LW9ubHktMDA=")

from controlplane.settings.base import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True  # passkeys on http://localhost
ALLOWED_HOSTS = ["*"]
