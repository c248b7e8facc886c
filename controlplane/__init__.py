"""The front door of Timonel: settings, addresses, servers, background work.

May import every room. No room imports it, except its `core`.
"""

from controlplane.celery import app as celery_app

__all__ = ["celery_app"]
