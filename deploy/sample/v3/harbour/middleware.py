"""Headers that every answer carries."""

from django.templatetags.static import static

POLICY = "default-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'"


class HeadersMiddleware:
    """The pages load nothing from elsewhere, say so, and have their style sheet fetched early."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", POLICY)
        response["Link"] = f"<{static('logbook/css/harbour.css')}>; rel=preload; as=style"
        return response
