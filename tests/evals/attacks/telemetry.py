"""Alertmanager and Prometheus for the attacks: real HTTP on loopback, which say what is planted in them."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_plus


class Telemetry:
    """Started by `with`. `error`: what Prometheus says is wrong with each question; `pods`: names that its series bear."""

    def __init__(self) -> None:
        self.alerts: list[dict[str, Any]] = []
        self.pods: list[str] = []
        self.error = ""
        self.asked: list[str] = []

    def __enter__(self) -> Telemetry:
        handler = type("Handler", (_Handler,), {"telemetry": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def answer(self, path: str) -> Any:
        self.asked.append(unquote_plus(path))
        if "/alerts" in path:
            return self.alerts
        if self.error:
            return {"status": "error", "error": self.error}
        now = time.time()
        series = [{"metric": {"pod": pod, "namespace": "shop"}, "values": [[now - 60, "1"], [now, "2"]]} for pod in self.pods]
        return {"status": "success", "data": {"resultType": "matrix", "result": series}}


class _Handler(BaseHTTPRequestHandler):
    telemetry: Telemetry

    def do_GET(self) -> None:
        content = json.dumps(self.telemetry.answer(self.path)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
