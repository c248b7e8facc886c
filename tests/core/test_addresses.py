"""Where a request comes from: believed from a proxy only when there is one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from controlplane.core.addresses import address_of

FORGED = "203.0.113.9, 198.51.100.7"


@pytest.mark.parametrize(("behind", "found"), [(False, "192.0.2.1"), (True, "198.51.100.7")])
def test_the_caller_cannot_choose_their_address(behind: bool, found: str, settings: Any) -> None:
    settings.BEHIND_PROXY = behind
    assert address_of(RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR=FORGED)) == found
