"""One repository has many addresses, and an address that only looks like it has another."""

from __future__ import annotations

import pytest

from knowledge.repositories import place_of
from tests.naughty.strings import share


@pytest.mark.parametrize(
    "address",
    [
        "https://git.example.org/Harbour/shop.git",
        "https://git.example.org/harbour/shop",
        "https://git.example.org:443/harbour/shop/",
        "http://git.example.org/harbour/shop.git",
        "https://token@git.example.org/harbour/shop.git",
        "https://user:password@GIT.example.org./harbour//shop",
        "git@git.example.org:harbour/shop.git",
        "git.example.org:harbour/shop",
        "git@git.example.org:/harbour/shop.git",
        "ssh://git@git.example.org/harbour/shop.git",
        "ssh://git@git.example.org:22/harbour/shop",
        "git://git.example.org/harbour/shop.git",
        " https://git.example.org/harbour/sho%70.git\n",
    ],
)
def test_every_form_of_one_address_is_one_place(address: str) -> None:
    assert place_of(address) == "git.example.org/harbour/shop"


@pytest.mark.parametrize(
    "address",
    [
        "https://git.example.org/harbour/shop2.git",
        "https://git.example.org/shop",
        "https://git.example.org/other/harbour/shop",
        "https://git.example.org.evil.example/harbour/shop",
        "https://evil.example/git.example.org/harbour/shop",
        "https://git.example.org@evil.example/harbour/shop",
        "https://git.example.org:8443/harbour/shop",
        "ssh://git@git.example.org:2222/harbour/shop",
        "git@evil.example:git.example.org/harbour/shop",
        "https://git.example.org/harbour/../harbour/shop",
        "file:///git.example.org/harbour/shop",
        "/git.example.org/harbour/shop",
        "../harbour/shop",
        "C:/harbour/shop",
        "https://git.example.org:x/harbour/shop",
        "https://git.example.org/",
        "",
    ],
)
def test_what_is_another_place_is_not_this_one(address: str) -> None:
    assert place_of(address) != "git.example.org/harbour/shop"


def test_a_path_of_this_machine_is_no_place() -> None:
    assert place_of("/srv/docs") == place_of("C:/docs") == place_of("file:///srv/docs") == ""


def test_any_text_may_be_compared() -> None:
    for text in share(1, 20):
        assert isinstance(place_of(text), str)
