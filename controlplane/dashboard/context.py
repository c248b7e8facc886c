"""What every page needs to draw its frame."""

from typing import Any

from django.http import HttpRequest


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The number that waits for the person."""
    return {}
