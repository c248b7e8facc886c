"""A small real SMTP server on loopback: takes mail, or refuses, or hangs up where a test says."""

from __future__ import annotations

import socketserver
import ssl
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


@dataclass
class PostOffice:
    """`answers` says what it does with the next letters, then `usual`: 250 keeps one, another number refuses the letter,
    `lost` keeps it and hangs up, `cut` hangs up at the greeting, `hang` never answers, `550-to` refuses the recipient.
    """

    usual: str = "250"
    answers: list[str] = field(default_factory=list)
    port: int = 0
    tls: ssl.SSLContext | None = None
    starttls: bool = False
    refuses: bool = False
    signed_in: str = ""
    got: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    asked: int = 0
    _server: socketserver.ThreadingTCPServer | None = None

    @property
    def keys(self) -> Counter[str]:
        return Counter(str(one["X-Timonel-Delivery"]) for one in self.got)

    def start(self) -> PostOffice:
        office = self

        class Handler(socketserver.StreamRequestHandler):
            def setup(self) -> None:
                if office.tls and not office.starttls:
                    self.request = office.tls.wrap_socket(self.request, server_side=True)
                super().setup()

            def handle(self) -> None:
                office._serve(self)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def kill(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def _serve(self, talk: socketserver.StreamRequestHandler) -> None:
        self.asked += 1
        how = self.answers.pop(0) if self.answers else self.usual
        if how == "cut":
            return
        end = time.monotonic() + 30
        while how == "hang" and self._server is not None and time.monotonic() < end:
            time.sleep(0.1)
        _say(talk, "220 post.example.org")
        while line := talk.rfile.readline():
            if not self._heard(talk, line.decode().strip(), how):
                return

    def _heard(self, talk: socketserver.StreamRequestHandler, line: str, how: str) -> bool:
        word = line[:4].upper()
        if word == "EHLO":
            talk.wfile.write(b"250-post.example.org\r\n")
            _say(talk, "250 STARTTLS" if self.tls and self.starttls else "250 AUTH PLAIN")
        elif word == "STAR" and self.tls:
            _say(talk, "220 go on")
            talk.request = self.tls.wrap_socket(talk.request, server_side=True)
            talk.rfile, talk.wfile = talk.request.makefile("rb"), talk.request.makefile("wb", buffering=0)
            self.starttls = False
        elif word == "AUTH":
            self.signed_in = line.rpartition(" ")[2]
            _say(talk, "535 no" if self.refuses else "235 welcome")
        elif word == "RCPT" and how == "550-to":
            _say(talk, "550 nobody here by that name")
        elif word == "DATA":
            _say(talk, "354 go on")
            return self._take(talk, how)
        elif word == "QUIT":
            _say(talk, "221 bye")
            return False
        else:
            if word == "RCPT":
                self.recipients.append(line)
            _say(talk, "250 ok")
        return True

    def _take(self, talk: socketserver.StreamRequestHandler, how: str) -> bool:
        lines: list[bytes] = []
        while (line := talk.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        if how in {"250", "lost", "slow"}:
            time.sleep(0.5 if how == "slow" else 0)
            self.got.append(message_from_bytes(b"".join(lines), policy=default))
        if how == "lost":
            return False
        _say(talk, "250 kept" if how in {"250", "slow"} else f"{how} not now")
        return True


def _say(talk: socketserver.StreamRequestHandler, line: str) -> None:
    talk.wfile.write(line.encode() + b"\r\n")
