"""The pages that can be asked for without arguments, and those that a check wants to know: sign-in, admin, health."""

import re
from typing import Any, Dict, Iterator, List, Optional, Tuple

NEEDS = ("settings", "apps")
MOST = 500
HEALTH = re.compile(
    r"(^|[/_.-])(health|healthz|healthcheck|health_check|livez|readyz|liveness|readiness|heartbeat|status|ping)([/_.-]|$)"
)
NOT_IN_PLAIN_TEXT = re.compile(r"[\[\]()<>*+?|{}\\^$]|\.(?=[*+])")


def answer(options: Dict[str, Any]) -> Dict[str, Any]:
    """Routes in the order of the URLconf, as paths that can be asked for."""
    from django.urls import get_resolver, get_script_prefix

    prefix = get_script_prefix()
    routes: List[Dict[str, Any]] = []
    for path, name, callback in walk(get_resolver(), "", ""):
        if len(routes) == MOST:
            break
        routes.append({"path": prefix + path, "name": name, "view": view_name(callback), "get": answers_get(callback)})
    return {
        "routes": routes,
        "login": named_page(("LOGIN_URL",), ("login", "account_login", "admin:login", "users:login", "accounts:login")),
        "admin": named_page((), ("admin:index",)),
        "health": [route["path"] for route in routes if is_health(route)],
        "landing": next((route["path"] for route in routes if route["path"] == prefix), None),
    }


def walk(resolver: Any, path: str, namespace: str) -> Iterator[Tuple[str, str, Any]]:
    """Every route without arguments below a resolver: path, name with namespaces, view."""
    for entry in resolver.url_patterns:
        literal = literal_text(entry.pattern)
        if literal is None:
            continue
        if hasattr(entry, "url_patterns"):
            deeper = namespace + entry.namespace + ":" if entry.namespace else namespace
            yield from walk(entry, path + literal, deeper)
        else:
            yield path + literal, namespace + entry.name if entry.name else "", entry.callback


def literal_text(pattern: Any) -> Optional[str]:
    """The text that a pattern stands for, or None where it takes arguments."""
    kind = type(pattern).__name__
    if kind == "LocalePrefixPattern":
        return str(pattern.language_prefix)
    text = str(pattern)
    if kind == "RoutePattern":
        return None if "<" in text else text
    text = re.sub(r"^\^|^\\A", "", text)
    text = re.sub(r"(\$|\\Z)$", "", text)
    text = re.sub(r"(/)\?$", r"\1", text)
    text = re.sub(r"\\([./_@-])", r"\1", text)
    return None if NOT_IN_PLAIN_TEXT.search(text) else text


def view_name(callback: Any) -> str:
    """Where the view is written."""
    view = getattr(callback, "view_class", None) or getattr(callback, "cls", None) or getattr(callback, "func", callback)
    name = getattr(view, "__qualname__", type(view).__name__)
    return f"{getattr(view, '__module__', '')}.{name}"


def answers_get(callback: Any) -> Optional[bool]:
    """Whether a class-based view answers GET; None where that cannot be known without asking it."""
    view = getattr(callback, "view_class", None)
    if view is not None:
        return hasattr(view, "get")
    actions = getattr(callback, "actions", None)
    return "get" in actions if actions else None


def is_health(route: Dict[str, Any]) -> bool:
    """Whether path, name or view say that the route is there to be probed."""
    if route["get"] is False or route["path"].startswith("/admin/"):
        return False
    known = ("health_check.", "watchman.", "django_alive.", "dockerflow.", "django_healthchecks.", "healthy_django.")
    return route["view"].startswith(known) or bool(HEALTH.search(route["path"].strip("/").lower()))


def named_page(settings_names: Tuple[str, ...], names: Tuple[str, ...]) -> Optional[str]:
    """The first page of those settings and names that the URLconf knows and that is on this site."""
    from django.conf import settings
    from django.shortcuts import resolve_url
    from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve

    prefix = get_script_prefix()
    wanted = [getattr(settings, name, None) for name in settings_names] + list(names)
    for name in wanted:
        try:
            path = str(resolve_url(name)) if name else ""
            if path.startswith("/") and not path.startswith("//"):
                bare = path.split("?")[0]
                resolve("/" + bare[len(prefix) :] if bare.startswith(prefix) else bare)
                return path
        except (NoReverseMatch, Resolver404):
            continue
    return None
