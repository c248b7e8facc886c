"""Pure: what a test run came to, read from JUnit XML (pytest) or from what unittest prints (manage.py test)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

# Words of failures that say more of this machine than of the code.
SURROUNDINGS = re.compile(
    r"Connection ?refused|ConnectionError|Name or service not known|Temporary failure in name resolution|Failed to resolve|"
    r"getaddrinfo failed|Network is unreachable|Executable doesn't exist|chromedriver|geckodriver|WebDriverException|"
    r"could not translate host name|Address already in use|Error \d+ connecting to|"
    r"No such file or directory: '(?:node|npm|docker|git|psql|ffmpeg|wkhtmltopdf)'",
    re.I,
)
_RAN = re.compile(r"^Ran (\d+) tests? in ([\d.]+)s", re.M)
_ENDED = re.compile(r"^(OK|FAILED|NO TESTS RAN)(?: \((?P<counts>[^)]*)\))?\s*$", re.M)
_BLOCK = re.compile(
    r"^={60,}\n(?P<kind>FAIL|ERROR|UNEXPECTED SUCCESS): (?P<name>[^\n]+)\n(?:[^\n]*\n)*?-{60,}\n"
    r"(?P<trace>.*?)(?=^={60,}\n|^-{60,}\nRan )",
    re.M | re.S,
)


@dataclass(frozen=True, slots=True)
class FailedTest:
    """A test that failed, with the last line of its error and the whole of it."""

    name: str
    message: str
    trace: str = ""
    path: str = ""
    line: int | None = None

    @property
    def by_surroundings(self) -> bool:
        """Whether what failed is a service or program that is not here, as far as words can tell."""
        return bool(SURROUNDINGS.search(self.message) or SURROUNDINGS.search(self.trace[-600:]))


@dataclass(frozen=True, slots=True)
class Suite:
    """What ran. `complete`: the runner came to its own end, so the counts can be trusted."""

    collected: int
    failed: tuple[FailedTest, ...] = ()
    skipped: int = 0
    seconds: float = 0.0
    complete: bool = True

    @property
    def passed(self) -> int:
        """Tests that ran and did not fail."""
        return max(0, self.collected - self.skipped - len(self.failed))


def read_junit(text: str) -> Suite:
    """A JUnit report of pytest; one that is not whole XML is an incomplete suite."""
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 (no entity of ours to steal: the parser expands none from outside)
    except ElementTree.ParseError:
        return Suite(0, complete=False)
    cases = list(root.iter("testcase"))
    skipped = sum(1 for case in cases if case.find("skipped") is not None)
    seconds = sum(float(suite.get("time") or 0) for suite in root.iter("testsuite"))
    return Suite(len(cases), tuple(_failed_cases(cases)), skipped, seconds)


def read_unittest(output: str) -> Suite:
    """What Django's test runner printed; without its closing lines the suite did not come to its end."""
    ran = list(_RAN.finditer(output))
    ended = list(_ENDED.finditer(output))
    if not ran or not ended:
        return Suite(0, complete=False)
    failed = tuple(_failed_block(match) for match in _BLOCK.finditer(output))
    counts = dict(re.findall(r"([a-z ]+?)=(\d+)", ended[-1]["counts"] or ""))
    skipped = int(next((value for name, value in counts.items() if name.strip() == "skipped"), 0))
    return Suite(int(ran[-1][1]), failed, skipped, float(ran[-1][2]))


def _failed_cases(cases: list[ElementTree.Element]) -> Iterator[FailedTest]:
    for case in cases:
        problem = case.find("failure")
        problem = case.find("error") if problem is None else problem
        if problem is None:
            continue
        trace = problem.text or ""
        name = "::".join(part for part in (case.get("classname"), case.get("name")) if part)
        place = re.findall(r"^(\S+\.py):(\d+)", trace, re.M)
        path, line = (place[-1][0], int(place[-1][1])) if place else (case.get("file") or "", None)
        yield FailedTest(name, _last_error(trace) or problem.get("message") or "", trace, path, line)


def _failed_block(match: re.Match[str]) -> FailedTest:
    trace = match["trace"].strip()
    places = re.findall(r'File "([^"]+)", line (\d+)', trace)
    own = [place for place in places if "site-packages" not in place[0] and "/lib/python3" not in place[0]]
    path, line = (own[-1][0], int(own[-1][1])) if own else ("", None)
    name = re.sub(r"^(\w+) \(([\w.]+)\)$", lambda m: m[2] if m[2].endswith(f".{m[1]}") else f"{m[2]}.{m[1]}", match["name"])
    return FailedTest(name, _last_error(trace), trace, path, line)


def _last_error(trace: str) -> str:
    """The line that names the error: pytest marks it with E, unittest ends with it."""
    marked = [line[1:].strip() for line in trace.splitlines() if line.startswith("E ")]
    if marked:
        return marked[0]
    named = [
        line
        for line in trace.splitlines()
        if re.match(r"^[\w.]+(Error|Exception|Warning|Exit|Interrupt|Failure|DoesNotExist)\b", line)
    ]
    return (named[-1] if named else next((line for line in reversed(trace.splitlines()) if line.strip()), ""))[:500]
