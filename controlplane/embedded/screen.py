"""What `up` and `doctor` print: live lines on a terminal, plain lines elsewhere, NO_COLOR respected."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

from rich.console import Console
from rich.markup import escape

from controlplane.core.errors import TimonelError

MARKS = {"ok": ("✓", "green"), "note": ("·", "dim"), "warn": ("!", "yellow"), "bad": ("✗", "red")}


@dataclass(slots=True)
class Outcome:
    """What a step adds to its line when it is done."""

    detail: str = ""


class _Console(Console):
    """Goes on where nobody reads any more (`up | head`): what was started must still be stopped."""

    def on_broken_pipe(self) -> None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.file.fileno())


@dataclass(slots=True)
class Screen:
    """Lines for a person. Nothing here decides anything."""

    stream: TextIO = field(default_factory=lambda: sys.stdout)
    console: Console = field(init=False)

    def __post_init__(self) -> None:
        reconfigure = getattr(self.stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace", line_buffering=True)
        self.console = _Console(file=self.stream, highlight=False, soft_wrap=True)

    @property
    def live(self) -> bool:
        """Whether lines can move."""
        return self.console.is_terminal and not self.console.is_dumb_terminal

    @contextmanager
    def step(self, text: str) -> Iterator[Outcome]:
        """Show that something goes on, then how long it took; a failure shows nothing (its error will)."""
        outcome, began = Outcome(), time.monotonic()
        if self.live:
            with self.console.status(escape(text)):
                yield outcome
        else:
            yield outcome
        seconds = time.monotonic() - began
        self.line("ok", text + (f": {outcome.detail}" if outcome.detail else ""), f"{seconds:.1f} s")

    def line(self, mark: str, text: str, aside: str = "") -> None:
        """One line with its mark (`ok`, `note`, `warn`, `bad`) and something in grey behind it."""
        sign, style = MARKS[mark]
        tail = f"  [dim]{escape(aside)}[/dim]" if aside else ""
        self.console.print(f"[{style}]{sign}[/{style}] {escape(text)}{tail}")

    def error(self, error: TimonelError) -> None:
        """What went wrong and its cure."""
        self.line("bad", error.message)
        if error.cure:
            self.console.print(f"  [bold]Cure:[/bold] {escape(error.cure)}")

    def rows(self, title: str, rows: dict[str, str]) -> None:
        """Names and values, aligned."""
        width = max((len(name) for name in rows), default=0)
        self.console.print(f"\n[bold]{escape(title)}[/bold]")
        for name, value in rows.items():
            self.console.print(f"  {escape(name.ljust(width))}  {escape(value)}")
