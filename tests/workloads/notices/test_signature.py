"""The signature of a webhook, as the documentation tells receivers to check it: the code is run from the page."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.workloads.notices.conftest import KEY, channel, go, tell
from tests.workloads.notices.hooks import Got, Receiver
from workloads.adapters import signed_post
from workloads.models import Environment

PAGE = Path(__file__).parents[3] / "knowledge/corpus/timonel/notifications.md"
SIGNATURE = signed_post.SIGNATURE.lower()
Check = Callable[[str, bytes, str], bool]


@pytest.fixture(scope="module")
def check() -> Check:
    code = re.findall(r"```python\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.S)
    names: dict[str, Any] = {}
    exec("\n".join(code), names)
    found: Check = names["comes_from_timonel"]
    return found


@pytest.fixture
def got(hooks: Callable[..., Receiver], environment: Environment) -> Got:
    receiver = hooks()
    channel("webhook", receiver.url)
    tell(environment)
    go()
    return receiver.got[0]


def test_what_is_sent_passes_the_check_of_the_documentation(check: Check, got: Got) -> None:
    assert check(got.headers[SIGNATURE], got.body, KEY)
    assert got.headers["x-timonel-delivery"] == got.headers["idempotency-key"] == got.json["key"]


def test_an_altered_body_another_key_and_an_old_time_do_not(check: Check, got: Got) -> None:
    header = got.headers[SIGNATURE]
    old = signed_post.signature(KEY, int(time.time()) - 301, got.body)
    assert not check(header, got.body + b" ", KEY)
    assert not check(header, got.body, KEY + "x")
    assert not check(old, got.body, KEY)
    assert not check(header.replace("t=", "t=1"), got.body, KEY)
    for nonsense in ("", "t=", "v1=", "t=x,v1=y", "a=b", header.partition(",")[0]):
        assert not check(nonsense, got.body, KEY)


def test_the_body_of_the_documentation_has_the_fields_that_are_sent(got: Got) -> None:
    example = re.findall(r"```json\n(.+?)```", PAGE.read_text(encoding="utf-8"), re.S)[0]
    assert set(re.findall(r'^  "(\w+)":', example, re.M)) == set(got.json)
