"""Names of images, as the registries read them."""

from __future__ import annotations

import pytest

from controlplane.core.errors import Invalid
from workloads.images import parse

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "digest"),
    [
        ("nginx", "docker.io", "library/nginx", "", ""),
        ("team/web:1.2", "docker.io", "team/web", "1.2", ""),
        ("index.docker.io/team/web", "docker.io", "team/web", "", ""),
        (f"ghcr.io/team/web@{DIGEST}", "ghcr.io", "team/web", "", DIGEST),
        (f"localhost:5000/a/b/c:v1@{DIGEST}", "localhost:5000", "a/b/c", "v1", DIGEST),
        ("127.0.0.1:25000/team/web", "127.0.0.1:25000", "team/web", "", ""),
        ("[::1]:5000/web:1", "[::1]:5000", "web", "1", ""),
    ],
)
def test_a_name_is_taken_apart(text: str, registry: str, repository: str, tag: str, digest: str) -> None:
    found = parse(text)
    assert (found.registry, found.repository, found.tag, found.digest) == (registry, repository, tag, digest)


@pytest.mark.parametrize(
    "text",
    [
        "", "UPPER/case", "a b", "web:", "web@", "web@sha256:abc", f"web@{DIGEST.upper()}", "-x/y", "reg.example/$(id)", "a//b",
        "http://reg.example/a", "reg.example:99999999/a", "a/b:c:d", "x" * 500, "reg.example/a\nb", "user:pw@reg.example/a",
    ],
)  # fmt: skip
def test_what_no_registry_takes_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse(text)


def test_only_the_digest_says_which_image_for_ever() -> None:
    assert parse("ghcr.io/a/b:1").pinned == ""
    assert parse("ghcr.io/a/b:1").at(DIGEST).pinned == f"ghcr.io/a/b@{DIGEST}"
