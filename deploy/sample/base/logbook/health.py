"""Whether this process can do its work."""

from django.db import DatabaseError
from django.http import JsonResponse

import harbour
from logbook.models import Berth


def healthz(request):
    """200 while the harbour's tables can be read, 503 otherwise."""
    try:
        berths = Berth.objects.count()
    except DatabaseError as error:
        return JsonResponse({"status": "database unreachable", "error": type(error).__name__}, status=503)
    return JsonResponse({"status": "ok", "version": harbour.__version__, "berths": berths})
