"""Naughty strings in every field of every form and in every address: nothing of ours breaks."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode

from tests.controlplane.dashboard.conftest import SignIn
from tests.journeys import addresses
from tests.journeys.scene import Scene
from tests.naughty.forms import Form, forms
from tests.naughty.strings import EVERY, share
from workloads.models import Finding

pytestmark = pytest.mark.django_db
Field = tuple[Form, str]
# What pages read from their address and no form of theirs sends.
ASKED = {
    "/": ("after", "show"),
    "/runs/": ("before", "status", "environment"),
    "/deployments/": ("before",),
    "/findings/": ("before",),
    "/incidents/": ("before",),
    "/audit/": ("before",),
    "/audit/export.csv": ("actor", "action", "text"),
    "/knowledge/": ("q", "source", "language"),
    "/knowledge/sources/": ("after",),
    "RUN": ("node",),
    "RUNstate/": ("node",),
    "RUNevents/": ("after",),
    "RUNlog/": ("node", "level", "after"),
    "RUNlog/lines/": ("node", "level", "after"),
    "/sign-in/": ("next",),
}


@pytest.fixture
def fields(scene: Scene, as_: SignIn) -> list[Field]:
    """Each field of each form that somebody is shown, once."""
    Finding.objects.filter(tool="bandit").update(suppressed_reason="It is a test.", suppressed_by="bob")
    found: dict[tuple[str, str, str], Field] = {}
    for address in pages(scene):
        client = Client() if address == "/sign-in/" else as_("ada")
        for form in _forms(client, address):
            kind = _kind(form.action)
            found |= {(form.method, kind, name): (form, name) for name in form.fields if name != "csrfmiddlewaretoken"}
    return list(found.values())


def pages(scene: Scene) -> list[str]:
    """One page of every kind; an environment that is held; those of one's own account."""
    account = ("account_login", "account_reauthenticate", "mfa_activate_totp", "mfa_add_webauthn")
    places = [reverse("environment", args=[scene.environments[name].pk]) for name in ("billing/production", "storefront/staging")]
    running = reverse("run", args=[scene.runs["running"].pk])
    return [*addresses.kinds(scene), *places, running, "/findings/?state=all", *(reverse(name) for name in account)]


def _kind(address: str) -> str:
    return re.sub(r"/\d+/", "/0/", address)


def _forms(client: Client, address: str) -> list[Form]:
    answer = client.get(address)
    page = answer.content.decode() if answer.status_code < 300 else ""
    found = forms(page)
    for form in found:
        form.action = form.action or address
    return found


def test_every_form_that_writes_was_found(fields: list[Field]) -> None:
    written = {(_kind(form.action), name) for form, name in fields if form.method == "post"}
    expected = {
        ("/applications/0/deploy/", "ref"),
        ("/changes/0/decide/", "reason"),
        ("/changes/0/decide/", "name"),
        ("/findings/0/suppress/", "reason"),
        ("/findings/0/count-again/", "reason"),
        ("/incidents/0/resolve/", "reason"),
        ("/environments/0/release-hold/", "reason"),
        ("/environments/0/roll-back/", "key"),
        ("/account/profile/", "first_name"),
        ("/account/tokens/", "name"),
        ("/sign-in/", "login"),
        ("/i18n/setlang/", "next"),
    }
    assert expected <= written


@pytest.mark.slow
def test_no_field_of_any_form_breaks_anything(fields: list[Field], as_: SignIn) -> None:
    assert [told for n, one in enumerate(fields) for told in _tried(as_("ada"), one, share(n, 1))] == []


@pytest.mark.exhaustive
@pytest.mark.timeout(1800)
def test_no_string_in_any_field_of_any_form_breaks_anything(fields: list[Field], as_: SignIn) -> None:
    assert [told for one in fields for told in _tried(as_("ada"), one, EVERY)] == []


def test_nothing_asked_in_an_address_breaks_anything(scene: Scene, as_: SignIn) -> None:
    run = reverse("run", args=[scene.runs["stopped"].pk])
    wrong = []
    for number, (address, names) in enumerate(ASKED.items()):
        for name in names:
            form = Form("get", address.replace("RUN", run), {name: ""})
            wrong += list(_tried(as_("ada"), (form, name), share(number, 1)))
    assert wrong == []


def test_no_name_in_a_path_breaks_anything(as_: SignIn) -> None:
    client = as_("ada")
    client.raise_request_exception = False
    for text in share(0, 20):
        quoted = urlencode({"": text.encode("utf-8", "replace")})[1:]
        for address in (f"/{quoted}/", f"/audit/export.{quoted}", f"/sign-in/with/{quoted}/"):
            assert client.get(address).status_code < 500, (address, text)


def _tried(client: Client, field: Field, strings: tuple[str, ...]) -> Iterator[str]:
    """What broke: the address, the field, the string."""
    form, name = field
    client.raise_request_exception = False
    for text in strings:
        cache.clear()
        sent = urlencode({key: value.encode("utf-8", "surrogatepass") for key, value in form.filled(name, text).items()})
        with transaction.atomic():
            if form.method == "post":
                answer = client.post(form.action, sent, content_type="application/x-www-form-urlencoded")
            else:
                answer = client.get(form.action.partition("?")[0], query_params=None, QUERY_STRING=sent)
            transaction.set_rollback(True)
        if answer.status_code >= 500:
            yield f"{form.method} {form.action} {name}={text!r:.80}: {answer.status_code}"
