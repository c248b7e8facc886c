"""Argument vectors as a pod runs them."""

from __future__ import annotations

import pytest

from workloads.manifests.commands import adapted, alone, celery_worker
from workloads.manifests.profile import Process


def ran(line: str, name: str = "web") -> str:
    return " ".join(adapted(Process(name, tuple(line.split())), port=8000, grace=25))


@pytest.mark.parametrize(
    ("line", "becomes"),
    [
        ("gunicorn a.wsgi --bind 127.0.0.1:{port}", "gunicorn a.wsgi --bind 0.0.0.0:8000"),
        ("gunicorn a.wsgi -b localhost:{port}", "gunicorn a.wsgi -b 0.0.0.0:8000"),
        ("gunicorn a.wsgi --bind=127.0.0.1:{port}", "gunicorn a.wsgi --bind=0.0.0.0:8000"),
        ("python -m gunicorn a.wsgi -b 0.0.0.0:{port}", "python -m gunicorn a.wsgi -b 0.0.0.0:8000"),
        ("uvicorn a.asgi:application --host 127.0.0.1 --port {port}", "uvicorn a.asgi:application --host 0.0.0.0 --port 8000"),
        ("daphne -b 127.0.0.1 -p {port} a.asgi:application", "daphne -b 0.0.0.0 -p 8000 a.asgi:application"),
        ("python manage.py runserver 127.0.0.1:{port}", "python manage.py runserver 0.0.0.0:8000"),
    ],
)
def test_a_web_process_listens_to_the_outside_of_its_pod(line: str, becomes: str) -> None:
    assert ran(line).startswith(becomes)


def test_servers_end_in_time() -> None:
    assert ran("gunicorn a.wsgi -b 127.0.0.1:{port}").endswith("--graceful-timeout 25 --worker-tmp-dir /dev/shm")
    assert ran("uvicorn a.asgi --port {port}").endswith("--timeout-graceful-shutdown 25")
    assert ran("hypercorn a.asgi -b 127.0.0.1:{port}").endswith("--graceful-timeout 25")


def test_what_a_person_chose_is_left() -> None:
    assert (
        ran("gunicorn a.wsgi --graceful-timeout 90 --worker-tmp-dir=/tmp")
        == "gunicorn a.wsgi --graceful-timeout 90 --worker-tmp-dir=/tmp"
    )


def test_a_background_process_is_not_told_to_listen() -> None:
    assert ran("celery -A a worker -b redis://127.0.0.1:6379/0", "worker") == "celery -A a worker -b redis://127.0.0.1:6379/0"


def test_beat_keeps_its_schedule_where_it_may_write() -> None:
    assert ran("celery -A a beat", "beat") == "celery -A a beat --schedule /tmp/celerybeat-schedule"
    assert ran("celery -A a beat -S django", "beat") == "celery -A a beat -S django"
    assert ran("celery -A a beat --scheduler=django", "beat") == "celery -A a beat --scheduler=django"


@pytest.mark.parametrize(
    ("line", "single"),
    [
        ("celery -A a beat", True),
        ("celery -A a worker -B", True),
        ("celery -A a worker --beat", True),
        ("python -m celery -A a beat", True),
        ("celery -A beat worker", False),
        ("celery -A a worker -Q beat", False),
        ("python manage.py run_huey", True),
        ("python manage.py run_huey -n", False),
        ("python manage.py runapscheduler", True),
        ("python manage.py qcluster", False),
        ("gunicorn a.wsgi", False),
    ],
)
def test_a_scheduler_is_told_from_a_worker(line: str, single: bool) -> None:
    assert alone(Process("p", tuple(line.split()))) is single


def test_a_celery_worker_is_known() -> None:
    assert celery_worker(Process("worker", ("celery", "-A", "a", "worker")))
    assert not celery_worker(Process("beat", ("celery", "-A", "a", "beat")))
