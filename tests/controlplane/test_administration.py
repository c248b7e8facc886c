"""The admin's writes: audited once with before and after, refused where they make no sense; no secret comes out."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from agents import profiles
from agents.models import AgentProfile
from agents.specialists import registry
from controlplane.core import rights
from controlplane.core.actors import Actor
from controlplane.core.models import AuditEntry, RoleBinding, User
from controlplane.core.permissions import Verb
from workloads.models import Application, Environment, Variable

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("root", "root@example.org", "correct horse battery staple"))
    return client


@pytest.fixture
def environment() -> Environment:
    application = Application.objects.create(name="shop", repository="https://example.org/shop.git")
    return Environment.objects.create(application=application, name="staging", tier="staging", port=8100)


def form_of(environment: Environment, *variables: dict[str, str]) -> dict[str, str]:
    existing = sum("id" in variable for variable in variables)
    form = {"tier": environment.tier, "quorum": "", "required_role": "", "approval_expires_after": ""}
    form |= {"variables-TOTAL_FORMS": str(len(variables)), "variables-INITIAL_FORMS": str(existing)}
    for number, variable in enumerate(variables):
        form |= {f"variables-{number}-{name}": value for name, value in variable.items()}
        form |= {f"variables-{number}-environment": str(environment.pk)}
    return form


def test_a_policy_that_is_set_is_audited_with_its_author(ada: Client, environment: Environment) -> None:
    address = reverse("admin:workloads_environment_change", args=[environment.pk])
    assert ada.post(address, form_of(environment) | {"quorum": "2"}).status_code == 302
    environment.refresh_from_db()
    entry = AuditEntry.objects.get(action="environment.change")
    assert (environment.quorum, entry.actor_label, entry.after) == (2, "root", {"quorum": 2, "by": "admin"})
    assert entry.before == {"quorum": None}


def test_a_new_environment_gets_an_address_and_keeps_its_policy(ada: Client, environment: Environment) -> None:
    form = form_of(environment) | {"application": str(environment.application_id), "name": "live", "tier": "production"}
    answer = ada.post(reverse("admin:workloads_environment_add"), form | {"driver": "process", "quorum": "2"})
    assert answer.status_code == 302, answer.content
    made = Environment.objects.get(name="live")
    assert made.port not in {None, environment.port}
    assert (made.tier, made.quorum) == ("production", 2)
    assert AuditEntry.objects.get(action="environment.change").after == {"quorum": 2, "by": "admin"}
    assert AuditEntry.objects.filter(action="environment.create").count() == 1


def test_the_value_of_a_variable_never_comes_out_and_stays_when_left_empty(ada: Client, environment: Environment) -> None:
    address = reverse("admin:workloads_environment_change", args=[environment.pk])
    new = {"name": "STRIPE_KEY", "value": "whsec-very-secret", "secret": "on"}
    assert ada.post(address, form_of(environment, new)).status_code == 302
    variable = Variable.objects.get(name="STRIPE_KEY")
    assert variable.value == "whsec-very-secret"
    assert b"whsec-very-secret" not in ada.get(address).content
    again = {"id": str(variable.pk), "name": "STRIPE_API_KEY", "value": "", "secret": "on"}
    assert ada.post(address, form_of(environment, again)).status_code == 302
    variable.refresh_from_db()
    assert (variable.name, variable.value) == ("STRIPE_API_KEY", "whsec-very-secret")
    assert not any("whsec" in str(entry.after) for entry in AuditEntry.objects.all())


def test_a_role_that_is_given_is_audited(ada: Client, bob: User) -> None:
    carol = User.objects.create_user("carol", "carol@example.org", "correct horse battery staple")
    form = {"username": "carol", "email": carol.email, "is_active": "on"}
    form |= {"role_bindings-TOTAL_FORMS": "1", "role_bindings-INITIAL_FORMS": "0", "role_bindings-0-user": str(carol.pk)}
    form |= {"role_bindings-0-role": "operator", "role_bindings-0-scope": "*"}
    answer = ada.post(reverse("admin:core_user_change", args=[carol.pk]), form)
    assert answer.status_code == 302, answer.content
    assert RoleBinding.objects.filter(user=carol, role="operator").exists()
    entry = AuditEntry.objects.get(action__startswith="rolebinding")
    assert entry.action == "rolebinding.create"
    assert entry.after == {"role": "operator", "by": "admin"}


def test_a_group_gives_its_people_roles_and_each_step_is_audited(ada: Client, bob: User, mallory: User) -> None:
    rows = {"role_bindings-TOTAL_FORMS": "1", "role_bindings-INITIAL_FORMS": "0", "role_bindings-0-role": "operator"}
    form = {"name": "platform", "people": [bob.pk, mallory.pk], "role_bindings-0-scope": "*", **rows}
    assert ada.post(reverse("admin:auth_group_add"), form).status_code == 302
    group = Group.objects.get(name="platform")
    assert rights.reach(Actor.person(mallory), Verb.RUN).everywhere
    entry = AuditEntry.objects.get(action="group.people")
    assert (entry.before, entry.after) == ({"people": []}, {"people": ["bob", "mallory"], "by": "admin"})
    assert ada.post(reverse("admin:auth_group_delete", args=[group.pk]), {"post": "yes"}).status_code == 302
    assert not rights.reach(Actor.person(mallory), Verb.RUN).everywhere
    told = list(AuditEntry.objects.order_by("number").values_list("action", flat=True))
    assert told == ["group.create", "rolebinding.create", "group.people", "group.people", "rolebinding.delete", "group.delete"]


def test_a_role_is_of_one_person_or_of_one_group(ada: Client, bob: User) -> None:
    group, address = Group.objects.create(name="platform"), reverse("admin:core_rolebinding_add")
    for of in ({}, {"user": bob.pk, "group": group.pk}):
        answer = ada.post(address, {**of, "role": "viewer", "scope": "*"})
        assert "name one of the two" in answer.content.decode()
    assert ada.post(address, {"group": group.pk, "role": "viewer", "scope": "*"}).status_code == 302
    assert "platform" in ada.get(reverse("admin:core_rolebinding_changelist")).content.decode()


def test_a_specialist_can_be_made_advisory(ada: Client) -> None:
    profile = AgentProfile.objects.get(name="testing")
    form: dict[str, object] = {"enabled": "on", "timeout_seconds": "60", "options": "{}"}
    form |= {"most_rounds": "6", "most_tool_calls": "12", "most_tokens": "60000", "tools": registry()["testing"].tools}
    assert ada.post(reverse("admin:agents_agentprofile_change", args=[profile.pk]), form).status_code == 302
    profile.refresh_from_db()
    assert (profile.blocking, profile.timeout_seconds) == (False, 60)
    entry = AuditEntry.objects.get(action="agentprofile.change")
    assert entry.before == {"blocking": True, "timeout_seconds": 900}
    assert entry.after == {"blocking": False, "timeout_seconds": 60, "by": "admin"}


def test_a_new_password_is_recorded_and_not_told(ada: Client, bob: User) -> None:
    form = {"password1": "new horse battery staple", "password2": "new horse battery staple", "usable_password": "true"}
    answer = ada.post(reverse("admin:auth_user_password_change", args=[bob.pk]), form | {"set-password": "x"})
    assert answer.status_code == 302, answer.content
    (entry,) = AuditEntry.objects.all()
    assert (entry.action, entry.after) == ("user.change", {"password": "[redacted]", "by": "admin"})


def test_many_are_deleted_with_an_entry_each(ada: Client, bob: User, alice: User) -> None:
    chosen = [str(pk) for pk in RoleBinding.objects.values_list("pk", flat=True)]
    form = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    assert ada.post(reverse("admin:core_rolebinding_changelist"), form).status_code == 302
    assert not RoleBinding.objects.exists()
    assert AuditEntry.objects.filter(action="rolebinding.delete", before__scope="*").count() == len(chosen)


def test_what_is_saved_unchanged_says_nothing(ada: Client, environment: Environment) -> None:
    assert ada.post(reverse("admin:workloads_environment_change", args=[environment.pk]), form_of(environment)).status_code == 302
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("processes", '["web"]'),
        ("processes", '{"web": 1}'),
        ("processes", '{"a/b": "x"}'),
        ("build_steps", '[{"name": "x"}]'),
        ("release_steps", "{"),
    ],
)
def test_an_override_in_the_wrong_shape_is_refused(ada: Client, environment: Environment, field: str, value: str) -> None:
    application = environment.application
    form = {"repository": application.repository, "default_ref": "HEAD", field: value}
    answer = ada.post(reverse("admin:workloads_application_change", args=[application.pk]), form)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == {field}


def test_a_role_in_no_scope_is_refused(ada: Client, bob: User) -> None:
    answer = ada.post(reverse("admin:core_rolebinding_add"), {"user": bob.pk, "role": "viewer", "scope": "everything"})
    assert "environment/" in str(answer.context["adminform"].form.errors["scope"])


def test_each_specialist_can_be_configured_before_the_first_run() -> None:
    assert set(AgentProfile.objects.values_list("name", flat=True)) == {*registry(), profiles.INVESTIGATOR}
    AgentProfile.objects.filter(name="testing").update(enabled=False)
    profiles.make_missing()
    assert not AgentProfile.objects.get(name="testing").enabled
