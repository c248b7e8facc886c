"""What the fork server of the workers loads once: Django and all tasks."""

import django

django.setup()

from controlplane.celery import app  # noqa: E402

app.loader.import_default_modules()
