"""Who sent it: proved over the raw bytes with a shared key, in the way of each sender, before anything is read of the body.

Sources: GitHub, "Validating webhook deliveries"; GitLab, "Webhooks" (secret token, and signing token after the Standard Webhooks
specification); Prometheus, `http_config` of Alertmanager. The generic form is ours: `t=<unix>,v1=<hex>` over `t.body`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_urlsafe

WINDOW = 300  # seconds a signature that names its time is good for
TRIED_AGAIN = 120  # seconds in which an Alertmanager tries a notification again; the same later is told anew
DECOY = token_urlsafe(32)  # a key that nobody has: another in each process
Headers = Mapping[str, Sequence[str]]

SHA256 = re.compile(r"sha256=([0-9a-f]{64})")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
GITHUB_EVENT = re.compile(r"[a-z][a-z_]{1,39}")
GITLAB_EVENT = re.compile(r"(?:[A-Z][a-z]{1,20} ){1,3}Hook")
DELIVERY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{7,99}")
MOMENT = re.compile(r"[0-9]{1,12}")
STANDARD = re.compile(r"v1,[A-Za-z0-9+/]{43}=(?: v1,[A-Za-z0-9+/]{43}=){0,4}")
TIMONEL = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")
CREDENTIALS = re.compile(r"(Bearer|Basic) ([A-Za-z0-9._~+/=-]{1,500})")
GITLAB_SIGNED = ("webhook-signature", "webhook-id", "webhook-timestamp")


class Unproved(Exception):
    """Nobody proved to have sent this. The reason is for our log; strangers are told nothing."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request: every value of every header by its name in small letters, the raw body, and when it came (seconds)."""

    headers: Headers
    body: bytes
    at: float


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved: the event and the delivery's name as sent, and the digest of what the key covers, alike for a replay."""

    event: str
    delivery: str
    digest: str
    before: str = ""  # the same delivery's, had it come a moment ago: for a sender whose document does not say when


def prove(kind: str, sent: Sent, secrets: Sequence[str]) -> Proof:
    """The proof of a request, or Unproved. Without a secret it fails after as much work: nobody learns which names exist."""
    return WAYS[kind](sent, secrets or (DECOY,))


def kind_of(headers: Headers) -> str:
    """Which kind of sender the headers speak of; for names that do not exist."""
    if "x-hub-signature-256" in headers:
        return "github"
    if "x-gitlab-event" in headers:
        return "gitlab"
    return "alertmanager" if "authorization" in headers else "generic"


def _github(sent: Sent, secrets: Sequence[str]) -> Proof:
    told = _one(sent, "x-hub-signature-256", SHA256)[1]
    _same([_hmac(secret.encode(), sent.body).hex() for secret in secrets], told)
    event, delivery = _one(sent, "x-github-event", GITHUB_EVENT)[0], _one(sent, "x-github-delivery", UUID)[0]
    # The delivery's name is not covered by the signature; only the body is.
    return Proof(event, delivery, _digest(sent.body))


def _gitlab(sent: Sent, secrets: Sequence[str]) -> Proof:
    signed = any(name in sent.headers for name in GITLAB_SIGNED)
    delivery = _gitlab_signed(sent, secrets) if signed else _gitlab_token(sent, secrets)
    return Proof(_one(sent, "x-gitlab-event", GITLAB_EVENT)[0], delivery, _digest(delivery.encode() + b"." + sent.body))


def _gitlab_signed(sent: Sent, secrets: Sequence[str]) -> str:
    """HMAC over `id.timestamp.body`, keyed with what is behind `whsec_`. A bad one is not saved by a good token."""
    told, name, moment = _one(sent, "webhook-signature", STANDARD)[0], *_name_and_moment(sent)
    covered = f"{name}.{moment}.".encode() + sent.body
    expected = ["v1," + base64.b64encode(_hmac(_standard_key(secret), covered)).decode() for secret in secrets]
    found = [hmac.compare_digest(mine, theirs) for mine in expected for theirs in told.split(" ")]
    if not any(found):
        raise Unproved("the signature is not ours")
    _fresh(int(moment), sent.at)
    return name


def _name_and_moment(sent: Sent) -> tuple[str, str]:
    return _one(sent, "webhook-id", DELIVERY)[0], _one(sent, "webhook-timestamp", MOMENT)[0]


def _gitlab_token(sent: Sent, secrets: Sequence[str]) -> str:
    _same(secrets, _one(sent, "x-gitlab-token", re.compile(r"[!-~]{1,500}"))[0])
    # The first is the same when it is sent again; older ones do not send it.
    name = "idempotency-key" if "idempotency-key" in sent.headers else "x-gitlab-event-uuid"
    return _one(sent, name, DELIVERY)[0]


def _alertmanager(sent: Sent, secrets: Sequence[str]) -> Proof:
    found = _one(sent, "authorization", CREDENTIALS)
    told = found[2] if found[1] == "Bearer" else _password(found[2])
    _same(secrets, told)
    # Nothing in the document tells a notification that is repeated from one that is tried again: its time does.
    now = int(sent.at // TRIED_AGAIN)
    digest, before = (_digest(f"{part}.".encode() + sent.body) for part in (now, now - 1))
    return Proof("alert", digest[:32], digest, before)


def _generic(sent: Sent, secrets: Sequence[str]) -> Proof:
    found = _one(sent, "x-timonel-signature", TIMONEL)
    covered = found[1].encode() + b"." + sent.body
    _same([_hmac(secret.encode(), covered).hex() for secret in secrets], found[2])
    _fresh(int(found[1]), sent.at)
    digest = _digest(covered)
    named = "x-timonel-delivery" in sent.headers
    return Proof("generic", _one(sent, "x-timonel-delivery", DELIVERY)[0] if named else digest[:32], digest)


WAYS: dict[str, Callable[[Sent, Sequence[str]], Proof]] = {
    "github": _github,
    "gitlab": _gitlab,
    "alertmanager": _alertmanager,
    "generic": _generic,
}


def _one(sent: Sent, name: str, form: re.Pattern[str]) -> re.Match[str]:
    """The one value of a header, in its one form: twice said is not said."""
    values = sent.headers.get(name, ())
    found = form.fullmatch(values[0]) if len(values) == 1 else None
    if found is None:
        raise Unproved(f"{name} is there {len(values)} times" if len(values) != 1 else f"{name} is not in its form")
    return found


def _same(expected: Sequence[str], told: str) -> None:
    """Every key is compared, in constant time each."""
    found = [hmac.compare_digest(mine.encode(), told.encode()) for mine in expected]
    if not any(found):
        raise Unproved("the signature or key is not ours")


def _fresh(moment: int, now: float) -> None:
    if abs(now - moment) > WINDOW:
        raise Unproved("the signature is too old, or of a time to come")


def _password(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("ascii").partition(":")[2]
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Unproved("the credentials are not in their form") from error


def _standard_key(secret: str) -> bytes:
    """The bytes behind `whsec_`; a secret of another form is its own key, which no sender of this form uses."""
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return secret.encode()


def _hmac(key: bytes, text: bytes) -> bytes:
    return hmac.digest(key, text, hashlib.sha256)


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()
