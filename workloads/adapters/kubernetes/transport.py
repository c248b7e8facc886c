"""One HTTP connection pool to one API server: what is sent, and what can go wrong on the way."""

from __future__ import annotations

import ssl
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson
import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NameResolutionError, NewConnectionError, SSLError, TimeoutError

from controlplane.core.errors import Invalid
from workloads.adapters.kubernetes.access import Connection
from workloads.adapters.kubernetes.failures import Late, Unclear, Unreachable, failure

CONNECT = 10.0  # seconds
AT_ONCE = 16  # connections that are kept
PIECE = 1 << 18
LARGEST = 256 * 1024 * 1024  # bytes of one answer
NOT_SENT = (NewConnectionError, ConnectTimeoutError, NameResolutionError, SSLError)


class Transport:
    """Sends requests with a deadline; a failure is an ApiFailure. Safe for threads."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._pool = _pool(connection)

    def send(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float,
        writing: bool = False,
        refused: bool = False,
        raw: bool = False,
    ) -> urllib3.BaseHTTPResponse:
        """The answer's head, its body still to be read; raises for a status of 300 and above, unless the answer is wanted `raw`.

        `writing`: an end without an answer is Unclear. `refused`: the former token was, take another.
        """
        sent = {"Accept": "application/json", "User-Agent": "timonel", **(headers or {})}
        if self.connection.token:
            sent["Authorization"] = f"Bearer {self.connection.token(refused)}"
        end = time.monotonic() + seconds
        try:
            answer = self._pool.request(
                method,
                self.connection.server + path,
                body=body,
                headers=sent,
                timeout=urllib3.Timeout(connect=min(CONNECT, seconds), read=seconds),
                preload_content=False,
                retries=False,
                redirect=False,
            )
        except HTTPError as error:
            raise _broken(error, method, path, seconds, writing=writing) from error
        if answer.status >= 300 and not raw:
            said = whole(answer, end, method, path, writing=writing)
            raise failure(answer.status, _status(said), answer.headers, writing=writing)
        return answer


def whole(answer: urllib3.BaseHTTPResponse, end: float, method: str, path: str, *, writing: bool = False) -> bytes:
    """The body, until `end` (monotonic); a body that is cut, too slow or too large is a failure."""
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in answer.stream(PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST:
                raise Unreachable(f"The answer to {method} {path} is larger than {LARGEST >> 20} MiB.")
            if time.monotonic() > end:
                raise (Unclear if writing else Late)(f"The answer to {method} {path} did not end in time.")
    except HTTPError as error:
        answer.close()
        raise _broken(error, method, path, end - time.monotonic(), writing=writing) from error
    except Unreachable:
        answer.close()
        raise
    answer.release_conn()
    return b"".join(pieces)


def lines(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    """Whole lines of a streamed answer; a connection that is cut or silent ends them."""
    rest = b""
    try:
        while piece := answer.read1(PIECE):
            *ended, rest = (rest + piece).split(b"\n")
            yield from ended
            if len(rest) > LARGEST:
                return
    except (HTTPError, OSError, ValueError):
        return
    finally:
        answer.close()


def _broken(error: HTTPError, method: str, path: str, seconds: float, *, writing: bool) -> Unreachable:
    asked = f"{method} {path.partition('?')[0]}"
    if isinstance(error, SSLError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
        cure = "Give the certificate authority of the cluster (certificate-authority-data) and its right address."
        return Unreachable(f"The cluster's certificate is not the expected one: {_words(error)}.", reason="Certificate", cure=cure)
    if isinstance(error, NOT_SENT):
        cure = "Check that the API server runs and can be reached from here."
        return Unreachable(f"The cluster cannot be reached for {asked}: {_words(error)}.", cure=cure)
    if writing:
        return Unclear(f"The connection ended over {asked}; whether it was done is not known: {_words(error)}.")
    if isinstance(error, TimeoutError):
        return Late(f"The cluster did not answer {asked} within {max(seconds, 0):.0f} s.")
    return Unreachable(f"The answer to {asked} was cut: {_words(error)}.")


def _words(error: Exception) -> str:
    """The innermost reason; urllib3 wraps them in object descriptions."""
    inner = getattr(error, "reason", None) or error
    return str(inner).rpartition(">: ")[2].rpartition("): ")[2].strip(" .")[:300] or type(inner).__name__


def _status(body: bytes) -> dict[str, object]:
    try:
        found = orjson.loads(body)
    except ValueError:
        found = {"message": body[:300].decode("utf-8", "replace").strip()}
    return found if isinstance(found, dict) else {}


def _pool(connection: Connection) -> urllib3.PoolManager:
    options: dict[str, object] = {"maxsize": AT_ONCE, "block": False}
    if connection.server.startswith("https:"):
        options["ssl_context"] = _tls(connection)
        if connection.server_name:
            options |= {"server_hostname": connection.server_name, "assert_hostname": connection.server_name}
    try:
        if connection.proxy:
            return urllib3.ProxyManager(connection.proxy, **options)  # type: ignore[arg-type]
        return urllib3.PoolManager(**options)  # type: ignore[arg-type]
    except ValueError as error:
        raise Invalid("The kubeconfig's proxy-url is no address of a proxy.") from error


def _tls(connection: Connection) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=connection.authority or None)
    except ssl.SSLError as error:
        raise Invalid("The cluster's certificate authority is no certificate in PEM.") from error
    if connection.unchecked:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # clusters' own authorities leave extensions out
    if connection.certificate:
        _prove(context, connection)
    return context


def _prove(context: ssl.SSLContext, connection: Connection) -> None:
    """Load the client certificate; Python takes it from a file only, which is gone again at once."""
    with tempfile.TemporaryDirectory(prefix="timonel-tls-") as folder:
        place = Path(folder) / "both.pem"
        place.touch(0o600)
        place.write_text(f"{connection.certificate}\n{connection.key}\n")
        try:
            context.load_cert_chain(place)
        except (ssl.SSLError, OSError) as error:
            raise Invalid("The client certificate and its key do not fit each other, or are no PEM.") from error
