"""Taking secrets out of text before it is stored, shown or sent."""

from __future__ import annotations

import logging
import re
from typing import Any

MASK = "[redacted]"
SECRET_NAME = re.compile(
    r"(?i)(pass(word|wd|phrase)?|secret|token|api_?key|private_?key|credential|authorization|cookie|dsn|access_?key|signature)"
)
# Every repetition that may begin anywhere is bounded: a long line must not take the square of its length.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S), MASK),
    (re.compile(r"(?P<head>[a-z][a-z0-9+.-]{0,20}://[^\s:/@]{0,200}:)[^\s@/]+(?=@)", re.I), rf"\g<head>{MASK}"),
    (re.compile(r"(?P<head>\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}", re.I), rf"\g<head>{MASK}"),
    (
        re.compile(
            r"\b(?:ghp|gho|ghu|ghs|ghr|github_pat|glpat|xox[abprs]|sk|rk|pk_live|sk_live|hf|npm|pypi|dop_v1|SG)[-_][A-Za-z0-9_.-]{12,}"
        ),
        MASK,
    ),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), MASK),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"), MASK),
    (re.compile(r"\bgAAAAA[A-Za-z0-9_=-]{20,}"), MASK),
    (re.compile(r"\btmn_[A-Za-z0-9_-]{16,}"), MASK),
    (
        re.compile(
            r"(?P<head>[\"']?[\w.-]{0,40}(?:passw(?:or)?d|passphrase|secret|token|api_?key|private_?key|access_?key|credentials?)[\w.-]{0,40}[\"']?"
            r"\s{0,20}[:=]\s{0,20})(?P<quote>[\"']?)(?!\[redacted\])[^\s\"',;&]{4,}(?P=quote)",
            re.I,
        ),
        rf"\g<head>{MASK}",
    ),
)


def redact(text: str, secrets: frozenset[str] = frozenset()) -> str:
    """The text without what looks like a secret, nor any of the known ones."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= 4:
            text = text.replace(secret, MASK)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact_value(value: Any, secrets: frozenset[str] = frozenset()) -> Any:
    """The JSON value with every text redacted, and masked whole where its name says it is secret."""
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, dict):
        return {
            key: MASK if isinstance(item, str) and item and SECRET_NAME.search(str(key)) else redact_value(item, secrets)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact_value(item, secrets) for item in value]
    return value


class RedactingFilter(logging.Filter):
    """Redacts every log line of Timonel itself."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record; never drop it."""
        record.msg, record.args = redact(record.getMessage()), ()
        return True
