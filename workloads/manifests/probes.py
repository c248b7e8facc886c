"""How the kubelet asks whether a process has started, is ready, is alive."""

from __future__ import annotations

import re
from typing import Any

from workloads.manifests.choices import Choice
from workloads.manifests.profile import Profile

Json = dict[str, Any]
PERIOD = 5  # seconds between two questions about readiness
PROCESS_ONLY = re.compile(r"/(livez?|liveness|alive|ping)/?$")  # a page that asks nothing of a database
PING_PERIOD, PING_TIMEOUT = 300, 60


def probes(profile: Profile, choice: Choice) -> Json:
    """The probes of one container.

    Starting and being ready is asked at the health address. Being alive is asked of the process alone: a health page that looks at
    the database would have every pod killed when the database rests. Background processes end when they fail, and are started
    again; asking a Celery worker costs a start of the whole application, so that is done only where it is chosen.
    """
    if choice.web:
        ready = _ask(profile, health_path(profile))
        return {
            "startupProbe": {**ready, **_times(profile, 2, max(1, profile.options.probes.startup // 2))},
            "readinessProbe": {**ready, **_times(profile, PERIOD, 2)},
            "livenessProbe": {**_ask(profile, liveness_path(profile)), **_times(profile, 10, 6)},
        }
    return {"livenessProbe": _ping(choice)} if choice.ping else {}


def health_path(profile: Profile) -> str:
    """Where readiness is asked; empty where no page is known for it: then a connection must do."""
    return profile.options.probes.health_path or profile.health_path


def liveness_path(profile: Profile) -> str:
    """Where being alive is asked; empty: a connection must do."""
    path = health_path(profile)
    return profile.options.probes.liveness_path or (path if PROCESS_ONLY.search(path) else "")


def host(profile: Profile) -> str:
    """The name that probes ask under: one that the application's ALLOWED_HOSTS has."""
    hosts = [name for name in profile.options.hosts if not name.startswith("*")]
    return profile.options.probes.host or profile.pages_host or (hosts[0] if hosts else "localhost")


def _ask(profile: Profile, path: str) -> Json:
    if not path:
        return {"tcpSocket": {"port": "http"}}
    headers = [{"name": "Host", "value": host(profile)}]
    if profile.https:
        headers.append({"name": "X-Forwarded-Proto", "value": "https"})
    whole = path if path.startswith("/") else f"/{path}"
    return {"httpGet": {"path": whole, "port": "http", "scheme": "HTTP", "httpHeaders": headers}}


def _times(profile: Profile, period: int, failures: int) -> Json:
    timeout = profile.options.probes.timeout
    return {"periodSeconds": period, "timeoutSeconds": timeout, "failureThreshold": failures, "successThreshold": 1}


def _ping(choice: Choice) -> Json:
    argv = choice.process.argv
    found = next((argv[number + 1] for number, word in enumerate(argv[:-1]) if word in {"-A", "--app"}), "")
    app = ["-A", found] if found else []
    script = 'exec celery "$@" inspect ping -t 30 -d "celery@$HOSTNAME"'
    return {
        "exec": {"command": ["sh", "-c", script, "ping", *app]},
        "periodSeconds": PING_PERIOD,
        "timeoutSeconds": PING_TIMEOUT,
        "failureThreshold": 3,
        "successThreshold": 1,
        "initialDelaySeconds": PING_TIMEOUT,
    }
