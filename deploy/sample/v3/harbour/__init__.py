"""The project: settings, addresses, doors."""

from harbour.celery import app as celery_app

__all__ = ["celery_app"]
__version__ = "3"
