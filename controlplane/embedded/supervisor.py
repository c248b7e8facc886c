"""`manage.py up`: starts the servers and Timonel's processes in order, keeps them running, stops them in reverse."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controlplane.core.errors import OutsideError
from controlplane.embedded import children, keys, leftovers, ports, processes, programs
from controlplane.embedded.children import Child, Program
from controlplane.embedded.folder import Folder, Hold
from controlplane.embedded.screen import Screen
from controlplane.embedded.servers import Servers

TICK = 0.05
WEB_DEADLINE = 90.0
SERVERS = ("postgres", "valkey", "applications-valkey")
HOPELESS = 4  # ends before it ever answered: tell why instead of trying on


class Stopped(Exception):
    """Somebody asked to stop: Ctrl-C, SIGTERM, or the terminal was closed."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What `up` was asked for."""

    data: Path
    port: int | None = None
    demo: bool = False
    exit_after_deploy: bool = False


class Supervisor:
    """One start of Timonel on one data folder."""

    def __init__(self, wishes: Wishes, screen: Screen) -> None:
        self.wishes, self.screen = wishes, screen
        self.folder = Folder(wishes.data)
        self._children: list[Child] = []
        self._errand: subprocess.Popen[bytes] | None = None
        self._asked_to_stop = 0
        self._swept_at = 0.0

    def run(self) -> int:
        """Start everything, stay until asked to stop, stop everything; return the exit code."""
        self.folder.prepare()
        hold = Hold(self.folder)
        hold.take()
        try:
            return self._held(hold)
        finally:
            hold.release()

    def _held(self, hold: Hold) -> int:
        self._listen_to_signals()
        processes.inherit_orphans()
        try:
            return self._live(hold)
        except Stopped:
            return 0 if not self.wishes.exit_after_deploy else 130
        finally:
            self._stop_everything()

    def _live(self, hold: Hold) -> int:
        for name in leftovers.stop_all(self.folder.children, self.folder.path / "postgres" / "data"):
            self.screen.line("note", f"Stopped {name}, left running by an earlier start")
        port = ports.web_port(self.wishes.port)
        keys.ensure(self.folder.path / "secrets")
        Servers(self.folder, self.screen, self._start, self._wait, f"http://{ports.LOOPBACK}:{port}").start()
        prepared = self._prepare()
        self._start_timonel(port)
        address = f"http://{ports.LOOPBACK}:{port}/"
        hold.describe(address=address)
        code = self._demo(follow_up=not self.wishes.exit_after_deploy) if self.wishes.demo else 0
        self._tell(address, prepared)
        if self.wishes.exit_after_deploy:
            return code
        self._stay()
        return 0

    def _prepare(self) -> dict[str, Any]:
        """Migrate, collect static files, make the administrator: in one child, which knows rows."""
        with self.screen.step("Preparing the database") as outcome:
            command, environment = programs.errand(self.folder, "prepare", administrator=True)
            done = self._run_errand(command, environment, stdout=subprocess.PIPE)
            if done.code:
                raise OutsideError("The database could not be prepared (see above).", cure="Mend what it says, then start again.")
            prepared: dict[str, Any] = json.loads(done.output.splitlines()[-1])
            outcome.detail = prepared["summary"]
        return prepared

    def _start_timonel(self, port: int) -> None:
        with self.screen.step("Starting web, worker, scheduler and host") as outcome:
            web = self._start(programs.web(self.folder, port))
            for program in (programs.host, programs.worker, programs.beat):
                self._start(program(self.folder))
            self._wait(lambda: _answers(port), "The web server", WEB_DEADLINE, web)
            outcome.detail = f"http://{ports.LOOPBACK}:{port}/"

    def _demo(self, *, follow_up: bool) -> int:
        """Register and deploy the sample application, in a child that knows rows and prints as it goes."""
        command, environment = programs.errand(self.folder, "demo", *(["--follow-up"] if follow_up else []))
        return self._run_errand(command, environment).code

    def _tell(self, address: str, prepared: dict[str, Any]) -> None:
        rows = {"Dashboard": address, "Data": str(self.folder.path), "Logs": str(self.folder.path / "logs")}
        if prepared.get("password"):
            rows["Sign in"] = f"{prepared['administrator']} with the password {prepared['password']} (shown this once)"
        elif prepared.get("administrator"):
            rows["Sign in"] = f"{prepared['administrator']}"
        self.screen.rows("Timonel runs", rows)
        if not self.wishes.exit_after_deploy:
            self.screen.line("note", "Ctrl-C stops everything that was started here")

    def _stay(self) -> None:
        while True:
            self._tend()

    # -- children ------------------------------------------------------------------------------------------------

    def _start(self, program: Program) -> Child:
        child = Child(program)
        self._children.append(child)
        child.start()
        self._remember()
        return child

    def _wait(self, ready: Callable[[], bool], what: str, seconds: float, child: Child) -> None:
        """Tend the children until `ready`; raise OutsideError when it takes too long or the child keeps ending."""
        end = time.monotonic() + seconds
        while not ready():
            self._tend(quiet=True)
            if child.failures >= HOPELESS or time.monotonic() > end:
                raise OutsideError(
                    f"{what} does not answer. The end of its log:\n{child.last_lines()}", cure=f"Read {child.program.log}."
                )

    def _tend(self, *, quiet: bool = False) -> None:
        """One tick: notice the wish to stop, restart who ended, collect orphans."""
        if self._asked_to_stop:
            raise Stopped
        now, changed = time.monotonic(), False
        for child in self._children:
            before = child.identity
            news = child.keep(now)
            if news and not quiet:
                self.screen.line("warn", news)
            changed = changed or child.identity is not before
        if changed:
            self._remember()
        if now - self._swept_at > 1:
            self._swept_at = now
            processes.reap_orphans(self._known())
            for child in self._children:
                children.rotate(child.program.log)
        time.sleep(TICK)

    def _run_errand(self, command: list[str], environment: dict[str, str], stdout: int | None = None) -> _Done:
        self._errand = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=stdout, cwd=programs.ROOT, start_new_session=True
        )
        while self._errand.poll() is None:
            self._tend()
        output = self._errand.stdout.read().decode() if self._errand.stdout else ""
        done = _Done(self._errand.returncode, output)
        self._errand = None
        return done

    def _stop_everything(self) -> None:
        """Timonel's processes together, then orphans, then the servers they all use. A second Ctrl-C ends the waiting."""
        if not self._children and self._errand is None:
            return
        with self.screen.step("Stopping what was started here"):
            if self._errand is not None:
                processes.stop(processes.family_of(self._errand.pid), 3)
                self._errand.wait()
            servers = [child for child in self._children if child.program.name in SERVERS]
            ours = [child for child in self._children if child not in servers]
            for child in ours:
                child.ask_to_stop()
            for child in reversed(ours):
                child.stop(self._in_a_hurry)
            children.stop_strays({child.process.pid for child in servers if child.process})
            for child in reversed(servers):
                child.stop(self._in_a_hurry)
        self.folder.children.unlink(missing_ok=True)
        self.folder.services.unlink(missing_ok=True)

    def _remember(self) -> None:
        known = [(child.program.name, child.identity, child.program.stop_signal) for child in self._children if child.running]
        leftovers.remember(self.folder.children, [(name, who, how) for name, who, how in known if who is not None])

    def _known(self) -> set[int]:
        owned = {child.process.pid for child in self._children if child.process}
        return owned | ({self._errand.pid} if self._errand else set())

    def _listen_to_signals(self) -> None:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(name) != signal.SIG_IGN:  # started by nohup: a closed terminal is no reason to stop
                signal.signal(name, self._note_signal)

    def _note_signal(self, *_: object) -> None:
        self._asked_to_stop += 1

    def _in_a_hurry(self) -> bool:
        return self._asked_to_stop > 1


@dataclass(frozen=True, slots=True)
class _Done:
    code: int
    output: str


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(ports.LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
