"""The Celery application: workers and the scheduler start here."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlplane.settings.embedded")

app = Celery("timonel")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
