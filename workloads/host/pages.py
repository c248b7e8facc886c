"""The pages a stable address answers by itself, when the application cannot."""

from __future__ import annotations

from html import escape

from aiohttp import web

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:18vh auto;padding:0 1.5rem;color:#222;background:#fafafa}}
h1{{font-size:1.4rem}}p{{color:#555}}@media(prefers-color-scheme:dark){{body{{color:#eee;background:#16181c}}p{{color:#aaa}}}}</style>
</head><body><h1>{title}</h1><p>{text}</p><p><small>Timonel, {name}</small></p></body></html>
"""


def nothing_live(name: str) -> web.Response:
    """503: no release was made live at this address."""
    return _page(503, "Nothing is live here yet", "No release has been rolled out to this address. Deploy one first.", name)


def not_answering(name: str) -> web.Response:
    """503: the live release does not accept connections now."""
    text = "The live release does not accept connections at the moment. It is being restarted; try again in a few seconds."
    return _page(503, "The application is not answering", text, name)


def broke_off(name: str) -> web.Response:
    """502: the live release broke the connection before it answered."""
    text = "The application closed the connection before it answered. Its log says why."
    return _page(502, "The application broke off", text, name)


def _page(status: int, title: str, text: str, name: str) -> web.Response:
    body = _PAGE.format(title=escape(title), text=escape(text), name=escape(name))
    headers = {"Cache-Control": "no-store", "X-Timonel": "no-answer"}
    if status == 503:
        headers["Retry-After"] = "5"
    return web.Response(status=status, text=body, content_type="text/html", headers=headers)
