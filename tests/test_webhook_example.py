"""The example of the documentation, run as it stands, by a real shell against a real server."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from tests.workloads.hooks.payloads import AFTER
from workloads.models import WebhookDelivery, WebhookSource
from workloads.sources import new_secret

PAGE = Path(__file__).resolve().parent.parent / "knowledge/corpus/timonel/webhooks.md"


@pytest.mark.django_db(transaction=True)
def test_the_example_with_curl_and_openssl_is_accepted_and_safe_to_repeat(live_server: LiveServer) -> None:
    source = WebhookSource.objects.create(name="ci", kind="generic", secret=new_secret())
    script = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)[0]
    given = {"COMMIT": AFTER, "SECRET": str(source.secret), "ADDRESS": f"{live_server.url}/api/v1/hooks/ci"}
    for _ in range(2):
        done = subprocess.run(
            ["sh", "-euc", script], check=False, env=os.environ | given, capture_output=True, text=True, timeout=30
        )
        assert done.returncode == 0, done.stderr
    delivery = WebhookDelivery.objects.get()
    assert (delivery.delivery_id, delivery.facts["commit"], delivery.facts["by"]) == (f"build-{AFTER}", AFTER, "ci")
