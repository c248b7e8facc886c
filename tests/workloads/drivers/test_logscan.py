"""What counts as trouble in a log."""

from __future__ import annotations

from workloads.drivers.logscan import summary, troubles

PLAIN = """[INFO] Listening
Internal Server Error: /
Traceback (most recent call last):
  File "a.py", line 1, in index
    raise RuntimeError("no")
RuntimeError: no
[INFO] going on
"""
CHAINED = """Traceback (most recent call last):
  File "a.py", line 1, in get
    return {}["x"]
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "b.py", line 2, in view
    raise ValueError("bad") from None
ValueError: bad
"""
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "a.py", line 1, in x
  |     raise
  | ExceptionGroup: two (2 sub-exceptions)
"""


def test_a_traceback_is_found_with_its_exception() -> None:
    (found,) = troubles(PLAIN)
    assert found.title == "RuntimeError: no"
    assert found.excerpt.startswith("Traceback")
    assert "going on" not in found.excerpt


def test_a_chain_of_exceptions_counts_once() -> None:
    assert [trouble.title for trouble in troubles(CHAINED)] == ["ValueError: bad"]


def test_two_tracebacks_in_a_row_are_two() -> None:
    assert summary(troubles(PLAIN + CHAINED + PLAIN)) == [["2", "RuntimeError: no"], ["1", "ValueError: bad"]]


def test_a_worker_that_hung_counts() -> None:
    assert [trouble.title for trouble in troubles("[CRITICAL] WORKER TIMEOUT (pid:71)\n")] == ["WORKER TIMEOUT"]


def test_what_a_client_caused_does_not_count() -> None:
    hung_up = "Traceback (most recent call last):\n  File x\nBrokenPipeError: [Errno 32] Broken pipe\n"
    wrong_host = "Traceback (most recent call last):\n  File x\ndjango.core.exceptions.DisallowedHost: Invalid HTTP_HOST header\n"
    assert troubles(hung_up + wrong_host) == []


def test_scary_words_alone_do_not_count() -> None:
    assert troubles("ERROR payment failed\nException ignored\nWARNING Not Found: /favicon.ico\n") == []


def test_an_exception_group_counts() -> None:
    assert len(troubles(GROUP)) == 1
