"""The installation's own signature (Ed25519). Knows no rows, so that the keys can be made before there is a database."""

from __future__ import annotations

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from controlplane.core.errors import Conflict, Invalid

NO_KEY = "Set TIMONEL_AUDIT_KEYS, or run `manage.py up` once, which makes one."


def new_key() -> str:
    """A new signing key as its setting holds it: 32 bytes in URL-safe base64."""
    return _text(Ed25519PrivateKey.generate().private_bytes_raw())


def public_keys() -> list[str]:
    """The public keys that belong to our signing keys, newest first, in URL-safe base64."""
    return [_text(key.public_key().public_bytes_raw()) for key in _keys()]


def sign(content: bytes) -> tuple[str, str]:
    """The public key that signed, and the signature. Raises Conflict when there is no key."""
    keys = _keys()
    if not keys:
        raise Conflict("There is no key to sign the audit with.", cure=NO_KEY)
    return _text(keys[0].public_key().public_bytes_raw()), _text(keys[0].sign(content))


def fits(key: str, signature: str, content: bytes) -> bool:
    """Whether the public key signed the content. Raises ValueError for what is no key or no signature at all."""
    try:
        Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(key)).verify(base64.urlsafe_b64decode(signature), content)
    except InvalidSignature:
        return False
    return True


def _keys() -> list[Ed25519PrivateKey]:
    try:
        return [Ed25519PrivateKey.from_private_bytes(base64.urlsafe_b64decode(text)) for text in settings.AUDIT_KEYS]
    except ValueError as error:
        raise Invalid("TIMONEL_AUDIT_KEYS holds what is no Ed25519 key.", cure="Each is 32 bytes in URL-safe base64.") from error


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()
