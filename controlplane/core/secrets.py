"""Secrets at rest: sealed with the first encryption key, opened with any of them."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

from controlplane.core.errors import TimonelError

if TYPE_CHECKING:
    TextOfStr = models.TextField[str | None, str | None]
    TextOfAny = models.TextField[Any, Any]
else:
    TextOfStr = TextOfAny = models.TextField


@lru_cache(maxsize=4)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise TimonelError("No encryption key is set.", cure="Set TIMONEL_ENCRYPTION_KEYS, or run `manage.py up` once.")
    return MultiFernet([Fernet(key) for key in keys])


def seal(text: str) -> str:
    """The text, encrypted and authenticated (Fernet)."""
    return _box(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """The text of what `seal` made."""
    try:
        return _box(tuple(settings.ENCRYPTION_KEYS)).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise TimonelError(
            "A stored secret cannot be opened with the present keys.", cure="Add the former key to TIMONEL_ENCRYPTION_KEYS."
        ) from error


class SealedTextField(TextOfStr):
    """A text that is encrypted in the database and plain in Python."""

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        """Open what the database holds."""
        return None if value is None else unseal(value)

    def get_prep_value(self, value: Any) -> str | None:
        """Seal what goes to the database."""
        return None if value is None else seal(str(value))


class SealedJSONField(TextOfAny):
    """A JSON value that is encrypted in the database and plain in Python."""

    def from_db_value(self, value: str | None, *_: object) -> Any:
        """Open what the database holds."""
        return None if value is None else json.loads(unseal(value))

    def get_prep_value(self, value: Any) -> str | None:
        """Seal what goes to the database."""
        return None if value is None else seal(json.dumps(value, sort_keys=True))
