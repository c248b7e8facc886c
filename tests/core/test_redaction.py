"""What looks like a secret is masked, in time that grows with the text and no faster."""

from __future__ import annotations

import time

import pytest

from controlplane.core.redaction import redact


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("postgresql://shop:s3cr3tpass@db/shop", "s3cr3tpass"),
        ("PASSWORD=hunter2hunter2", "hunter2hunter2"),
        ("'api_key': 'abcdefgh'", "abcdefgh"),
        ("Authorization: Bearer abcdefghijkl", "abcdefghijkl"),
        ("password:\n  hunter2hunter2", "hunter2hunter2"),
        ("token:\n\n    'abcdefgh1234:'", "abcdefgh1234"),
        ("a-very-long-name-made-of-many-many-many-many-many-words_token=abcdef", "abcdef"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, secret: str) -> None:
    assert secret not in redact(text)


@pytest.mark.parametrize(
    "piece",
    [
        "x",
        "password",
        "password = f(",
        "token = a[",
        "a://",
        "http://a:",
        "eyJaaaaaaaaaa",
        "secret = ",
        " ",
        "-----BEGIN PRIVATE KEY-----",
    ],
)
def test_a_long_line_does_not_take_the_square_of_its_length(piece: str) -> None:
    began = time.perf_counter()
    redact(piece * (40_000 // len(piece)))
    assert time.perf_counter() - began < 3


@pytest.mark.parametrize(
    "code",
    [
        "token = make_token()",
        "token = tokens.issue(user, name)",
        'password = os.environ["DB_PASSWORD"]',
        'SECRET_KEY = os.getenv("SECRET_KEY")',
        "api_key = config('API_KEY', default=None)",
        'password = form.cleaned_data["password"]',
        'secret = request.POST.get("client_secret"),',
        "    token = secrets.token_urlsafe()  # new each time",
        "token = uuid.uuid4()",
        "token = str(uuid.uuid4())",
        "if password := getpass.getpass():",
    ],
)
def test_code_that_makes_or_looks_up_a_secret_stays_as_it_is(code: str) -> None:
    assert redact(code) == code


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ('password = encrypt("correcthorse")', "correcthorse"),
        ("SECRET_KEY = config('SECRET_KEY', default='correct horse')", "correct horse"),
        ("SECRET_KEY = config('SECRET_KEY', default='CORRECTHORSE')", "CORRECTHORSE"),
        ("SECRET_KEY=k3y(with[brackets)", "k3y(with"),
        ("password = hunter2hunter2()", "hunter2hunter2"),
        ("token = abcdef(ghijkl)mnopqr", "abcdef(ghijkl)mnopqr"),
        ("password=abc[def", "abc[def"),
    ],
)
def test_a_secret_in_code_or_with_brackets_is_masked(text: str, secret: str) -> None:
    assert secret not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "- secretRef:\n    name: harbour-variables-5664008ea8",
        "secretKeyRef:\n  key: url\n  name: db",
        "imagePullSecrets:\n  - name: registry",
        "secret:\n  defaultMode: 420",
    ],
)
def test_what_only_refers_to_a_secret_stays_readable(text: str) -> None:
    assert redact(text) == text
