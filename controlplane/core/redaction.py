"""Taking secrets, and what no database can hold, out of text before it is stored, shown or sent."""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from controlplane.core.plain import storable

MASK = "[redacted]"
SHORTEST_DISGUISED = 8  # characters: what is shorter is too likely a part of something else
SECRET_NAME = re.compile(
    r"(?i)(pass(word|wd|phrase)?|secret|token|api_?key|private_?key|credential|authorization|cookie|dsn|access_?key|signature"
    r"|account_?key|signing_?key|^_?auth$)"
)
# Every repetition that may begin anywhere is bounded: a long line must not take the square of its length.
_NAME = (
    r"(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|private[_-]?key|access[_-]?key|account[_-]?key|signing[_-]?key"
    r"|encryption[_-]?key|credentials?|signature)"
)
# Source code that makes or looks up a secret tells none: `make_token(user)`, `os.environ["API_KEY"]`, `config("API_KEY")`.
# Names hold no digits but at their end, and nothing may follow, so that no password passes for code.
_WORD = r"[A-Za-z_]{1,40}\d{0,2}"
_PATH = rf"{_WORD}(?:\.{_WORD}){{0,5}}"
_NAMED = rf"(?:\[redacted\]|(?-i:[A-Z]{{1,30}}(?:_[A-Z]{{1,30}}){{1,5}})|[a-z_]{{0,30}}{_NAME}[a-z_]{{0,30}})[\"']"
_KEY = rf"[\"']{_NAMED}"
_ARGUMENT = rf"(?:{_WORD}=)?(?:{_KEY}|{_PATH}(?:\(\))?)"
_CODE = rf"{_PATH}(?:\((?:{_ARGUMENT}(?:,[ ]?{_ARGUMENT}){{0,3}})?\)|\[{_KEY}\]){{1,2}}(?=[\s,;:#)\]}}]|$)"
_VALUE = rf"(?!\[redacted\]|(?:true|false|none|null)\b|{_CODE})[^\s\"'\\,;&<>]{{4,}}"
_LIKELY = r"(?=[^\s\"']{0,80}\d)(?=[^\s\"']{0,80}[A-Za-z])"  # letters and digits: no word of a sentence
_PREFIXES = (
    # what makers of tokens put in front of them, so that they are recognised
    r"gh[pousr]_|github_pat_|gl(?:pat|rt|dt|ptt|cbt|ft|imt|agent|soat|wt)-|xox[abeprs]-|xapp-|sk[-_]|rk[-_]|pk_live_|whsec_|hf_|npm_"
    r"|pypi-|do[opr]_v1_|SG[._-]|shp(?:at|ca|pa|ss)_|sq0[a-z]{3}-|lin_(?:api|oauth)_|gl(?:sa|c)_|NRAK-|sntry[su]_|dckr_[a-z]{3}_"
    r"|GOCSPX-|ya29\.|hv[sbr]\.|PMAK-|tmn_|AIza|gAAAAA|AGE-SECRET-KEY-1|key-(?=[0-9a-f]{32}\b)|dapi(?=[0-9a-f]{32}\b)"
    r"|(?:SK|AC)(?=[0-9a-f]{32}\b)|(?:AKIA|ASIA|ABIA|ACCA)(?=[0-9A-Z]{16}\b)|[A-Za-z0-9]{14}\.atlasv1\."
)


def _after(head: str, value: str, flags: int = re.I) -> tuple[re.Pattern[str], str]:
    """A rule that keeps what announces a secret and masks the secret."""
    return re.compile(f"(?P<head>{head}){value}", flags), rf"\g<head>{MASK}"


_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,40}-----|\Z)", re.S), MASK),
    # addresses: the password (which may itself hold @ and /; a port is none), a token alone, a signed query, a hook
    _after(r"://[^\s:/@\"']{0,200}:(?!\d{1,5}(?:[/?#\s\"']|$))", r"[^\s\"'<>]{1,300}(?=@[\w.\[-])"),
    _after(r"://", r"[^\s:/@\"']{16,200}(?=@)"),
    _after(rf"[?&](?:[\w-]{{0,40}}(?:{_NAME}|key)[\w-]{{0,10}}|sig|code)=", r"(?!\[redacted\])[^&\s\"'#]{6,}"),
    _after(r"https?://hooks?\.[^\s/]{1,100}/|/webhooks?/", r"[^\s\"'<>]{16,}"),
    _after(r"\bbot\d{6,12}:", r"[A-Za-z0-9_-]{20,}"),
    # headers
    _after(r"\bauthorization[\\\"']{0,6}\s{0,5}[:=]\s{0,5}[\\\"']{0,6}(?:[a-z]{2,20}[ ])?", r"(?!\[redacted\])[^\s\"',;]{6,}"),
    _after(r"\b(?:bearer|basic)\s{1,5}", r"[A-Za-z0-9._~+/=-]{8,}"),
    _after(r"\b(?:set-)?cookie[\"']?\s{0,5}:\s{0,5}[\"']?[\w.-]{1,80}=", r"[^\r\n\"']+"),
    # by their own looks
    (re.compile(rf"\b(?:{_PREFIXES})[A-Za-z0-9_.=-]{{12,}}"), MASK),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"), MASK),
    # by the name in front of them: in quotes with spaces too, or one word; options and sentences without a sign between
    _after(
        rf"{_NAME}[\w.-]{{0,40}}[\\\"']{{0,6}}\s{{0,20}}[:=]\s{{0,20}}(?P<quote>\\{{0,4}}[\"'])",
        r"(?!\[redacted\])(?:(?!(?P=quote))[^\r\n]){4,500}(?=(?P=quote))",
    ),
    _after(
        rf"{_NAME}[\w.-]{{0,40}}\s{{0,20}}[:=]\s{{0,20}}{_PATH}\((?:{_ARGUMENT},[ ]?)?(?:{_WORD}=)?[\"']",
        rf"(?!{_NAMED})[^\"'\r\n]{{4,200}}(?=[\"'])",
    ),
    _after(rf"{_NAME}[\w.-]{{0,40}}[\\\"']{{0,6}}\s{{0,20}}[:=][^\S\r\n]{{0,20}}[\\\"']{{0,6}}", _VALUE),
    # on the next line, unless that begins with a key of its own, as YAML's `secretRef:` and then `name: web`
    _after(
        rf"{_NAME}[\w.-]{{0,40}}[\\\"']{{0,6}}\s{{0,20}}[:=][^\S\r\n]{{0,20}}[\r\n]\s{{0,20}}[\\\"']{{0,6}}",
        rf"(?![A-Za-z][\w./-]{{0,80}}[\"']?:(?:\s|$)){_VALUE}",
    ),
    _after(r"\b_?(?:auth|pwd|sig|session_?id)[\\\"']{0,6}\s{0,5}[:=]\s{0,5}[\\\"']{0,6}", _LIKELY + r"[^\s\"'\\,;&]{16,}"),
    _after(rf"--[\w-]{{0,40}}{_NAME}[\w-]{{0,20}}\s{{1,5}}", r"(?!-|\[redacted\])[^\s\"']{4,}"),
    _after(r"\s(?:-u|--user)\s{1,5}[^\s:]{1,100}:", r"[^\s\"']{4,}"),
    _after(r"(?:passw(?:or)?d|identified\s{1,5}by)\s{1,5}\\{0,4}[\"']", r"[^\"'\r\n]{4,200}(?=[\"'])"),
    _after(r"\b(?:passw(?:or)?d|passphrase|secret|token)\s{1,5}(?:(?:is|was)\s{1,5})?", _LIKELY + r"[^\s\"',;]{8,}"),
)


def redact(text: str, secrets: frozenset[str] = frozenset()) -> str:
    """The text without what looks like a secret, nor any of the known ones, nor what no database can hold."""
    text = storable(text)
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= 4:
            text = text.replace(secret, MASK)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def disguised(secrets: Iterable[str]) -> frozenset[str]:
    """They, and as they stand in objects of Kubernetes, in addresses and in headers."""
    known = frozenset(secrets)
    found = set(known)
    for secret in (one for one in known if len(one) >= SHORTEST_DISGUISED):
        found |= {base64.b64encode(text.encode()).decode() for text in (secret, f"{secret}\n")}
        found |= {base64.urlsafe_b64encode(secret.encode()).decode(), secret.encode().hex(), quote(secret, safe="")}
    return frozenset(found)


def redact_value(value: Any, secrets: frozenset[str] = frozenset()) -> Any:
    """The JSON value with every text redacted, and masked whole where its name says it is secret."""
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, dict):
        return {
            redact(key, secrets) if isinstance(key, str) else key: MASK
            if isinstance(item, str) and item and SECRET_NAME.search(str(key))
            else redact_value(item, secrets)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [redact_value(item, secrets) for item in value]
    return value


class RedactingFormatter(logging.Formatter):
    """Redacts every log line of Timonel itself, with its arguments and its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The line as it is written."""
        return redact(super().format(record))
