"""Registries: who signs in where, names of images made exact, images looked at."""

from __future__ import annotations

from django.db import transaction

from controlplane.core import audit
from controlplane.core.actors import Actor
from controlplane.core.errors import Invalid, NotFound, OutsideError, TimonelError
from workloads.adapters import registry
from workloads.adapters.builders import Login
from workloads.adapters.registry import Found
from workloads.images import Reference, parse
from workloads.models import Registry

CURE = "Name it by its digest (REGISTRY/NAME@sha256:...), as the push that made it told."


def save(actor: Actor, address: str, *, user: str = "", password: str | None = None, insecure: bool = False) -> Registry:
    """Add a registry, or change the one of this address; without a password the present one stays."""
    with transaction.atomic():
        row, made = Registry.objects.select_for_update().get_or_create(address=address)
        row.user, row.insecure = user, insecure
        row.password = row.password if password is None else password
        row.full_clean()
        row.save()
        verb = "registry.add" if made else "registry.change"
        audit.record(actor, verb, row, after={"address": address, "user": user, "insecure": insecure})
    return row


def login(host: str) -> Login:
    """How to sign in at a registry; as a stranger where it is not listed."""
    row = Registry.objects.filter(address=host).first()
    return Login(host, row.user, row.password or "", row.insecure) if row else Login(host)


def look(image: Reference, *, seconds: float = registry.SECONDS) -> Found | None:
    """The image as its registry has it; None where it has none. Only a listed registry may be on a private network."""
    listed = Registry.objects.filter(address=image.registry).exists()
    return registry.look(image, login(image.registry), private=listed, seconds=seconds)


def pin(text: str) -> Reference:
    """The image that a person or CI named, by its digest; a tag is looked up now, since it may mean another image tomorrow.

    Raises Invalid for no name of an image, and for a tag that cannot be looked up.
    """
    image = parse(text)
    if image.digest:
        return image
    try:
        found = look(image)
    except (OutsideError, Invalid) as error:
        raise Invalid(f"The tag of {image} could not be made a digest. {error.message}", cure=f"{CURE} Or: {error.cure}") from error
    if found is None:
        raise NotFound(f"{image.registry} has no image {image}.", cure="Push it first, or look at its name and tag.")
    return image.at(found.digest)


def try_to_pin(image: Reference, *, seconds: float = 5.0) -> tuple[Reference, str]:
    """The image by digest where its registry tells it soon; otherwise as it is, and why."""
    if image.digest:
        return image, ""
    try:
        found = look(image, seconds=seconds)
    except TimonelError as error:
        return image, error.message
    return (image.at(found.digest), "") if found else (image, f"{image.registry} has no {image}.")
