"""Secrets of every format we know, made up anew for each test run, so that none is ever written in this file."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Iterator
from dataclasses import dataclass

ALPHABET = string.ascii_letters + string.digits
CHANCE = random.Random("canaries")


@dataclass(frozen=True, slots=True)
class Canary:
    """A text that holds a secret, and the part of it that must never come out."""

    name: str
    text: str
    secret: str


def letters(count: int, alphabet: str = ALPHABET) -> str:
    return "".join(CHANCE.choice(alphabet) for _ in range(count))


def mixed(count: int) -> str:
    """Random letters that surely hold a capital, a small one and a digit."""
    return letters(count - 3) + "Qz7"


def hexadecimal(count: int) -> str:
    return letters(count - 2, "0123456789abcdef") + "a7"


def jwt() -> str:
    parts = [json.dumps({"alg": "HS256", "typ": "JWT"}), json.dumps({"sub": letters(12)})]
    return ".".join([*(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts), mixed(43)])


def key_block(kind: str) -> tuple[str, str]:
    body = "\n".join(mixed(64) for _ in range(6))
    return f"-----BEGIN {kind}-----\n{body}\n-----END {kind}-----", body.splitlines()[3]


PREFIXED = {
    "AWS access key": ("AKIA", 16, string.ascii_uppercase + string.digits),
    "AWS temporary key": ("ASIA", 16, string.ascii_uppercase + string.digits),
    "GitHub personal token": ("ghp_", 36, ALPHABET),
    "GitHub app token": ("ghs_", 36, ALPHABET),
    "GitHub OAuth token": ("gho_", 36, ALPHABET),
    "GitHub refresh token": ("ghr_", 36, ALPHABET),
    "GitHub fine-grained token": ("github_pat_", 60, ALPHABET),
    "GitLab token": ("glpat-", 20, ALPHABET),
    "GitLab runner token": ("glrt-", 20, ALPHABET),
    "GitLab deploy token": ("gldt-", 20, ALPHABET),
    "Slack bot token": ("xoxb-", 40, ALPHABET),
    "Slack user token": ("xoxp-", 40, ALPHABET),
    "Slack app token": ("xapp-1-A0", 40, ALPHABET),
    "Stripe live key": ("sk_live_", 24, ALPHABET),
    "Stripe restricted key": ("rk_live_", 24, ALPHABET),
    "Stripe webhook secret": ("whsec_", 32, ALPHABET),
    "OpenAI key": ("sk-", 48, ALPHABET),
    "OpenAI project key": ("sk-proj-", 48, ALPHABET),
    "Anthropic key": ("sk-ant-api03-", 60, ALPHABET),
    "Hugging Face token": ("hf_", 34, ALPHABET),
    "npm token": ("npm_", 36, ALPHABET),
    "PyPI token": ("pypi-AgEIcHlwaS5vcmc", 60, ALPHABET),
    "SendGrid key": ("SG.", 60, ALPHABET),
    "DigitalOcean token": ("dop_v1_", 64, "0123456789abcdef"),
    "Google API key": ("AIza", 35, ALPHABET),
    "Google OAuth secret": ("GOCSPX-", 28, ALPHABET),
    "Google access token": ("ya29.", 60, ALPHABET),
    "Vault token": ("hvs.", 60, ALPHABET),
    "Terraform Cloud token": (letters(14) + ".atlasv1.", 60, ALPHABET),
    "Docker Hub token": ("dckr_pat_", 27, ALPHABET),
    "Shopify token": ("shpat_", 32, "0123456789abcdef"),
    "Square token": ("sq0atp-", 22, ALPHABET),
    "Twilio key": ("SK", 32, "0123456789abcdef"),
    "Mailgun key": ("key-", 32, "0123456789abcdef"),
    "Linear key": ("lin_api_", 40, ALPHABET),
    "Grafana token": ("glsa_", 40, ALPHABET),
    "New Relic key": ("NRAK-", 27, string.ascii_uppercase + string.digits),
    "Databricks token": ("dapi", 32, "0123456789abcdef"),
    "Sentry token": ("sntrys_", 60, ALPHABET),
    "age secret key": ("AGE-SECRET-KEY-1", 58, string.ascii_uppercase + string.digits),
    "Timonel token": ("tmn_", 43, ALPHABET),
    "Fernet token": ("gAAAAAB", 80, ALPHABET),
}
ASSIGNED = {
    "Django secret key": "SECRET_KEY = '{}'",
    "Django secret key with signs": 'SECRET_KEY = "django-insecure-{}"',
    "variable of the environment": "DB_PASSWORD={}",
    "exported variable": "export API_KEY={}",
    "YAML": "password: {}",
    "JSON": '{{"client_secret": "{}"}}',
    "JSON in JSON": '{{\\"client_secret\\": \\"{}\\"}}',
    "Python dictionary": "{{'auth_token': '{}'}}",
    "TOML": 'access_key = "{}"',
    "ini file": "[db]\npasswd={}\n",
    "command line option": "mysql --password={} shop",
    "command line option apart": "deploy --token {} --to production",
    "AWS secret key": "aws_secret_access_key = {}",
    "query parameter": "GET /hook?api_key={}&x=1",
    "signed address": "https://s3.example.org/x?X-Amz-Signature={}&y=2",
    "shared access signature": "https://x.example.org/c?sv=2024&sig={}",
    "storage connection": "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={};EndpointSuffix=x",
    "connection words": "host=db user=shop password={} dbname=shop",
    "bearer header": "Authorization: Bearer {}",
    "token header": "Authorization: Token {}",
    "key header": "X-Api-Key: {}",
    "own header": "X-Auth-Token: {}",
    "basic header": "authorization: basic {}",
    "cookie header": "Cookie: sessionid={}; theme=dark",
    "setting a cookie": "Set-Cookie: timonel_session={}; HttpOnly",
    "curl user": "curl -u shop:{} https://example.org",
    "netrc": "machine example.org login shop password {}",
    "pip configuration": "//registry.example.org/:_authToken={}",
    "Docker login": '{{"auths": {{"x": {{"auth": "{}"}}}}}}',
    "credentials in words": "the password is {} for now",
}
ADDRESSES = {
    "PostgreSQL address": "postgresql://shop:{}@db:5432/shop",
    "Redis address": "redis://:{}@cache:6379/0",
    "AMQP address": "amqp://shop:{}@queue//",
    "MongoDB address": "mongodb+srv://shop:{}@cluster.example.org/x",
    "Git address": "git clone https://bot:{}@git.example.org/shop.git",
    "Git address with a token alone": "https://{}@git.example.org/shop.git",
    "Sentry address": "https://{}@o1.ingest.example.org/2",
    "SMTP address": "smtps://shop:{}@mail.example.org:465",
}
PASSWORD_WITH_SIGNS = {"SQL": "CREATE USER shop PASSWORD '{}'", "SQL of another kind": "IDENTIFIED BY '{}'"}
HOOKS = {
    "Slack webhook": "https://hooks.slack.com/services/T01AB/B02CD/{}",
    "Discord webhook": "https://discord.com/api/webhooks/12345/{}",
    "Telegram bot": "https://api.telegram.org/bot123456789:{}/sendMessage",
}


def every() -> list[Canary]:
    """All of them, each with a secret of its own."""
    return list(_every())


def _every() -> Iterator[Canary]:
    for name, (prefix, count, alphabet) in PREFIXED.items():
        secret = prefix + letters(count, alphabet)
        yield Canary(name, f"it printed {secret} and went on", secret)
    for name, text in {**ASSIGNED, **ADDRESSES, **HOOKS, **PASSWORD_WITH_SIGNS}.items():
        secret = mixed(32)
        yield Canary(name, text.format(secret), secret)
    for kind in ("RSA PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"):
        text, line = key_block(kind)
        yield Canary(kind, text, line)
    text, line = key_block("PGP PRIVATE KEY BLOCK")
    yield Canary("PGP key", text, line)
    token = jwt()
    yield Canary("JWT", f"id_token {token}", token.rpartition(".")[2])
    signs = f"p@ss/{mixed(8)}!#"
    yield Canary("password with an at sign", f"postgres://shop:{signs}@db/shop", signs)
    spaced = f"correct horse {mixed(8)}"
    yield Canary("password with spaces", f'"password": "{spaced}"', spaced)
    yield _escaped()


def _escaped() -> Canary:
    text, line = key_block("RSA PRIVATE KEY")
    return Canary("private key in a variable", "KEY=" + text.replace("\n", "\\n"), line)
