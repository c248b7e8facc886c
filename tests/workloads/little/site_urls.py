import hashlib
import time

from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from shop.models import Visit
from version import VERSION


def index(request):
    if VERSION == "broken":
        raise RuntimeError("this release is broken")
    Visit.objects.exists()
    return HttpResponse(f'<html><link rel="stylesheet" href="/style.css"><body><h1>Shop {VERSION}</h1></body></html>')


def style(request):
    return HttpResponse("h1 { color: teal }", content_type="text/css")


def health(request):
    return JsonResponse({"version": VERSION})


def slow(request):
    time.sleep(float(request.GET.get("seconds", "1")))
    return JsonResponse({"version": VERSION})


@csrf_exempt
def digest(request):
    total = hashlib.sha256()
    while chunk := request.read(65536):
        total.update(chunk)
    return HttpResponse(total.hexdigest())


def stream(request):
    def parts():
        for number in range(5):
            yield f"part {number}\n"
            time.sleep(0.2)

    return StreamingHttpResponse(parts(), content_type="text/plain")


def headers(request):
    response = JsonResponse(
        {name: value for name, value in request.META.items() if isinstance(value, str) and name.startswith("HTTP_")}
    )
    response.set_cookie("one", "1")
    response.set_cookie("two", "2")
    return response


urlpatterns = [
    path("", index),
    path("style.css", style),
    path("health/", health),
    path("slow/", slow),
    path("digest/", digest),
    path("stream/", stream),
    path("headers/", headers),
]
