"""Sources and rules of webhooks in the admin: keys shown once, kept sealed, audited without their value."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from controlplane.core.models import AuditEntry, User
from tests.workloads.stage import stage
from workloads.models import Environment, WebhookRule, WebhookSource

pytestmark = pytest.mark.django_db
CHANGE = "admin:workloads_webhooksource_change"


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", "root@example.org", "correct horse battery staple"))
    return client


@pytest.fixture
def staging(db: None) -> Environment:
    return stage("staging", "staging").environment


def form_of(**values: Any) -> dict[str, Any]:
    rules = values.pop("rules", [])
    form = {"name": "shop", "kind": "github", "enabled": "on", "rules-TOTAL_FORMS": len(rules), "rules-INITIAL_FORMS": 0, **values}
    for number, rule in enumerate(rules):
        form |= {f"rules-{number}-{name}": value for name, value in {"position": 10, **rule}.items()}
    return form


def add(ada: Client, **values: Any) -> Any:
    return ada.post(reverse("admin:workloads_webhooksource_add"), form_of(**values))


def test_a_new_source_gets_an_address_and_a_secret_that_is_shown_once(
    ada: Client, staging: Environment, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://timonel.example"
    rules = [{"event": "push", "refs": "main", "effect": "deploy", "environment": staging.pk}]
    answer = add(ada, application=staging.application_id, rules=rules)
    source = WebhookSource.objects.get()
    page = answer.content.decode()
    assert answer.status_code == 200, page
    assert source.secret
    assert source.secret in page.replace("&#x3D;", "=").replace("&#x2B;", "+")
    assert "https://timonel.example/api/v1/hooks/shop" in page
    assert "no-store" in answer["Cache-Control"]
    assert not answer.cookies.get("messages")
    assert WebhookRule.objects.get().environment == staging
    for address in (reverse(CHANGE, args=[source.pk]), reverse("admin:workloads_webhooksource_changelist")):
        assert source.secret.encode() not in ada.get(address).content
    assert source.secret not in str(list(AuditEntry.objects.values_list("before", "after")))
    assert set(AuditEntry.objects.values_list("action", flat=True)) == {"webhooksource.create", "webhookrule.create"}


def test_a_secret_that_the_sender_made_is_taken(ada: Client) -> None:
    add(ada, given_secret="made-by-the-sender-0001")
    assert WebhookSource.objects.get().secret == "made-by-the-sender-0001"
    for bad in ("short", "with a space in it 000000", "with,a,comma,in,it,000000"):
        assert add(ada, name="other", given_secret=bad).context["adminform"].form.errors.keys() == {"given_secret"}


def test_a_new_secret_leaves_the_former_good_for_a_while(ada: Client) -> None:
    add(ada)
    before = WebhookSource.objects.get()
    listing = reverse("admin:workloads_webhooksource_changelist")
    answer = ada.post(listing, {"action": "make_new_secret", "_selected_action": [before.pk]})
    after = WebhookSource.objects.get()
    assert after.secret != before.secret == after.former_secret
    assert after.secret
    assert after.secret.removeprefix("whsec_")[:20] in answer.content.decode()
    ada.post(listing, {"action": "end_former_secret", "_selected_action": [before.pk]})
    assert WebhookSource.objects.get().former_secret is None
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"webhooksource.change_secret", "webhooksource.forget_former_secret"} <= actions


def test_the_token_goes_in_stays_when_left_empty_and_never_comes_out(ada: Client) -> None:
    add(ada, api_token="ghp_" + "t" * 36)
    source = WebhookSource.objects.get()
    address = reverse(CHANGE, args=[source.pk])
    assert b"ghp_" not in ada.get(address).content
    assert ada.post(address, form_of(repository="harbour/shop")).status_code == 302
    source.refresh_from_db()
    assert (source.api_token, source.repository) == ("ghp_" + "t" * 36, "harbour/shop")
    assert "ghp_" not in str(list(AuditEntry.objects.values_list("before", "after")))


def test_a_token_is_not_sent_to_another_address_than_it_was_given_for(ada: Client) -> None:
    add(ada, api_token="ghp_" + "t" * 36)
    address = reverse(CHANGE, args=[WebhookSource.objects.get().pk])
    answer = ada.post(address, form_of(api_url="https://forge.example/api"))
    assert answer.context["adminform"].form.errors.keys() == {"api_token"}
    assert ada.post(address, form_of(api_url="https://forge.example/api", api_token="ghp_" + "u" * 36)).status_code == 302


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/", "http://localhost/", "ftp://forge.example", "https://u:p@forge.example"]
)
def test_an_address_that_may_not_be_asked_is_refused(ada: Client, url: str) -> None:
    assert add(ada, api_url=url).context["adminform"].form.errors.keys() == {"api_url"}


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"event": "push", "effect": "incident"}, "effect"),
        ({"event": "alert", "effect": "deploy"}, "effect"),
        ({"event": "push", "effect": "deploy", "environment": ""}, "__all__"),
    ],
)
def test_a_rule_whose_parts_do_not_fit_is_refused(ada: Client, staging: Environment, rule: dict[str, Any], field: str) -> None:
    answer = add(ada, rules=[{"environment": staging.pk, **rule}])
    errors = answer.context["inline_admin_formsets"][0].formset.errors
    assert [set(one) for one in errors] == [{field}]


def test_a_rule_of_another_application_is_refused(ada: Client, staging: Environment) -> None:
    foreign = stage("production", application="bank").environment
    add(ada, application=staging.application_id)
    address = reverse(CHANGE, args=[WebhookSource.objects.get().pk])
    rules = [{"event": "push", "effect": "deploy", "environment": foreign.pk}]
    answer = ada.post(address, form_of(application=staging.application_id, rules=rules))
    assert [set(one) for one in answer.context["inline_admin_formsets"][0].formset.errors] == [{"environment"}]
