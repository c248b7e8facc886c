"""What looks like a secret is masked, in time that grows with the text and no faster."""

from __future__ import annotations

import time

import pytest

from controlplane.core.redaction import redact


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("postgresql://shop:s3cr3tpass@db/shop", "s3cr3tpass"),
        ("PASSWORD=hunter2hunter2", "hunter2hunter2"),
        ("'api_key': 'abcdefgh'", "abcdefgh"),
        ("Authorization: Bearer abcdefghijkl", "abcdefghijkl"),
        ("a-very-long-name-made-of-many-many-many-many-many-words_token=abcdef", "abcdef"),
    ],
)
def test_what_looks_like_a_secret_is_masked(text: str, secret: str) -> None:
    assert secret not in redact(text)


@pytest.mark.parametrize(
    "piece", ["x", "password", "a://", "http://a:", "eyJaaaaaaaaaa", "secret = ", " ", "-----BEGIN PRIVATE KEY-----"]
)
def test_a_long_line_does_not_take_the_square_of_its_length(piece: str) -> None:
    began = time.perf_counter()
    redact(piece * (40_000 // len(piece)))
    assert time.perf_counter() - began < 3
