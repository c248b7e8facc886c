"""Profiles that the tests render: the sample application in several places."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from workloads.manifests.options import options_of
from workloads.manifests.profile import Broker, Peer, Process, Profile, Reference, Step

DIGEST = "sha256:" + "5e" * 32
WEB = Process("web", ("gunicorn", "harbour.wsgi:application", "--bind", "127.0.0.1:{port}", "--workers", "2"))
WORKER = Process("worker", ("celery", "-A", "harbour", "worker", "--loglevel", "INFO", "--concurrency", "2"))
BEAT = Process("beat", ("celery", "-A", "harbour", "beat", "--loglevel", "INFO"))
MIGRATE = Step("migrate", ("python", "manage.py", "migrate", "--noinput"))
SECRET = "correct-horse-battery-staple"  # what must be nowhere but in a Secret
DATABASE = f"postgres://harbour:{SECRET}@database.harbour-production.svc:5432/harbour"


def harbour(**given: Any) -> Profile:
    """The sample application in production: web, worker and beat, a database and a Valkey beside it."""
    options = given.pop("options", {})
    found = Profile(
        application="harbour",
        environment="production",
        namespace="harbour-production",
        image=f"registry.example.com/team/harbour@{DIGEST}",
        processes=(WEB, WORKER, BEAT),
        environment_id=3,
        release=7,
        label="v2",
        commit="0f5e2c1b6d",
        steps=(MIGRATE,),
        health_path="/healthz",
        pages_host="harbour.example.com",
        https=True,
        values={"ALLOWED_HOSTS": "harbour.example.com,localhost", "DJANGO_SETTINGS_MODULE": "harbour.settings"},
        secrets={"SECRET_KEY": SECRET, "DATABASE_URL": DATABASE, "CELERY_BROKER_URL": "redis://valkey:6379/0"},
        peers=(Peer("database.harbour-production.svc", 5432, "database"), Peer("valkey", 6379, "broker")),
        broker=Broker("valkey"),
        salt="salt",
    )
    return replace(found, options=options_of(options), **given)


def without_worker() -> Profile:
    """One web process on a small cluster, without a name of its own."""
    return harbour(
        environment="local", namespace="harbour-local", tier="local", environment_id=1, processes=(WEB,), https=False,
        pages_host="harbour.harbour-local.svc", broker=None, peers=(), secrets={"SECRET_KEY": SECRET},
        values={"ALLOWED_HOSTS": "*"},
    )  # fmt: skip


def scaled() -> Profile:
    """Everything at once: an Ingress with TLS, autoscalers, monitoring, files on a volume, a Role."""
    return harbour(
        shared=("media/",),
        options={
            "hosts": ["harbour.example.com"],
            "route": {"class_name": "nginx", "issuer": "letsencrypt"},
            "processes": {
                "web": {"autoscale": {"min": 3, "max": 12, "cpu": 60}, "memory": "512Mi"},
                "worker": {"autoscale": {"min": 1, "max": 20, "length": 50}, "ping": True},
            },
            "monitoring": {"enabled": True, "labels": {"release": "prometheus"}},
            "network": {"sources": ["ingress-nginx"], "egress": [{"cidr": "192.0.2.10/32", "port": 587}]},
            "storage": {"kind": "claim", "size": "5Gi", "access": "ReadWriteMany"},
            "account": {"rights": [{"resources": ["configmaps"], "verbs": ["get", "list"]}]},
            "scheduling": {"tolerations": [{"key": "spot", "operator": "Exists"}], "priority_class": "applications"},
        },
    )


def canary() -> Profile:
    """A tenth of the requests to a new set, by a Gateway's weights."""
    route = {"kind": "gateway", "gateway": "public", "gateway_namespace": "gateways"}
    options = {"hosts": ["harbour.example.com"], "route": route}
    return harbour(strategy="canary", set="r7", live="r6", share=10, replicas=1, options=options)


def external() -> Profile:
    """Secrets from a vault, and a database whose operator keeps its address in a Secret."""
    return harbour(
        references=(Reference("DATABASE_URL", "harbour-db-app", "uri"),),
        secrets={"SECRET_KEY": "", "CELERY_BROKER_URL": ""},
        options={"secrets": {"kind": "external", "store": "vault", "path": "apps/harbour/production"}},
    )


def green() -> Profile:
    """A second set beside the live one, before it gets the traffic."""
    return harbour(strategy="blue_green", set="green", live="blue")


PROFILES = {
    "sample": harbour,
    "no-worker": without_worker,
    "scaled": scaled,
    "canary-gateway": canary,
    "external-secrets": external,
    "blue-green": green,
}
