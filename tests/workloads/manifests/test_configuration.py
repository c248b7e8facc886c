"""Variables, and the names that change with them."""

from __future__ import annotations

import base64
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workloads.manifests.finding import container, one, some
from tests.workloads.manifests.profiles import PROFILES, SECRET, external, harbour
from workloads.manifests import names
from workloads.manifests.masking import masked
from workloads.manifests.render import render

VALUES = st.dictionaries(st.from_regex(r"\A[A-Z][A-Z0-9_]{0,20}\Z"), st.text(max_size=30), max_size=4)


def test_pods_and_their_configuration_move_together() -> None:
    rendered = render(harbour())
    for item in rendered.workloads:
        sources = item["spec"]["template"]["spec"]["containers"][0]["envFrom"]
        assert sources == [{"configMapRef": {"name": rendered.config}}, {"secretRef": {"name": rendered.secret}}]
    assert one(harbour(), "ConfigMap")["metadata"]["name"] == rendered.config


def test_a_secret_is_encoded_and_nowhere_else() -> None:
    rendered = render(harbour())
    assert base64.b64decode(rendered.secrets[0]["data"]["SECRET_KEY"]).decode() == SECRET
    assert SECRET not in str(rendered.public)
    assert SECRET not in repr(harbour())


def test_a_masked_secret_shows_its_keys_only() -> None:
    found = masked(one(harbour(), "Secret"))
    assert set(found["data"].values()) == {"••••••"}
    assert set(found["data"]) == {"SECRET_KEY", "DATABASE_URL", "CELERY_BROKER_URL"}


@settings(max_examples=40)
@given(VALUES, VALUES)
def test_the_name_changes_if_and_only_if_the_content_does(first: dict[str, str], second: dict[str, str]) -> None:
    one_name, other = (render(harbour(values=values, secrets=values)) for values in (first, second))
    assert (one_name.config == other.config) is (first == second)
    assert (one_name.secret == other.secret) is (first == second)


def test_another_release_with_the_same_variables_keeps_the_name() -> None:
    assert render(harbour(release=8, label="v3")).config == render(harbour()).config


def test_a_secrets_name_tells_nothing_to_who_does_not_know_the_salt() -> None:
    assert render(harbour(salt="a")).secret != render(harbour(salt="b")).secret


def test_a_secret_of_somebody_else_is_only_named() -> None:
    found = harbour(options={"secrets": {"kind": "existing", "name": "harbour-env"}})
    assert not some(found, "Secret")
    assert {"secretRef": {"name": "harbour-env"}} in container(found)["envFrom"]


def test_external_secrets_bring_what_pods_are_told() -> None:
    item = one(external(), "ExternalSecret")
    assert [one["secretKey"] for one in item["spec"]["data"]] == ["CELERY_BROKER_URL", "SECRET_KEY"]
    assert {"secretRef": {"name": item["spec"]["target"]["name"]}} in container(external())["envFrom"]
    variables = {one["name"]: one for one in container(external())["env"]}
    assert variables["DATABASE_URL"]["valueFrom"]["secretKeyRef"] == {"name": "harbour-db-app", "key": "uri"}


@given(
    st.from_regex(r"\A[a-z][a-z0-9-]{0,62}\Z"), st.from_regex(r"\A[a-z][a-z0-9-]{0,62}\Z"), st.sampled_from(["", "r123456-ab12"])
)
def test_names_are_short_enough_for_everything_that_is_made_of_them(application: str, environment: str, chosen: str) -> None:
    profile = replace(PROFILES["scaled"](), application=application, environment=environment, set=chosen)
    for item in render(profile).objects:
        name = item["metadata"]["name"]
        assert len(name) <= 63 and names.dns(name) == name
        assert all(len(value) <= 63 for value in item["metadata"]["labels"].values())
        if item["kind"] == "Deployment":
            assert len(name) <= 46


def test_long_names_that_begin_alike_stay_apart() -> None:
    assert names.joined("a" * 60, "web") != names.joined("a" * 60, "worker")


def test_the_same_profile_gives_the_same_objects_to_the_byte() -> None:
    for make in PROFILES.values():
        assert render(make()).objects == render(make()).objects
        assert str(render(make())) == str(render(make()))
