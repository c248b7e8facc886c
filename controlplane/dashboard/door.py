"""The door of every page: who asks, and how an error is answered."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.translation import gettext as _

from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid, TimonelError
from controlplane.core.models import User
from controlplane.core.reading import reading

View = Callable[..., HttpResponseBase]


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in person, with the request's id for the audit."""
    return Actor.person(cast("User", request.user), reference(request))


def reference(request: HttpRequest) -> str:
    """The id that ties what a person saw to the log and the audit."""
    return str(request.META.get("timonel.request_id", ""))


def page(view: View) -> View:
    """A view that is given the actor, whose errors of ours become a page that says what, and what to do now."""

    @wraps(view)
    def answer(request: HttpRequest, **where: Any) -> HttpResponseBase:
        response: HttpResponseBase
        with reading() if request.method in {"GET", "HEAD"} else nullcontext():
            try:
                _check_texts(request)
                response = view(request, actor_of(request), **where)
            except TimonelError as error:
                response = problem(request, error)
        patch_vary_headers(response, ["HX-Request"])  # one address, a page or its fragment
        patch_cache_control(response, private=True, no_cache=True)
        return response

    return answer


def _check_texts(request: HttpRequest) -> None:
    """Raise Invalid for a text that no database can keep; everything else is for each page to judge."""
    for asked in (request.GET, request.POST):
        if any("\0" in text for name, texts in asked.lists() for text in (name, *texts)):
            raise Invalid(
                _("A field holds a character that cannot be kept: NUL, which no keyboard types."),
                cure=_("Paste the text again without it, then send the form once more."),
            )


def problem(request: HttpRequest, error: TimonelError) -> HttpResponse:
    """An error as a page, or as the fragment that htmx puts where the click was."""
    template = "problem/_notice.html" if is_htmx(request) else "problem/page.html"
    context = {"error": error, "reference": reference(request)}
    return render(request, template, context, status=error.status)


def is_htmx(request: HttpRequest) -> bool:
    """Whether a fragment is wanted."""
    return bool(getattr(request, "htmx", False))


def go(request: HttpRequest, to: str) -> HttpResponse:
    """Send the browser to another page, whether htmx asked or a plain form did."""
    if is_htmx(request):
        return HttpResponse(status=204, headers={"HX-Redirect": to})
    return HttpResponse(status=303, headers={"Location": to})


def once() -> str:
    """A key for one form: sent twice, it does its work once."""
    return uuid.uuid4().hex
