"""Everything a victim needs, loaded once in the server it is forked from."""

import django

django.setup()

import workloads.changes  # noqa: E402, F401
