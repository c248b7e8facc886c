"""What names something else: addresses, routes, Secrets, accounts, probes; mended only where the evidence names the other."""

from __future__ import annotations

from typing import Any

import pytest

from controlplane.core.errors import Invalid
from tests.workloads.repairs.shop import (
    Json,
    about,
    carried_out,
    deployment,
    live,
    named,
    pod,
    replica_set,
    service,
    template,
    view,
    written,
)
from workloads.repairs import Ref, Repair, after, invariant, offers, undone, wanted

API = [deployment("api"), pod("api"), service("api", port=9000)]


def client(value: str) -> list[Json]:
    made = template(env=[{"name": "API_URL", "value": value}])
    return [deployment("web", made=made), pod("web", made, ready=False), *API]


@pytest.mark.parametrize(
    ("value", "mended"),
    [
        ("http://apis:9000/v1", "http://api:9000/v1"),
        ("http://api:9001/v1", "http://api:9000/v1"),
        ("http://user:[redacted]@apis:9000", "http://user:[redacted]@api:9000"),
        ("apis.shop.svc.cluster.local:9000", "api.shop.svc.cluster.local:9000"),
    ],
)
def test_an_address_is_mended_where_it_is_wrong_and_nowhere_else(value: str, mended: str) -> None:
    objects = client(value)
    offer = offers(view(*objects), about("service_env_var_address_mismatch"))[0]
    assert offer.parameters["part"] is True
    made = written(objects, offer)
    assert (live(made, offer.ref) or {})["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] == mended
    assert invariant(offer, objects).holds is False and invariant(offer, carried_out(made)).holds is True
    back = undone(offer, live(objects, offer.ref))
    assert back is not None and wanted(back, live(made, offer.ref)) == live(objects, offer.ref)


def test_a_former_template_with_the_same_address_is_no_cure() -> None:
    wrong, former = (
        client("http://apis:9000"),
        template(env=[{"name": "API_URL", "value": "http://apis:9000"}, {"name": "A", "value": "b"}]),
    )
    objects = [*wrong, replica_set("web", 1, former, 1), replica_set("web", 2, wrong[0]["spec"]["template"])]
    assert {each.kind for each in offers(view(*objects), about("service_env_var_address_mismatch"))} == {"set_variable"}


def test_the_password_beside_an_address_is_left_as_it_is() -> None:
    offer = offers(view(*client("postgres://u:[redacted]@apis:9000/x")), about("service_env_var_address_mismatch"))[0]
    made = wanted(offer, deployment("web", made=template(env=[{"name": "API_URL", "value": "postgres://u:hunter2@apis:9000/x"}])))
    assert "postgres://u:hunter2@api:9000/x" in str(made)
    assert "hunter2" not in str(offer.as_json()) + str(undone(offer, made))


def test_an_address_that_resembles_nothing_has_no_offer() -> None:
    assert offers(view(*client("http://warehouse:7000")), about("service_env_var_address_mismatch")) == ()


def test_a_value_in_a_config_map_is_written_there_and_its_readers_start_anew() -> None:
    made = template(envFrom=[{"configMapRef": {"name": "settings"}}])
    settings = named("ConfigMap", "settings", data={"API_URL": "http://apis:9000", "MODE": "x"})
    objects = [deployment("web", made=made), pod("web", made, ready=False), settings, *API]
    offer = offers(view(*objects), about("service_env_var_address_mismatch"))[0]
    assert offer.ref == Ref("ConfigMap", "settings", "shop")
    assert [(each.kind, each.ref.title) for each in after(offer)] == [("restart", "Deployment/web")]
    only = [each for each in objects if not offer.ref.of(each)] + [wanted(offer, settings) or {}]
    done = carried_out(written(objects, offer))
    assert [invariant(offer, each).holds for each in (objects, only, done)] == [False, None, True]
    assert (live(done, offer.ref) or {})["data"] == {"API_URL": "http://api:9000", "MODE": "x"}


def refers(name: str, *secrets: str, others: tuple[str, ...] = ()) -> list[Json]:
    made = template(envFrom=[{"secretRef": {"name": name}}])
    found = [
        deployment("web", made=made),
        pod("web", made, ready=False, state={"waiting": {"reason": "CreateContainerConfigError"}}),
    ]
    for each in others:
        found.append(deployment(f"user-of-{each}", made=template("other", envFrom=[{"secretRef": {"name": each}}])))
    return found + [named("Secret", each, type="Opaque") for each in secrets]


def test_a_secret_that_nobody_else_uses_and_that_is_nearly_named_so_is_meant() -> None:
    objects = refers("web-env2", "web-env", "api-env", others=("api-env",))
    (offer,) = offers(view(*objects), about("missing_secret_binding"))
    assert offer.kind == "patch_template" and "Secret/web-env " in offer.summary
    assert invariant(offer, carried_out(written(objects, offer))).holds is True


@pytest.mark.parametrize("objects", [refers("web-env", "api-env"), refers("web-env2", "web-env", others=("web-env",))])
def test_the_secret_of_another_or_an_invented_one_is_never_offered(objects: list[Json]) -> None:
    declared = (named("Secret", "web-env", type="Opaque"), named("Secret", "web-env2", type="Opaque"))
    assert offers(view(*objects, declared=declared), about("missing_secret_binding")) == ()


def test_a_secret_whose_content_is_not_known_is_refused() -> None:
    made = {"object": named("Secret", "web-env", type="Opaque")}
    with pytest.raises(Invalid, match="not known"):
        wanted(Repair("create_declared", Ref("Secret", "web-env", "shop"), made), None)


def test_a_secret_that_timonel_applied_is_offered_by_its_name_and_its_values_stay_where_they_are() -> None:
    web, *others = refers("web-env")
    web["metadata"]["labels"] = {"app.kubernetes.io/managed-by": "timonel"}
    (offer,) = offers(view(web, *others, declared=(named("Secret", "web-env"),)), about("missing_secret_binding"))
    assert (offer.kind, offer.ref, offer.parameters["applied"]) == ("create_declared", Ref("Secret", "web-env", "shop"), True)
    assert offer.summary == "Create Secret/web-env as it was applied" and "data" not in offer.parameters["object"]
    back = undone(offer, None)
    assert back is not None and back.kind == "remove_created"


def test_a_declared_config_map_is_created_without_what_servers_write() -> None:
    made = template(envFrom=[{"configMapRef": {"name": "settings"}}])
    objects = [deployment("web", made=made), pod("web", made, ready=False), named("ConfigMap", "other", data={})]
    declared = named(
        "ConfigMap", "settings", "", data={"A": "b"}, metadata={"resourceVersion": "7", "ownerReferences": [{"kind": "X"}]}
    )
    (offer,) = offers(view(*objects, declared=(declared,)), about("missing_secret_binding"))
    assert wanted(offer, None) == {"kind": "ConfigMap", "data": {"A": "b"}, "metadata": {"name": "settings", "namespace": "shop"}}
    written_ = written(objects, offer)
    assert [invariant(offer, each).holds for each in (objects, written_, carried_out(written_))] == [False, None, True]


def accounts(name: str, *there: str) -> list[Json]:
    return [deployment("web", made=template(pod={"serviceAccountName": name})), *(named("ServiceAccount", each) for each in there)]


def test_a_missing_account_is_the_one_that_exists_or_one_without_rights() -> None:
    (only,) = offers(view(*accounts("runner", "default")), about("missing_service_account"))
    assert only.kind == "create_declared" and only.parameters["restarts"] == ["Deployment/web"]
    assert [each.kind for each in after(only)] == ["restart"]
    first, second = offers(view(*accounts("web-runer", "web-runner", "default")), about("missing_service_account"))
    assert (first.kind, second.kind) == ("patch_template", "create_declared") and "web-runner" in first.summary


def routed(kind: str, backend: Json, rule: dict[str, Any]) -> Json:
    return named(kind, "shop", spec={"http" if kind == "VirtualService" else "rules": [rule]})


WRONG = [
    routed("Ingress", {}, {"http": {"paths": [
        {"path": "/api", "backend": {"service": {"name": "web", "port": {"number": 80}}}},
        {"path": "/web", "backend": {"service": {"name": "web", "port": {"number": 80}}}},
    ]}}),
    named("HTTPRoute", "shop", spec={"rules": [
        {"matches": [{"path": {"value": "/api"}}], "backendRefs": [{"name": "web", "port": 80}]},
        {"matches": [{"path": {"value": "/web"}}], "backendRefs": [{"name": "web", "port": 80}]},
    ]}),
    named("VirtualService", "shop", spec={"http": [
        {"match": [{"uri": {"prefix": "/api"}}], "route": [{"destination": {"host": "web.shop.svc", "port": {"number": 80}}}]},
        {"match": [{"uri": {"prefix": "/web"}}], "route": [{"destination": {"host": "web"}}]},
    ]}),
]  # fmt: skip


@pytest.mark.parametrize("route", WRONG, ids=lambda route: route["kind"])
def test_a_route_leads_to_the_service_it_means_at_a_port_that_it_has(route: Json) -> None:
    objects = [deployment("web"), pod("web"), service("web"), *API, route]
    (offer,) = offers(view(*objects), about("gateway_misroute", "app/api"))
    assert offer.kind == "patch_route" and offer.ref.kind == route["kind"]
    made = written(objects, offer)
    assert "'api" in str(live(made, offer.ref)) and "9000" in str(live(made, offer.ref))
    assert invariant(offer, objects).holds is False and invariant(offer, made).holds is True


GATEWAY = """routes:
  - id: api
    uri: http://web:80
    predicates:
      - Path=/api/**
  - id: web
    uri: http://web:80
    predicates:
      - Path=/web/**
"""


def test_a_route_in_a_text_is_mended_there_alone() -> None:
    made = template("gateway", pod={"volumes": [{"name": "conf", "configMap": {"name": "gateway"}}]})
    gateway = [deployment("gateway", made=made), pod("gateway", made), service("gateway")]
    objects = [
        deployment("web"),
        pod("web"),
        service("web"),
        *API,
        *gateway,
        named("ConfigMap", "gateway", data={"app.yml": GATEWAY}),
    ]
    (offer,) = offers(view(*objects), about("gateway_misroute", "app/api"))
    done = written(objects, offer)
    assert (live(done, offer.ref) or {})["data"]["app.yml"] == GATEWAY.replace("http://web:80", "http://api:9000", 1)
    assert invariant(offer, done).holds is None and invariant(offer, carried_out(done)).holds is True


def probed(**more: Any) -> list[Json]:
    made = template(**more)
    return [deployment("web", made=made), pod("web", made, ready=False, restartCount=3)]


def test_a_probe_asks_where_the_program_listens() -> None:
    wrong = {"httpGet": {"path": "/", "port": 8001}}
    (offer,) = offers(view(*probed(readinessProbe=wrong)), about("readiness_probe_incorrect_port"))
    assert offer.parameters["to"]["httpGet"]["port"] == 8000
    told = probed(readinessProbe=wrong, ports=[], args=["--bind", "0.0.0.0:8080"])
    assert offers(view(*told), about("readiness_probe_incorrect_port"))[0].parameters["to"]["httpGet"]["port"] == 8080
    assert offers(view(*probed(readinessProbe=wrong, ports=[])), about("readiness_probe_incorrect_port")) == ()


def test_a_probe_asks_as_the_other_one_does() -> None:
    made = probed(
        livenessProbe={"httpGet": {"path": "/", "port": 8000}, "periodSeconds": 5}, readinessProbe={"grpc": {"port": 8000}}
    )
    offer = offers(view(*made), about("liveness_probe_incorrect_protocol"))[0]
    assert offer.parameters["to"] == {"periodSeconds": 5, "grpc": {"port": 8000}}


def test_no_command_comes_with_a_probe() -> None:
    to = {"exec": {"command": ["sh", "-c", "curl evil"]}}
    was = {"httpGet": {"path": "/", "port": 8000}}
    fix = Repair(
        "fix_probe", Ref("Deployment", "web", "shop"), {"container": "web", "probe": "livenessProbe", "was": was, "to": to}
    )
    with pytest.raises(Invalid, match="no command"):
        wanted(fix, probed(livenessProbe=was)[0])
